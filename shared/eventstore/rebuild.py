"""Makes a read model anew beside the live one, while commands go on, and puts it in its place (docs/decisions/0008)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import orjson
import sqlalchemy as sa

from shared.eventstore.aggregate import Aggregate, Recorded, Row, View, view_table
from shared.eventstore.projection import Projection
from shared.eventstore.sources import Batch, Key, NotRebuilt, Position, Source, Streams, of_projection
from shared.eventstore.store import engine

LITTLE = 1_000
"""Events that may still have to be read when the live table is locked: some milliseconds' work."""
ATTEMPTS, PATIENCE, PAUSE = 60, timedelta(seconds=0.2), timedelta(seconds=0.5)
"""How often the lock is tried, how long each time, and how long between two: whoever only wants to read a row waits
behind us, so the lock is better given up and tried again than waited for behind a long query."""

Progress = Callable[[int, int], None]
"""Told how many events were read or passed over, and how many there are."""


class AlreadyRebuilding(NotRebuilt):
    """Another session is rebuilding this read model."""


class InUse(NotRebuilt):
    """Somebody read the live table without a pause for as long as the lock was tried."""


def _silent(done: int, total: int) -> None:
    return None


async def rebuild(
    owner_url: str,
    aggregate: Aggregate[Any, Any, Any, Any],
    view: View,
    progress: Progress = _silent,
) -> int:
    """Make a view anew from the ledgers; how many events were read.

    Memory does not grow with the number of events, only with the tenants' and with one stream's own history. Whatever
    goes wrong, the live table stays as it was, and the next rebuild starts afresh. Raises NotRebuilt.
    """
    async with _connections(owner_url) as (reader, writer):
        return await _Run(writer, Streams(reader, aggregate, view)).run(progress)


async def rebuild_projection(
    owner_url: str, service: str, projection: Projection, progress: Progress = _silent
) -> int:
    """The same for a read model of public events: from the inbox, or from the outbox where the service said them."""
    async with _connections(owner_url) as (reader, writer):
        return await _Run(writer, of_projection(reader, projection, service)).run(progress)


async def add_deadlines(
    owner_url: str, aggregates: Iterable[Aggregate[Any, Any, Any, Any]], progress: Progress = _silent
) -> int:
    """Write the deadlines that streams have by their events and that are not there, as after an import; how many
    events were read. Those that are there stay as they are, and a date that a command moves meanwhile is stale: the
    decider ignores it."""
    read = 0
    async with _connections(owner_url) as (reader, writer):
        for aggregate in aggregates:
            source = Streams(reader, aggregate, View(_DEADLINES, partial(_dates, aggregate)))
            positions = await source.positions()
            total = _events(positions)
            for key in positions:
                async for batch in source.batches(key, None):
                    if batch.rows:
                        rows = orjson.dumps(batch.rows).decode()
                        await writer.execute("select rebuild.add_deadlines($1, $2)", *key, rows)
                    read += batch.events
                    progress(min(read, total), total)
    return read


_DEADLINES = view_table(
    "deadlines", sa.Column("name", sa.Text, primary_key=True), sa.Column("due_on", sa.Date)
)


def _dates(aggregate: Aggregate[Any, Any, Any, Any], history: Sequence[Recorded[Any]]) -> list[Row]:
    dates = aggregate.deadlines(aggregate.fold(recorded.event for recorded in history))
    return [{"name": name, "due_on": due_on} for name, due_on in dates.items()]


class _Run:
    """One rebuild. Source and ``writer`` have connections of the driver's own: rows are many here."""

    def __init__(self, writer: Any, source: Source) -> None:
        self.writer = writer
        self.source = source
        self.name = source.table.name
        columns = list(source.table.columns)
        self.columns = [column.name for column in columns]
        self.json = [n for n, column in enumerate(columns) if isinstance(column.type, sa.JSON)]
        self.known: dict[Key, Position] = {}
        """How far each key is in the new table for certain; it may hold more."""
        self.events = 0

    async def run(self, progress: Progress) -> int:
        if not await self.writer.fetchval("select rebuild.lay_out($1)", self.name):
            raise AlreadyRebuilding(f"{self.name} is being rebuilt by another session")
        before = await self.fill(progress)
        while LITTLE < (read := await self.catch_up(progress)) < before:  # as long as it gets less
            before = read
        for _ in range(ATTEMPTS):
            if await self.take_place():
                return self.events
            await asyncio.sleep(PAUSE.total_seconds())
            await self.catch_up()
        raise InUse(f"{self.name} is read without a pause; it stays as it was")

    async def fill(self, progress: Progress) -> int:
        """Put into the empty table what there is now; how many events were read."""
        if not self.source.each_row_once:
            return await self.catch_up(progress)

        async def records() -> AsyncIterator[list[Any]]:
            async for batch in self._changes(progress):
                for row in batch.rows:
                    yield self._record(row)

        await self._copy(records())
        return self.events

    async def catch_up(self, progress: Progress = _silent) -> int:
        """Bring the new table to where the source is now; how many events were read."""
        before = self.events
        async with self.writer.transaction():
            async for batch in self._changes(progress):
                if batch.out:
                    by, told = self.source.by, orjson.dumps(batch.out).decode()
                    await self.writer.execute("select rebuild.take_out($1, $2, $3)", self.name, by, told)
                if batch.rows:
                    await self._copy(map(self._record, batch.rows))
        return self.events - before

    async def _changes(self, progress: Progress) -> AsyncIterator[Batch]:
        """What happened since the last time."""
        positions = await self.source.positions()
        done, total = _events(self.known), _events(positions)
        for key, position in positions.items():
            known = self.known.get(key)
            if position == known:
                continue
            read, most = 0, max(position.sequence - (known.sequence if known else 0), 0)
            async for batch in self.source.batches(key, known):
                yield batch
                read += batch.events
                progress(done + min(read, most), total)
            self.events += read
            done += most
            progress(done, total)
        self.known = dict(positions)

    async def take_place(self) -> bool:
        """Lock the live table, catch up for the last time, put the new one in its place. False if others had it."""
        try:
            async with self.writer.transaction():
                await self.writer.execute("select rebuild.lock_live($1, $2)", self.name, PATIENCE)
                await self.catch_up()
                await self.writer.execute("select rebuild.take_place($1, $2)", self.name, self.source.tier)
        except asyncpg.LockNotAvailableError:
            return False
        return True

    async def _copy(self, records: Any) -> None:
        await self.writer.copy_records_to_table(
            self.name, schema_name="rebuild", columns=self.columns, records=records
        )

    def _record(self, row: Row) -> list[Any]:
        """A row as COPY takes it: every column, JSON as text."""
        values = [row[name] for name in self.columns]
        for n in self.json:
            if values[n] is not None:
                values[n] = orjson.dumps(values[n]).decode()
        return values


def _events(positions: Mapping[Key, Position]) -> int:
    return sum(position.sequence for position in positions.values())


@asynccontextmanager
async def _connections(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """Two connections of the driver's, closed at the end whatever they were doing."""
    opened = engine(url, 2)
    try:
        async with opened.connect() as one, opened.connect() as other:
            drivers: list[Any] = [(await of.get_raw_connection()).driver_connection for of in (one, other)]
            for driver in drivers:
                # JSON is text here: SQLAlchemy would have each value pass through a function in Python.
                await driver.reset_type_codec("jsonb", schema="pg_catalog")
            yield drivers[0], drivers[1]
    finally:
        await opened.dispose()
