"""Checks a ledger of any length against its hashes, in constant memory; names the first sequence that fails."""

from __future__ import annotations

import asyncio
import hashlib
import re
from binascii import hexlify
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.eventstore import tables
from shared.eventstore.codec import UnknownEvent
from shared.eventstore.restore import LedgerRestored, restores
from shared.eventstore.sql import read
from shared.eventstore.store import engine

_BATCH = 1_000
_AT_ONCE = 3
"""Ledgers that are verified at once, so that the database is reading one, and looking for the texts of another, while
events of a third are hashed here."""
_NO_END = 2**63 - 1
_TEXT = re.compile(rb'\{"ref":"([0-9a-f]+)","sha256":"([0-9a-f]{64})"\}')
"""A text as the codec names it in an event's data. Nothing else in an event looks so: quotes in what people wrote are
escaped, and metadata name no text."""


@dataclass(frozen=True)
class Seal:
    """What a signed root says of one ledger: in ``epoch`` it stood at ``sequence``, with ``hash`` (hex)."""

    epoch: int
    sequence: int
    hash: str
    root: int
    signed_at: datetime


SealOf = Callable[[str, Sequence[LedgerRestored]], Seal | None]
"""The last seal of a tenant's ledger, restores considered: what was sealed and then given up does not count."""


@dataclass(frozen=True)
class Verified:
    """One ledger: how many events hold, the hash of the last, its epoch, the seal it was compared with, each restore
    in words, and what is wrong with it, None when nothing is."""

    service: str
    tenant: str
    events: int
    head_hash: str
    problem: str | None
    epoch: int = 1
    seal: Seal | None = None
    restored: tuple[str, ...] = ()
    more: bool = False
    """Was it left off before the head, because no more than so many events were to be verified?"""


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


Link = Callable[[str, int, str, int, str, int, int, str, str], Any]


def links_of(service: str, tenant: str) -> Link:
    """The same for many events of one ledger, three times as fast: from the previous hash in hex, the instant in
    microseconds since 1970 and the other fields to a hashlib object."""
    constant = f"{len(service)}:{service}{len(tenant)}:{tenant}"

    def link(
        previous: str,
        sequence: int,
        stream: str,
        version: int,
        name: str,
        schema_version: int,
        microseconds: int,
        data: str,
        metadata: str,
    ) -> Any:
        a, b, c, d = str(sequence), str(version), str(schema_version), str(microseconds)
        return hashlib.sha256(
            f"{len(previous)}:{previous}{constant}{len(a)}:{a}{len(stream)}:{stream}{len(b)}:{b}{len(name)}:{name}"
            f"{len(c)}:{c}{len(d)}:{d}{len(data)}:{data}{len(metadata)}:{metadata}".encode()
        )

    return link


def no_seals(tenant: str, restored: Sequence[LedgerRestored]) -> None:
    """Where no root was signed, or none is to be considered."""


async def verify_ledger(
    connection: AsyncConnection,
    service: str,
    tenant: str,
    seal_of: SealOf = no_seals,
    *,
    only_new: bool = False,
    after: int = 0,
    at_most: int | None = None,
) -> Verified:
    """Walk one ledger from its first event to its head, with the texts its events name, and compare it with its seal.

    The connection is in a transaction of one snapshot whose scope is the tenant's. ``only_new``: begin after the
    seal, and take from it what was before. ``after``: begin after this event, and take from the ledger what was
    before; ``at_most``: verify so many and leave the rest to a call ``after`` the last. Such calls, from 0 to the one
    that has no ``more``, together are one walk.
    """
    heads = tables.heads
    head = (await connection.execute(sa.select(heads).where(heads.c.tenant == tenant))).first()
    unreadable = None
    try:
        restored = await restores(connection, tenant)
    except (ValueError, UnknownEvent):
        restored, unreadable = [], "what it says of its restores cannot be read"
    seal = seal_of(tenant, restored)
    if seal is not None and only_new:
        start = Verified(service, tenant, seal.sequence, seal.hash, None)
    elif after:
        events = tables.events
        query = sa.select(events.c.hash).where(events.c.tenant == tenant, events.c.sequence == after)
        before = await connection.scalar(query)
        missing = f"#{after} is missing" if before is None else None
        start = Verified(service, tenant, after, before.hex() if before else "", missing)
    else:
        start = Verified(service, tenant, 0, "", None)
    walked = await _walk(connection, start, seal, at_most)
    return replace(
        walked,
        problem=walked.problem or unreadable or (None if walked.more else _end(walked, head, restored, seal)),
        epoch=head.epoch if head else 1,
        seal=seal,
        restored=tuple(map(_in_words, restored)),
    )


async def _walk(
    connection: AsyncConnection, start: Verified, seal: Seal | None, at_most: int | None
) -> Verified:
    """From ``start`` to the last event or the last of so many, or to the first that does not hold."""
    # From here to the end of the transaction only the server's own functions are found, none that the owner put there.
    await connection.execute(sa.select(sa.func.pg_catalog.set_config("search_path", "pg_catalog", True)))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    service, tenant = start.service, start.tenant
    ledger = f"{len(service)}:{service}{len(tenant)}:{tenant}".encode()
    sequence, last, problem = start.events, bytes.fromhex(start.head_hash), start.problem
    # What event_hash takes in before the event's own fields, which the server has set after their lengths already.
    before = b"%d:%b%b" % (len(start.head_hash), start.head_hash.encode(), ledger)
    ends = _NO_END if at_most is None else min(sequence + at_most, _NO_END)
    cursor = await driver.cursor(read("ledger"), start.tenant, sequence, ends)
    while problem is None and (rows := await cursor.fetch(_BATCH)):
        named: list[tuple[int, bytes, bytes]] = []
        for found, stream, fields, stored in rows:
            if found != sequence + 1:
                problem = f"#{sequence + 1} is missing"
                break
            if hashlib.sha256(before + fields).digest() != stored:
                problem = f"#{found} does not match its hash"
                break
            if seal is not None and found == seal.sequence and stored.hex() != seal.hash:
                problem = f"#{found} is not what root {seal.root} sealed"
                break
            sequence, last = found, stored
            before = b"64:" + hexlify(stored) + ledger
            for ref, text_hash in _TEXT.findall(fields):
                named.append((found, ref, b"%b %b %b" % (ref, text_hash, stream.encode())))
        if named:
            problem = await _texts(driver, start.tenant, named) or problem
    more = False
    if (
        problem is None
        and at_most is not None
        and await driver.fetchval(read("ledger_goes_on"), start.tenant, ends)
    ):
        more = sequence == ends
        problem = None if more else f"#{sequence + 1} is missing"
    return replace(start, events=sequence, head_hash=last.hex(), problem=problem, more=more)


async def _texts(driver: Any, tenant: str, named: Sequence[tuple[int, bytes, bytes]]) -> str | None:
    """What is wrong with the first text, of those that events name, with which something is."""
    refs = b" ".join(ref for _, ref, _ in named).decode()
    beside = set((await driver.fetchval(read("ledger_texts"), tenant, refs) or b"").split(b"\n"))
    for sequence, ref, described in named:
        if described not in beside:
            text = ref.decode()
            return f"#{sequence} names the text {text}, which is not beside the ledger as it was written"
    return None


def _end(walked: Verified, head: Any, restored: Sequence[LedgerRestored], seal: Seal | None) -> str | None:
    """What is wrong where the ledger ends, all its events holding."""
    last = walked.events
    if seal is not None and seal.sequence > last:
        return f"root {seal.root} sealed #{seal.sequence}, the last event is #{last}"
    if head is None:
        return f"it has no head, the last event is #{last}" if last else None
    if head.sequence != last:
        return f"the head says #{head.sequence}, the last event is #{last}"
    if head.hash.hex() != walked.head_hash:
        return f"the head has another hash than #{last}"
    epoch = restored[-1].epoch if restored else 1
    if head.epoch != epoch:
        return f"the head says epoch {head.epoch}, the ledger says {epoch}"
    if seal is not None and seal.epoch > epoch:
        return f"root {seal.root} sealed epoch {seal.epoch}, the ledger says {epoch}"
    return None


def _in_words(restored: LedgerRestored) -> str:
    beyond = max(0, restored.sealed_until - restored.restored_to)
    return f"restored at #{restored.restored_to}, {beyond} sealed events beyond"


@asynccontextmanager
async def one_snapshot(app: AsyncEngine, tenant: str) -> AsyncIterator[AsyncConnection]:
    """A connection for verify_ledger: events and head as of one instant, so that a ledger that grows meanwhile is no
    finding; nothing can be written."""
    async with app.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        await connection.execute(sa.select(sa.func.set_config("shufa.tenant", tenant, True)))
        yield connection


async def verify_service(
    database_url: str,
    relay_url: str,
    service: str,
    tenant: str | None = None,
    seal_of: SealOf = no_seals,
    sealed: Sequence[str] = (),
) -> AsyncIterator[Verified]:
    """Verify every ledger of a service, or one tenant's. Heads are listed by the relay role, read by the app's;
    ``sealed`` are tenants that have a ledger even where no head says so."""
    app, relay = engine(database_url, _AT_ONCE), engine(relay_url, 1)
    running: deque[asyncio.Task[Verified]] = deque()

    async def verified(one: str) -> Verified:
        async with one_snapshot(app, one) as connection:
            return await verify_ledger(connection, service, one, seal_of)

    try:
        heads = tables.heads
        async with relay.connect() as connection:
            tenants = {*await connection.scalars(sa.select(heads.c.tenant)), *sealed}
        for one in sorted(tenants if tenant is None else tenants & {tenant}):
            running.append(asyncio.create_task(verified(one)))
            if len(running) == _AT_ONCE:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await app.dispose()
        await relay.dispose()
