"""Evaluation as it hears: public events applied as the applier does, each with a citation of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.evaluation.application import SHEETS
from services.evaluation.domain.sheet import PublishEvaluation
from services.evaluation.reactions import reactions
from services.evaluation.views.sheets import SHEETS_VIEW
from shared.contracts import Contract
from shared.decider import Actor
from shared.eventstore import Aggregate, Context, EventStore, View, reference, views
from shared.eventstore.reading import view_page
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause
from tests.services.evaluation.telling import DEPARTMENT, REACTION, TODAY

TENANT = "shanghai.jinshan"


class Evaluation:
    """The store, said in short: what it hears in a tenant, and the rows of its views."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.heard = 0

    async def hear(self, *events: Contract, tenant: str = TENANT) -> list[str]:
        """The citations of the events, in their order."""
        return [await self._hear(event, tenant) for event in events]

    async def hear_again(self, event: Contract, sequence: int) -> None:
        """The same ledger event once more, as after a restore."""
        await self._hear(event, TENANT, again=sequence)

    async def _hear(self, event: Contract, tenant: str, again: int | None = None) -> str:
        self.heard += 1
        citation = f"{event.service}:{tenant}#{again or self.heard}"
        cause = Cause(str(self.heard), citation, tenant, TODAY, datetime(2021, 11, 30, tzinfo=UTC))
        context = Context(tenant, REACTION, correlation="test", today=cause.business_date)

        async def react(work: UnitOfWork) -> None:
            await work.enter()
            kept = reference.change(tenant, event)
            if kept is not None:
                await views.write(work.connection, [kept])
            await reactions.react(event, cause, work)

        await self.store.in_transaction(context, react)
        return citation

    async def execute(
        self, aggregate: Aggregate[Any, Any, Any, Any], id: str, command: Any, actor: Actor = DEPARTMENT
    ) -> tuple[str, ...]:
        """The names of the events that the command made."""
        context = Context(TENANT, actor, correlation="test")
        return (await self.store.execute(aggregate, id, command, context)).events

    async def publish(self, id: str) -> tuple[str, ...]:
        return await self.execute(SHEETS, id, PublishEvaluation())

    async def rows(self, view: View, **filters: str) -> list[dict[str, Any]]:
        async with self.store.reading(TENANT) as connection:
            return (await view_page(connection, view, TENANT, filters, 100, None)).items

    async def sheets(self, **filters: str) -> list[dict[str, Any]]:
        return await self.rows(SHEETS_VIEW, **filters)
