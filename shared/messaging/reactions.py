"""What a service does when it hears a public event: a list of handlers, by contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from shared.contracts import Contract
from shared.eventstore.unit_of_work import UnitOfWork

C = TypeVar("C", bound=Contract)


@dataclass(frozen=True)
class Cause:
    """The event that is reacted to. ``business_date`` is the reaction's today; ``citation`` names it in its ledger."""

    id: str
    citation: str
    tenant: str
    business_date: date
    recorded_at: datetime


Handler = Callable[[C, Cause, UnitOfWork], Awaitable[None]]


class Reactions:
    """A service's handlers. They run inside the applier's transaction, in the order of the source's sequence."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.handlers: dict[type[Contract], Handler[Any]] = {}

    def on(self, contract: type[C]) -> Callable[[Handler[C]], Handler[C]]:
        """Register the one handler of a contract."""

        def register(handler: Handler[C]) -> Handler[C]:
            if contract in self.handlers:
                raise ValueError(f"{self.service} already reacts to {contract.__name__}")
            self.handlers[contract] = handler
            return handler

        return register

    async def react(self, event: Contract, cause: Cause, work: UnitOfWork) -> None:
        """Do what is to be done about an event; nothing where nobody asked for it."""
        handler = self.handlers.get(type(event))
        if handler is not None:
            await handler(event, cause, work)
