"""Asks the database and the broker how things stand when somebody looks, and sets the gauges by it.

What was asked a moment ago is not asked again, whoever looks; a part that does not answer in time shows as such, and
its gauges go, so that no old number passes for a new one.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import sqlalchemy as sa
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.eventstore import EventStore, tables
from shared.messaging.broker import READY_WITHIN_SECONDS, Broker
from shared.messaging.topology import LISTENS_TO, durable
from shared.observability import metrics

FRESH_SECONDS = 2.0
"""How long an answer is good: many may scrape, few ask."""

_OF_THE_DATABASE = (
    metrics.OUTBOX,
    metrics.OUTBOX_AGE,
    metrics.INBOX,
    metrics.INBOX_AGE,
    metrics.APPLIED,
    metrics.PARKED,
    metrics.HELD,
    metrics.DEADLINES_DUE,
    metrics.DEADLINE_LAG,
    metrics.DATABASE_BYTES,
    metrics.DATABASE_BACKENDS,
    metrics.DATABASE_COMMITS,
    metrics.DATABASE_ROLLBACKS,
    metrics.DATABASE_DEADLOCKS,
)
_OF_THE_BROKER = (
    metrics.STREAM_MESSAGES,
    metrics.STREAM_BYTES,
    metrics.SUBSCRIBER_PENDING,
    metrics.CONSUMER_PENDING,
    metrics.CONSUMER_UNACKNOWLEDGED,
    metrics.CONSUMER_REDELIVERED,
)


class Asked:
    """A question that is asked once at a time, with a limit: who comes meanwhile waits for the same answer, and who
    has waited long enough goes without one. A question that hangs is not asked again until it has ended."""

    def __init__(self, ask: Callable[[], Awaitable[None]], within: float = READY_WITHIN_SECONDS) -> None:
        self._ask = ask
        self._within = within
        self._asking: asyncio.Task[None] | None = None

    async def answered(self) -> bool:
        """Was it answered in time?"""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._once())
        await asyncio.wait({self._asking}, timeout=self._within)
        return self._asking.done() and self._asking.exception() is None

    async def _once(self) -> None:
        await self._ask()


class Measuring:
    """The gauges of one service's process. ``today`` follows the service's business clock."""

    def __init__(self, store: EventStore, broker: Broker) -> None:
        self.store = store
        self.broker = broker
        self._parts = {"database": Asked(self._ask_database), "broker": Asked(self._ask_broker)}
        self._gauges: dict[str, Iterable[Gauge]] = {"database": _OF_THE_DATABASE, "broker": _OF_THE_BROKER}
        self._until = 0.0

    async def measure(self) -> None:
        """Set every gauge, or clear those of a part that does not answer."""
        if time.monotonic() < self._until:
            return
        answers = await asyncio.gather(*(asked.answered() for asked in self._parts.values()))
        for part, answered in zip(self._parts, answers, strict=True):
            metrics.ANSWERS.labels(part).set(answered)
            if not answered:
                for gauge in self._gauges[part]:
                    _retract(gauge)
        metrics.CLOSED.clear()
        if self.store.closed_because is not None:
            metrics.CLOSED.labels(self.store.closed_because.code).set(1)
        self._until = time.monotonic() + FRESH_SECONDS

    async def _ask_database(self) -> None:
        today = await self.store.today()
        async with self.store.relay.connect() as connection:
            await _measure(connection, self.store.service, today)
        for name, pool in ("app", self.store.app), ("relay", self.store.relay):
            metrics.DATABASE_BUSY.labels(name).set(_busy(pool))
            metrics.DATABASE_POOL.labels(name).set(_size(pool))

    async def _ask_broker(self) -> None:
        far = await self.broker.how_far()
        metrics.STREAM_MESSAGES.set(far.messages)
        metrics.STREAM_BYTES.set(far.bytes)
        consumers = dict(far.consumers)
        for hearer, sources in LISTENS_TO.items():
            for source in sources:
                known = consumers.pop(durable(hearer, source), None)
                if known is not None:
                    metrics.CONSUMER_PENDING.labels(source, hearer).set(known.num_pending or 0)
                    metrics.CONSUMER_UNACKNOWLEDGED.labels(source, hearer).set(known.num_ack_pending or 0)
                    metrics.CONSUMER_REDELIVERED.labels(source, hearer).set(known.num_redelivered or 0)
        # Subscribers come and go, and there may be hundreds: one number for all of them.
        metrics.SUBSCRIBER_PENDING.set(max((one.num_pending or 0 for one in consumers.values()), default=0))


def _retract(gauge: Gauge) -> None:
    """A gauge with labels loses its series, one without says that it has no number."""
    if gauge._labelnames:
        gauge.clear()
    else:
        gauge.set(math.nan)


async def answers(store: EventStore) -> None:
    """The least that can be asked of the database."""
    async with store.app.connect() as connection:
        await connection.execute(sa.select(1))


async def _measure(connection: AsyncConnection, service: str, today: Any) -> None:
    out, dates = tables.outbox, tables.deadlines
    waiting = out.c.published_at.is_(None)
    due = dates.c.fired_at.is_(None) & (dates.c.due_on <= today)
    row = (
        await connection.execute(
            sa.select(
                count(out, waiting).label("outbox"),
                _age(sa.select(sa.func.min(out.c.recorded_at)).where(waiting)).label("outbox_age"),
                count(dates, due).label("due"),
                sa.select(sa.func.min(dates.c.due_on)).where(due).scalar_subquery().label("due_since"),
                sa.text("pg_database_size(current_database()) as size"),
                sa.text("numbackends, xact_commit, xact_rollback, deadlocks"),
            )
            .select_from(sa.text("pg_stat_database"))
            .where(sa.text("datname = current_database()"))
        )
    ).one()
    metrics.OUTBOX.set(row.outbox)
    metrics.OUTBOX_AGE.set(row.outbox_age)
    metrics.DEADLINES_DUE.set(row.due)
    metrics.DEADLINE_LAG.set((today - row.due_since).days if row.due_since else 0)
    metrics.DATABASE_BYTES.set(row.size)
    metrics.DATABASE_BACKENDS.set(row.numbackends)
    metrics.DATABASE_COMMITS.set(row.xact_commit)
    metrics.DATABASE_ROLLBACKS.set(row.xact_rollback)
    metrics.DATABASE_DEADLOCKS.set(row.deadlocks)
    await _measure_inbox(connection, service)


async def _measure_inbox(connection: AsyncConnection, service: str) -> None:
    pending, applied = tables.pending, tables.applied
    query = sa.select(
        pending.c.source,
        pending.c.state,
        sa.func.count().label("events"),
        _age(sa.func.min(pending.c.since)).label("age"),
    ).group_by(pending.c.source, pending.c.state)
    found = {(row.source, row.state): row for row in await connection.execute(query)}
    taken = sa.select(applied.c.source, sa.func.sum(applied.c.sequence).label("events")).group_by(
        applied.c.source
    )
    heads = {row.source: row.events for row in await connection.execute(taken)}
    for source in LISTENS_TO[service]:
        waiting = found.get((source, "waiting"))
        metrics.INBOX.labels(source).set(waiting.events if waiting else 0)
        metrics.INBOX_AGE.labels(source).set(waiting.age if waiting else 0)
        metrics.APPLIED.labels(source).set(heads.get(source, 0))
        for gauge, state in (metrics.PARKED, "parked"), (metrics.HELD, "held"):
            row = found.get((source, state))
            gauge.labels(source).set(row.events if row else 0)


def count(table: Any, where: Any) -> Any:
    """How many rows, as a value within a query."""
    return sa.select(sa.func.count()).select_from(table).where(where).scalar_subquery()


def _age(since: Any) -> Any:
    """Seconds since an instant, 0 where there is none."""
    instant = since.scalar_subquery() if isinstance(since, sa.Select) else since
    return sa.func.coalesce(sa.extract("epoch", sa.func.clock_timestamp() - instant), 0)


def _busy(engine: AsyncEngine) -> int:
    pool: Any = engine.pool
    return int(pool.checkedout())


def _size(engine: AsyncEngine) -> int:
    pool: Any = engine.pool
    return int(pool.size())
