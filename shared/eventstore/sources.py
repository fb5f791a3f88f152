"""Where the rows of a read model come from when it is made anew: its streams' events, or the public events it heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, NamedTuple, Protocol

import orjson
import sqlalchemy as sa

from shared.contracts import CONTRACTS, Contract, newest, sayers
from shared.contracts.envelope import decode_again
from shared.decider import Actor
from shared.eventstore.aggregate import Aggregate, Recorded, Row, TableClass, View, id_of
from shared.eventstore.projection import Cause, Changes, Projection
from shared.eventstore.sql import read

PAGE, FIRST_PAGE = 1_000, 125
"""Events that are read at a time, at most and at first: nothing can be done before the first page is there, so it is a
short one, and each is twice as long as the one before until pages are long."""
STREAMS = 200
"""Streams that are folded anew at a time."""

Key = tuple[str, ...]
"""What is read by itself: a tenant's ledger, or what one source said of a tenant."""


@dataclass(frozen=True)
class Position:
    """How far something is known: up to this sequence of this epoch, but for the places left ``aside``."""

    epoch: int
    sequence: int
    aside: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Batch:
    """What some events come to: rows to take out first, told by ``Source.by``, and whole rows to put then."""

    events: int
    out: list[Row]
    rows: list[Row]


class NotRebuilt(Exception):
    """A read model was not made anew; the live one is as it was."""


class CannotFold(NotRebuilt):
    """What is in the ledger or in the inbox cannot be read or folded; the cause says why."""


class Source(Protocol):
    """What a table is made of."""

    table: sa.Table
    tier: TableClass
    by: tuple[str, ...]
    each_row_once: bool
    """When everything is read, does no row come twice?"""

    async def positions(self) -> Mapping[Key, Position]:
        """How far each key goes now."""

    def batches(self, key: Key, since: Position | None) -> AsyncIterator[Batch]:
        """What changed since a position that was known before; everything when it is None. There may be more in it
        than ``positions`` said, and what is given twice is the same twice."""


class Streams:
    """A view's source: the events of one kind of stream, stream by stream. What moved is folded from its beginning."""

    by: tuple[str, ...] = ("tenant", "stream")
    each_row_once = True

    def __init__(self, reader: Any, aggregate: Aggregate[Any, Any, Any, Any], view: View) -> None:
        self.reader = reader
        self.aggregate = aggregate
        self.view = view
        self.table = view.table
        self.tier: TableClass = view.tier
        self.keys = [column.name for column in view.table.primary_key.columns][len(self.by) :]

    async def positions(self) -> Mapping[Key, Position]:
        ledgers = await self.reader.fetch(read("rebuild_ledgers"))
        return {(row["tenant"],): Position(1, row["sequence"]) for row in ledgers}

    async def batches(self, key: Key, since: Position | None) -> AsyncIterator[Batch]:
        [tenant] = key
        await _enter(self.reader, tenant)
        kind = self.aggregate.kind
        if since is None:
            ask = _asking(self.reader, "rebuild_streams", tenant, kind)
            async for batch in self._folded(tenant, ask):
                yield Batch(batch.events, [], batch.rows)
            return
        moved = await self.reader.fetch(read("rebuild_moved"), tenant, kind, since.sequence)
        streams = [row["stream"] for row in moved]
        for first in range(0, len(streams), STREAMS):
            some = streams[first : first + STREAMS]
            ask = _asking(self.reader, "rebuild_some_streams", tenant, some)
            async for batch in self._folded(tenant, ask):
                yield batch

    async def _folded(self, tenant: str, ask: _Ask) -> AsyncIterator[Batch]:
        decode, fold = self.aggregate.codec.decode, self._fold
        stream, history = "", list[Any]()

        def where() -> str:
            return f"{tenant}: {stream}"

        async for page in _pages(ask, ("", 0)):
            out, rows = list[Row](), list[Row]()
            with _folding_into(self.table, where):
                for of, version, name, schema_version, data, metadata in page:
                    if of != stream:
                        if history:
                            fold(tenant, stream, history, out, rows)
                        stream, history = of, []
                    event = decode(name, schema_version, data)
                    history.append(_stored((event, tenant, stream, version, metadata)))
            yield Batch(len(page), out, rows)
        if history:
            out, rows = [], []
            with _folding_into(self.table, where):
                fold(tenant, stream, history, out, rows)
            yield Batch(0, out, rows)

    def _fold(
        self, tenant: str, stream: str, history: Sequence[Recorded[Any]], out: list[Row], rows: list[Row]
    ) -> None:
        own = {"tenant": tenant, "stream": stream}
        out.append(own)
        # Of rows with the same key the last one holds, as when they are put into the live table.
        rows += {
            tuple([row[key] for key in self.keys]): own | row for row in self.view.rows(history)
        }.values()


class _OfProjection:
    """What the two sources of a projection have in common: each event alone says which row it writes."""

    each_row_once = False

    def __init__(self, reader: Any, projection: Projection, service: str) -> None:
        self.reader = reader
        self.projection = projection
        self.service = service
        self.table, self.tier = projection.table, projection.tier
        self.by = tuple(str(column.name) for column in self.table.primary_key.columns)
        self.names = [contract.__name__ for contract in projection.contracts]

    def _batch(self, page: Sequence[Any], read: Callable[[Any], tuple[Contract, Cause]]) -> Batch:
        changes, row = Changes(), None
        with _folding_into(self.table, lambda: f"event {row['epoch']}/{row['sequence']}" if row else ""):
            for row in page:
                if (change := self.projection.of(*read(row))) is not None:
                    changes.add(change)
        last = changes.take()
        out = [{name: row[name] for name in self.by} for _, _, row in last]
        return Batch(len(page), out, [row for kind, _, row in last if kind == "put"])


class Heard(_OfProjection):
    """A projection's source where others said it: what was received and applied, in its order."""

    async def positions(self) -> Mapping[Key, Position]:
        sources = {sayer for contract in self.projection.contracts for sayer in sayers(contract)}
        inboxes = await self.reader.fetch(read("rebuild_inboxes"), sorted(sources))
        return {
            (source, tenant): Position(epoch, sequence, frozenset(map(tuple, aside)))
            for source, tenant, epoch, sequence, aside in inboxes
        }

    async def batches(self, key: Key, since: Position | None) -> AsyncIterator[Batch]:
        source, tenant = key
        await _enter(self.reader, tenant)
        since = since or Position(0, 0)
        if since.aside:
            epochs, sequences = zip(*since.aside, strict=True)
            late = await self.reader.fetch(
                read("rebuild_heard_late"), source, tenant, self.names, epochs, sequences
            )
            yield self._batch(late, partial(self._read, tenant))
        ask = _asking(self.reader, "rebuild_heard", source, tenant, self.names)
        async for page in _pages(ask, (since.epoch, since.sequence)):
            yield self._batch(page, partial(self._read, tenant))

    def _read(self, tenant: str, row: Any) -> tuple[Contract, Cause]:
        cause, contract = decode_again(row["payload"], tenant)
        return contract, cause


class Said(_OfProjection):
    """A projection's source where the service said it itself: its outbox, published or not."""

    async def positions(self) -> Mapping[Key, Position]:
        ledgers = await self.reader.fetch(read("rebuild_ledgers"))
        return {(row["tenant"],): Position(row["epoch"], row["public_sequence"]) for row in ledgers}

    async def batches(self, key: Key, since: Position | None) -> AsyncIterator[Batch]:
        [tenant] = key
        await _enter(self.reader, tenant)
        since = since or Position(0, 0)
        ask = _asking(self.reader, "rebuild_said", tenant, self.names)
        async for page in _pages(ask, (since.epoch, since.sequence)):
            yield self._batch(page, self._read)

    def _read(self, row: Any) -> tuple[Contract, Cause]:
        tenant, contract = row["tenant"], CONTRACTS[row["name"], row["version"]]
        cause = Cause(
            f"{self.service}:{tenant}/{row['epoch']}/{row['sequence']}",
            f"{self.service}:{tenant}#{row['ledger_sequence']}",
            tenant,
            date.fromisoformat(orjson.loads(row["metadata"])["business_date"]),
            row["recorded_at"],
        )
        return newest(contract.model_validate_json(row["data"], strict=True)), cause


def of_projection(reader: Any, projection: Projection, service: str) -> Source:
    """Where a service has a projection's events from: what it says itself it does not hear."""
    own = any(service in sayers(contract) for contract in projection.contracts)
    return (Said if own else Heard)(reader, projection, service)


@contextmanager
def _folding_into(table: sa.Table, where: Callable[[], str]) -> Iterator[None]:
    """Says of an error where it was."""
    try:
        yield
    except Exception as error:
        raise CannotFold(f"{where()} cannot be folded into {table.name}: {error}") from error


class _Stored(NamedTuple):
    """What views see of a Recorded, from the ledger: it reads its metadata when somebody asks for it, and few views do.
    Not one itself, because to make a frozen dataclass took four times as long, and one is made for each event."""

    event: Any
    tenant: str
    stream: str
    version: int
    metadata: str

    @property
    def id(self) -> str:
        return id_of(self.stream)

    @property
    def business_date(self) -> date:
        return date.fromisoformat(orjson.loads(self.metadata)["business_date"])

    @property
    def actor(self) -> Actor:
        actor = orjson.loads(self.metadata)["actor"]
        return Actor(actor["id"], actor["name"])


_stored: Callable[[tuple[Any, str, str, int, str]], _Stored] = partial(tuple.__new__, _Stored)
"""Its fields made into one, in half the time that _Stored() takes."""


_Ask = Callable[[int, Any, Any], Awaitable[Sequence[Any]]]
"""Asks for a page of so many rows after a place; the first two columns of its rows are their places."""


def _asking(reader: Any, query: str, *values: Any) -> _Ask:
    def ask(size: int, *after: Any) -> Awaitable[Sequence[Any]]:
        page: Awaitable[Sequence[Any]] = reader.fetch(read(query), *values, *after, size)
        return page

    return ask


async def _pages(ask: _Ask, after: tuple[Any, Any]) -> AsyncIterator[Sequence[Any]]:
    """Page after page until one is not full. The next is on its way while one is worked on."""
    size = min(FIRST_PAGE, PAGE)
    coming = asyncio.ensure_future(ask(size, *after))
    try:
        while page := await coming:
            if full := len(page) == size:
                size = min(2 * size, PAGE)
                coming = asyncio.ensure_future(ask(size, *page[-1][:2]))
                await asyncio.sleep(0)  # lets the question go out
            yield page
            if not full:
                break
    finally:
        coming.cancel()


async def _enter(reader: Any, tenant: str) -> None:
    """From now on the connection reads as this tenant."""
    await reader.execute("select set_config('shufa.tenant', $1, false)", tenant)
