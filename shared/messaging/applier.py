"""Applies what lies in the inbox: a tenant's events of a source in their order, effect and state in one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog

from shared.contracts.envelope import UnknownEvent, decode
from shared.decider import Actor
from shared.eventstore import reference, tables, views
from shared.eventstore.failures import is_race, is_unavailable
from shared.eventstore.store import EventStore
from shared.eventstore.unit_of_work import Context, UnitOfWork
from shared.messaging.inbox import Inbox
from shared.messaging.reactions import Cause, Reactions
from shared.observability.metrics import PARKED_EVENTS, TRAVEL_SECONDS

log = structlog.get_logger(__name__)

BATCH = 50
GAP_SECONDS = 5.0
"""How long a gap may be before the missing events are asked for again."""


class SimulatedEvent(Exception):
    """An event made under a simulated clock came to a service that lives by the real one."""


class _Failed(Exception):
    """An event could not be applied for a reason of its own. ``before`` events of the batch were fine."""

    def __init__(self, before: int, row: Any, error: Exception) -> None:
        super().__init__(str(error))
        self.before = before
        self.row = row
        self.error = error


@dataclass(frozen=True)
class _Applied:
    """What one transaction did, and whether it stopped at a gap."""

    events: int
    gap: bool


class Applier:
    """The applier of one service. Replicas share the work: a tenant's source is locked while it is applied."""

    def __init__(self, store: EventStore, inbox: Inbox, reactions: Reactions) -> None:
        self.store = store
        self.inbox = inbox
        self.reactions = reactions
        self._gap_since: dict[tuple[str, str], float] = {}

    async def step(self) -> bool:
        """Apply some of what is waiting, of every tenant that has something; was anything applied?"""
        table = tables.received
        waiting = sa.select(table.c.source, table.c.tenant).where(table.c.state == "waiting").distinct()
        async with self.store.relay.connect() as connection:
            pairs = (await connection.execute(waiting)).all()
        results = [await self._apply(row.source, row.tenant) for row in pairs]
        return any(results)

    async def _apply(self, source: str, tenant: str) -> bool:
        limit = BATCH
        while True:
            context = Context(tenant, Actor("reaction", source, frozenset({"service"})), correlation="")
            try:
                done = await self.store.in_transaction(context, partial(self._batch, source, limit))
            except _Failed as failed:
                if failed.before:
                    limit = failed.before  # those before it first, then it alone
                    continue
                await self._park(context, source, failed)
                return True
            await self._mind_gap(source, tenant, done.gap)
            return done.events > 0

    async def _batch(self, source: str, limit: int, work: UnitOfWork) -> _Applied:
        await work.enter()
        connection, tenant = work.connection, work.tenant
        head = await self._lock(work, source)
        if head is None:
            return _Applied(0, gap=False)
        table = tables.received
        mine = (table.c.source == source) & (table.c.tenant == tenant)
        rows = (
            await connection.execute(
                sa.select(table)
                .where(mine, table.c.state == "waiting")
                .order_by(table.c.epoch, table.c.sequence)
                .limit(limit)
            )
        ).all()
        parked = sa.select(table.c.partition_key).where(table.c.tenant == tenant, table.c.state == "parked")
        blocked = set((await connection.scalars(parked.distinct())).all())
        held: list[tuple[int, int]] = []
        done: list[tuple[int, int]] = []
        epoch, sequence = head
        gap = False
        for row in rows:
            place = (row.epoch, row.sequence)
            if place > (epoch, sequence):
                if place not in ((epoch, sequence + 1), (epoch + 1, 1)):
                    gap = True
                    break
                epoch, sequence = place
            if row.partition_key in blocked:
                held.append(place)
                continue
            try:
                await self._react(work, source, row)
            except Exception as error:
                if is_race(error) or is_unavailable(error):
                    raise
                raise _Failed(len(held) + len(done), row, error) from error
            done.append(place)
        for places, state in ((done, "applied"), (held, "held")):
            if places:
                await connection.execute(
                    sa.update(table)
                    .where(mine, sa.tuple_(table.c.epoch, table.c.sequence).in_(places))
                    .values(state=state, applied_at=sa.func.clock_timestamp(), error=None)
                )
        if (epoch, sequence) != head:
            await self._advance(work, source, epoch, sequence)
        return _Applied(len(done) + len(held), gap)

    async def _react(self, work: UnitOfWork, source: str, row: Any) -> None:
        try:
            envelope, contract = decode(bytes(row.payload))
        except UnknownEvent:
            # A newer publisher says more than this service asks for: nothing to do.
            log.info("applier.unknown_event", source=source, name=row.name)
            return
        if envelope.simulated and not self.store.clock.simulated:
            raise SimulatedEvent("an event of a simulated clock is refused here")
        cause = Cause(envelope.id, envelope.ledger, envelope.tenant, envelope.businessdate, envelope.time)
        context = replace(
            work.context,
            correlation=envelope.correlationid,
            causation=envelope.id,
            today=envelope.businessdate,
        )
        kept = reference.change(work.tenant, contract)
        if kept is not None:
            await views.write(work.connection, [kept])
        reaction = UnitOfWork(work.connection, work.service, work.clock, context)
        await self.reactions.react(contract, cause, reaction)
        seconds = (datetime.now(UTC) - envelope.time).total_seconds()
        TRAVEL_SECONDS.labels(source).observe(max(seconds, 0.0))
        log.info(
            "reaction",
            name=row.name,
            id=envelope.id,
            tenant=work.tenant,
            correlation=envelope.correlationid,
            seconds=round(seconds, 4),
        )

    async def _lock(self, work: UnitOfWork, source: str) -> tuple[int, int] | None:
        table = tables.applied
        head = (
            await work.connection.execute(
                sa.select(table.c.epoch, table.c.sequence)
                .where(table.c.source == source, table.c.tenant == work.tenant)
                .with_for_update(skip_locked=True)
            )
        ).first()
        return (head.epoch, head.sequence) if head else None

    async def _advance(self, work: UnitOfWork, source: str, epoch: int, sequence: int) -> None:
        table = tables.applied
        await work.connection.execute(
            sa.update(table)
            .where(table.c.source == source, table.c.tenant == work.tenant)
            .values(epoch=epoch, sequence=sequence)
        )

    async def _park(self, context: Context, source: str, failed: _Failed) -> None:
        row, error = failed.row, f"{type(failed.error).__name__}: {failed.error}"
        PARKED_EVENTS.labels(source).inc()
        log.error("applier.parked", source=source, tenant=row.tenant, name=row.name, error=error)

        async def once(work: UnitOfWork) -> None:
            await work.enter()
            head = await self._lock(work, source)
            if head is None:
                return
            table = tables.received
            await work.connection.execute(
                sa.update(table)
                .where(
                    table.c.source == source,
                    table.c.tenant == row.tenant,
                    table.c.epoch == row.epoch,
                    table.c.sequence == row.sequence,
                    table.c.state == "waiting",
                )
                .values(state="parked", error=error)
            )
            if (row.epoch, row.sequence) > head:
                await self._advance(work, source, row.epoch, row.sequence)

        await self.store.in_transaction(context, once)

    async def _mind_gap(self, source: str, tenant: str, gap: bool) -> None:
        now = asyncio.get_running_loop().time()
        if not gap:
            self._gap_since.pop((source, tenant), None)
            return
        since = self._gap_since.setdefault((source, tenant), now)
        if now - since > GAP_SECONDS:
            self._gap_since[source, tenant] = now
            count = await self.inbox.fetch_again(source, tenant)
            log.warning("applier.gap", source=source, tenant=tenant, fetched=count)
