"""Checks a ledger of any length against its hashes, in constant memory; names the first sequence that fails."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import tables
from shared.eventstore.store import engine

_BATCH = 1_000


@dataclass(frozen=True)
class Verified:
    """One ledger: how many events, the hash of the last, and what is wrong with it, None when nothing is."""

    service: str
    tenant: str
    events: int
    head_hash: str
    problem: str | None


def event_hash(
    previous: bytes,
    service: str,
    tenant: str,
    sequence: int,
    stream: str,
    version: int,
    name: str,
    schema_version: int,
    recorded_at: datetime,
    data: str,
    metadata: str,
) -> bytes:
    """SHA-256 over the fields, each after its length in characters, as UTF-8: the same bytes as the append function
    hashes (sql/functions.sql). ``previous`` is ``b""`` at the first event."""
    microseconds = round(recorded_at.timestamp() * 1_000_000)  # exact until the year 2106
    fields = (
        *(previous.hex(), service, tenant, str(sequence), stream, str(version), name, str(schema_version)),
        *(str(microseconds), data, metadata),
    )
    return hashlib.sha256("".join(f"{len(field)}:{field}" for field in fields).encode()).digest()


async def verify_ledger(connection: AsyncConnection, service: str, tenant: str) -> Verified:
    """Walk one ledger from its first event to its head. The connection's scope must be the tenant's."""
    table = tables.events
    query = sa.select(table).where(table.c.tenant == tenant).order_by(table.c.sequence)
    previous, sequence = b"", 0
    rows = await connection.stream(query.execution_options(yield_per=_BATCH))
    async for row in rows:
        if row.sequence != sequence + 1:
            return _broken(service, tenant, sequence, previous, f"#{sequence + 1} is missing")
        expected = event_hash(
            previous,
            service,
            tenant,
            row.sequence,
            row.stream,
            row.version,
            row.name,
            row.schema_version,
            row.recorded_at,
            row.data,
            row.metadata,
        )
        if bytes(row.hash) != expected:
            return _broken(service, tenant, sequence, previous, f"#{row.sequence} does not match its hash")
        previous, sequence = expected, row.sequence
    heads = tables.heads
    head = (await connection.execute(sa.select(heads).where(heads.c.tenant == tenant))).one()
    if head.sequence != sequence or bytes(head.hash) != previous:
        problem = f"the head says #{head.sequence}, the last event is #{sequence}"
        return _broken(service, tenant, sequence, previous, problem)
    return Verified(service, tenant, sequence, previous.hex(), None)


def _broken(service: str, tenant: str, sequence: int, last: bytes, problem: str) -> Verified:
    return Verified(service, tenant, sequence, last.hex(), problem)


async def verify_service(
    database_url: str, relay_url: str, service: str, tenant: str | None = None
) -> AsyncIterator[Verified]:
    """Verify every ledger of a service, or one tenant's. Heads are listed by the relay role, read by the app's."""
    app, relay = engine(database_url, 1), engine(relay_url, 1)
    try:
        heads = tables.heads
        query = sa.select(heads.c.tenant).order_by(heads.c.tenant)
        if tenant is not None:
            query = query.where(heads.c.tenant == tenant)
        async with relay.connect() as connection:
            tenants = (await connection.scalars(query)).all()
        for one in tenants:
            async with app.connect() as connection:
                # One snapshot for events and head: a ledger that grows meanwhile is no finding.
                connection = await connection.execution_options(isolation_level="REPEATABLE READ")
                await connection.execute(sa.select(sa.func.set_config("shufa.tenant", one, True)))
                yield await verify_ledger(connection, service, one)
    finally:
        await app.dispose()
        await relay.dispose()
