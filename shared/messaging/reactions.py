"""What a service does when it hears a public event: read models it keeps of it, and a list of handlers, by contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from shared.contracts import PUBLISHERS, Contract, sayers
from shared.eventstore import reference
from shared.eventstore.projection import Cause, Projection
from shared.eventstore.unit_of_work import UnitOfWork

__all__ = ["Cause", "Handler", "Reactions"]

C = TypeVar("C", bound=Contract)

Handler = Callable[[C, Cause, UnitOfWork], Awaitable[None]]
"""Runs inside the applier's transaction. The reaction's today is the cause's business date."""


class Reactions:
    """A service's projections and handlers. Of each event the projections are written first; order is that of the
    source's sequence."""

    def __init__(self, service: str, projections: Iterable[Projection] = ()) -> None:
        self.service = service
        self.handlers: dict[type[Contract], Handler[Any]] = {}
        self.projections: dict[type[Contract], list[Projection]] = {}
        for projection in (*reference.PROJECTIONS, *projections):
            for contract in projection.contracts:
                self.projections.setdefault(contract, []).append(projection)
        self.most_rows = dict.fromkeys(PUBLISHERS, 1)
        """How many rows an event of a service may put, at most."""
        for contract, some in self.projections.items():
            for source in sayers(contract):
                self.most_rows[source] = max(self.most_rows[source], len(some))

    def on(self, contract: type[C]) -> Callable[[Handler[C]], Handler[C]]:
        """Register the one handler of a contract."""

        def register(handler: Handler[C]) -> Handler[C]:
            if contract in self.handlers:
                raise ValueError(f"{self.service} already reacts to {contract.__name__}")
            self.handlers[contract] = handler
            return handler

        return register

    def reacts_to(self, source: str) -> bool:
        """Has any event that a service publishes a handler?"""
        return any(source in sayers(contract) for contract in self.handlers)

    async def react(self, event: Contract, cause: Cause, work: UnitOfWork) -> None:
        """Call the handler of an event; nothing where nobody asked for it."""
        handler = self.handlers.get(type(event))
        if handler is not None:
            await handler(event, cause, work)
