"""What an operator does about messages: look at what is parked, let it go on or drop it, publish again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import tables
from shared.eventstore.store import engine

_received, _pending, _applied = tables.received, tables.pending, tables.applied
_PLACE = ("source", "tenant", "epoch", "sequence")


def _of(pending: Any, received: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(pending.c[name] == received.c[name] for name in _PLACE))


class NotParked(LookupError):
    """No such event is parked."""


@dataclass(frozen=True)
class ParkedEvent:
    """A parked event and how many of its key wait behind it."""

    source: str
    tenant: str
    epoch: int
    sequence: int
    event: str
    partition_key: str
    error: str
    waiting_behind: int


async def parked_list(relay_url: str) -> list[ParkedEvent]:
    """Every parked event of a service, in the order it would be applied."""
    async with _connected(relay_url) as connection:
        return await parked_events(connection)


async def parked_events(connection: AsyncConnection) -> list[ParkedEvent]:
    """The same, asked on a connection of the relay's."""
    held, behind = _pending.alias("held"), _received.alias("behind")
    waiting_behind = (
        sa.select(sa.func.count())
        .where(
            _of(held, behind),
            held.c.state == "held",
            behind.c.tenant == _received.c.tenant,
            behind.c.partition_key == _received.c.partition_key,
        )
        .correlate(_received)
        .scalar_subquery()
    )
    query = sa.select(_received, _pending.c.error, waiting_behind.label("waiting_behind")).where(
        _of(_pending, _received), _pending.c.state == "parked"
    )
    rows = (await connection.execute(query.order_by(*(_received.c[name] for name in _PLACE)))).all()
    return [
        ParkedEvent(
            row.source,
            row.tenant,
            row.epoch,
            row.sequence,
            row.name,
            row.partition_key,
            row.error,
            row.waiting_behind,
        )
        for row in rows
    ]


async def parked_retry(relay_url: str, source: str, tenant: str, sequence: int) -> int:
    """Let a parked event and those behind it be tried again, in order. How many were released."""
    async with _connected(relay_url) as connection:
        return await retry(connection, source, tenant, sequence)


async def retry(connection: AsyncConnection, source: str, tenant: str, sequence: int) -> int:
    """The same on a connection of the relay's, in its transaction."""
    if not tenant:
        raise NotParked(
            f"{source} {sequence} is no event: it can be dropped, and published again by its source"
        )
    return await _release(connection, source, tenant, sequence, "waiting", None)


async def parked_drop(relay_url: str, source: str, tenant: str, sequence: int, reason: str) -> int:
    """Give a parked event up, with a reason; those behind it go on. How many were released."""
    async with _connected(relay_url) as connection:
        return await drop(connection, source, tenant, sequence, reason)


async def drop(connection: AsyncConnection, source: str, tenant: str, sequence: int, reason: str) -> int:
    """The same on a connection of the relay's, in its transaction."""
    return await _release(connection, source, tenant, sequence, "dropped", f"dropped: {reason}")


async def _release(
    connection: AsyncConnection, source: str, tenant: str, sequence: int, state: str, note: str | None
) -> int:
    # An applier at work knows what was parked and has yet to say what is held: wait until it has, or overtake it.
    turns = sa.update(_applied).where(_applied.c.tenant == tenant).values(turn=_applied.c.turn + 1)
    await connection.execute(turns)
    this = sa.update(_pending).where(
        _of(_pending, _received),
        _pending.c.source == source,
        _pending.c.tenant == tenant,
        _pending.c.sequence == sequence,
        _pending.c.state == "parked",
    )
    key = await connection.scalar(this.values(state=state, error=note).returning(_received.c.partition_key))
    if key is None:
        raise NotParked(f"{source} {tenant or '(undecodable)'} {sequence} is not parked")
    behind = sa.update(_pending).where(
        _of(_pending, _received),
        _pending.c.tenant == tenant,
        _pending.c.state == "held",
        _received.c.partition_key == key,
    )
    held = await connection.execute(behind.values(state="waiting"))
    return held.rowcount + (state == "waiting")


async def republish(relay_url: str, *, tenant: str | None, from_sequence: int) -> int:
    """Mark public events as unpublished, from a public sequence on; the relay sends them again. How many."""
    table = tables.outbox
    query = sa.update(table).where(table.c.sequence >= from_sequence).values(published_at=None)
    if tenant is not None:
        query = query.where(table.c.tenant == tenant)
    async with _connected(relay_url) as connection:
        return (await connection.execute(query)).rowcount


@asynccontextmanager
async def _connected(relay_url: str) -> AsyncIterator[AsyncConnection]:
    relay = engine(relay_url, 1)
    try:
        async with relay.begin() as connection:
            yield connection
    finally:
        await relay.dispose()
