"""Dates that arrive: a due row fires its command once, in the transaction that marks it fired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
import structlog

from shared.decider import Actor, Refused
from shared.eventstore import tables
from shared.eventstore.aggregate import Aggregate
from shared.eventstore.store import EventStore
from shared.eventstore.unit_of_work import Context, UnitOfWork
from shared.observability.tracing import span

Fires = Mapping[tuple[str, str], Callable[[], Any]]
"""(kind of stream, name of the deadline) → the command it fires."""

DEADLINE = Actor("deadline", "deadline", frozenset({"service"}))

log = structlog.get_logger(__name__)


class Deadlines:
    """Fires what is due in one service. Several replicas may run: a row is locked while it fires."""

    def __init__(
        self, store: EventStore, aggregates: Iterable[Aggregate[Any, Any, Any, Any]], fires: Fires
    ) -> None:
        self.store = store
        self.aggregates = {aggregate.kind: aggregate for aggregate in aggregates}
        self.fires = fires

    async def fire_due(self) -> int:
        """Fire every deadline that is due today or was before; how many were. Order: date, tenant, stream."""
        today = await self.store.today()
        table = tables.deadlines
        due = sa.select(table.c.tenant, table.c.stream, table.c.name, table.c.due_on).where(
            table.c.due_on <= today, table.c.fired_at.is_(None)
        )
        async with self.store.relay.connect() as connection:
            rows = (
                await connection.execute(due.order_by(table.c.due_on, table.c.tenant, table.c.stream))
            ).all()
        for row in rows:
            await self._fire(row.tenant, row.stream, row.name, row.due_on)
        return len(rows)

    async def _fire(self, tenant: str, stream: str, name: str, due_on: date) -> None:
        kind, _, id = stream.partition("-")
        # The same firing has the same id however often it is tried.
        identity = f"deadline:{self.store.service}:{tenant}/{stream}/{name}/{due_on.isoformat()}"
        context = Context(tenant, DEADLINE, correlation=identity, causation=identity)
        table = tables.deadlines
        this = (
            (table.c.tenant == tenant)
            & (table.c.stream == stream)
            & (table.c.name == name)
            & (table.c.due_on == due_on)
            & table.c.fired_at.is_(None)
        )

        async def once(work: UnitOfWork, refusal: str | None = None) -> None:
            await work.enter()
            locked = sa.select(table.c.name).where(this).with_for_update(skip_locked=True)
            if (await work.connection.execute(locked)).first() is None:
                return
            if refusal is None:
                await work.execute(self.aggregates[kind], id, self.fires[kind, name]())
            done = sa.update(table).where(this).values(fired_at=sa.func.clock_timestamp(), refused=refusal)
            await work.connection.execute(done)

        try:
            with span(f"deadline {name}", tenant=tenant, stream=stream):
                await self.store.in_transaction(context, once)
            log.info(
                "deadline.fired",
                tenant=tenant,
                stream=stream,
                deadline=name,
                due_on=due_on,
                correlation=identity,
            )
        except Refused as refused:
            # A decider answers a stale date with nothing; a refusal here is a fault to look at, not to repeat.
            log.error("deadline.refused", tenant=tenant, stream=stream, deadline=name, code=refused.code)
            code = refused.code
            await self.store.in_transaction(context, lambda work: once(work, code))
