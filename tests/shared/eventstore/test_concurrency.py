"""Many writers at once: one wins each version, the sequence has no gap, and a reader never has to look back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shared.decider import Refused
from shared.eventstore import Answer, EventStore, UnitOfWork, tables
from shared.eventstore.failures import Changed, is_unavailable
from shared.eventstore.store import engine
from shared.eventstore.verify import verify_service
from tests.shared.conftest import SERVICE, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, NOTEBOOKS, NOTES, Write
from tests.shared.eventstore.writing import Tenant, key, rows, write
from tests.shared.waiting import until

WRITERS, COMMANDS = 32, 6
BEFORE_EACH = (*(["nothing"] * 6), *(["refused"] * 4), *(["thrown away"] * 4), "killed")
"""What a writer does before each command that is accepted: a choice among these."""


async def test_of_many_writers_that_saw_the_same_version_exactly_one_wins(tenant: Tenant) -> None:
    for version in range(4):
        writing = (tenant.write("a", n, seen_version=version) for n in range(version * 8, version * 8 + 8))
        outcomes = await asyncio.gather(*writing, return_exceptions=True)
        [won] = [one for one in outcomes if isinstance(one, Answer)]
        assert won.version == version + 1
        assert [one.data["now"] for one in outcomes if isinstance(one, Changed)] == [version + 1] * 7


class _Stop(Exception):
    """Thrown by a test to end a transaction."""


@pytest.mark.parametrize("first_commits", ["before the second appends", "while the second waits for it"])
async def test_of_two_appends_with_the_same_expected_version_one_writes_nothing(
    tenant: Tenant, first_commits: str
) -> None:
    second_has_loaded, first_has_appended, first_may_commit, first_has_committed = (
        asyncio.Event() for _ in range(4)
    )
    early = first_commits == "before the second appends"
    errors: list[IntegrityError] = []

    async def load_and_wait(*_: Any) -> None:
        second_has_loaded.set()
        await (first_has_committed if early else first_has_appended).wait()

    async def first(work: UnitOfWork) -> None:
        await work.execute(NOTEBOOK, "a", Write("first", 1))
        first_has_appended.set()
        await first_may_commit.wait()

    async def second(work: UnitOfWork) -> None:
        if errors:
            raise _Stop
        try:
            await work.execute(replace(NOTEBOOK, facts=load_and_wait), "a", Write("second", 2), key=key("k"))
        except IntegrityError as error:
            errors.append(error)
            raise

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            loser = tasks.create_task(tenant.in_transaction(second))
            await second_has_loaded.wait()
            winner = tasks.create_task(tenant.in_transaction(first))
            await first_has_appended.wait()
            if not early:
                await until(lambda: _someone_waits(tenant))
            first_may_commit.set()
            await winner
            first_has_committed.set()
            await loser

    with pytest.raises(ExceptionGroup) as group:
        await both()
    assert group.group_contains(_Stop)
    [error] = errors
    assert "one_event_per_stream_version" in str(error)
    [event] = await tenant.rows(sa.select(tables.events))
    [text] = await tenant.rows(sa.select(tables.texts))
    [head] = await tenant.rows(sa.select(tables.heads))
    assert (event.sequence, event.version, text.body) == (1, 1, "first")
    assert (head.sequence, head.public_sequence, bytes(head.hash)) == (1, 1, bytes(event.hash))
    assert len(await tenant.rows(sa.select(tables.outbox))) == 1
    assert await tenant.rows(sa.select(tables.commands)) == []
    assert [row.note for row in await tenant.rows(sa.select(NOTES))] == [1]
    assert [row.notes for row in await tenant.rows(sa.select(NOTEBOOKS))] == [1]


async def _someone_waits(tenant: Tenant) -> bool:
    query = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with tenant.store.app.connect() as connection:
        return bool(await connection.scalar(query))


async def test_writers_of_one_stream_all_get_through_in_some_order(tenant: Tenant) -> None:
    await asyncio.gather(*(tenant.write("a", note) for note in range(3)))
    table = tables.events
    found = await tenant.rows(sa.select(table.c.version).order_by(table.c.sequence))
    assert [row.version for row in found] == [1, 2, 3]


async def test_a_transaction_over_two_streams_and_a_command_on_the_second_both_get_through(
    tenant: Tenant,
) -> None:
    """Each holds what the other waits for: the ledger's head, and a row of a view. The database breaks it up."""
    begun = asyncio.Event()

    async def over_two(work: UnitOfWork) -> None:
        await work.execute(NOTEBOOK, "a", Write("text", 1))
        if not begun.is_set():
            begun.set()
            await until(lambda: _someone_waits(tenant))
        await work.execute(NOTEBOOK, "b", Write("text", 1))

    await tenant.write("b", 0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tenant.in_transaction(over_two))
        await begun.wait()
        tasks.create_task(tenant.write("b", 2))
    found = await tenant.rows(sa.select(NOTES).order_by(NOTES.c.stream, NOTES.c.note))
    assert [(row.stream, row.note) for row in found] == [
        ("notebook-a", 1),
        ("notebook-b", 0),
        ("notebook-b", 1),
        ("notebook-b", 2),
    ]


@dataclass
class Reader:
    """Asks a tenant's ledger and its public events for what is new, as anyone would who remembers a sequence."""

    store: EventStore
    tenant: str
    ledger: list[tuple[Any, ...]] = field(default_factory=list)
    public: list[tuple[Any, ...]] = field(default_factory=list)
    pages: int = 0

    async def look(self) -> None:
        """Whatever comes follows at once on what was seen before."""
        events, outbox = tables.events, tables.outbox
        new_events = sa.select(events.c.sequence, events.c.stream, events.c.version, events.c.hash)
        new_public = sa.select(outbox.c.sequence, outbox.c.ledger_sequence, outbox.c.stream, outbox.c.data)
        async with self.store.reading(self.tenant) as connection:
            for seen, query, table in ((self.ledger, new_events, events), (self.public, new_public, outbox)):
                query = query.where(table.c.tenant == self.tenant, table.c.sequence > len(seen))
                page = [tuple(row) for row in await connection.execute(query.order_by(table.c.sequence))]
                assert [row[0] for row in page] == list(range(len(seen) + 1, len(seen) + 1 + len(page)))
                seen += page
                self.pages += bool(page)


@dataclass
class Writer:
    """Writes into a notebook of its own; some of it is refused, some thrown away, some killed on the way."""

    store: EventStore
    tenant: str
    id: str
    random: random.Random
    outcomes: Counter[str]

    async def write_all(self) -> None:
        for note in range(COMMANDS):
            match self.random.choice(BEFORE_EACH):
                case "refused" if note:
                    with pytest.raises(Refused):
                        await self._write(note - 1, f"{note} refused")
                    self.outcomes["refused"] += 1
                case "thrown away":
                    with pytest.raises(_Stop):
                        await self._until_done(self._in_transaction(self._thrown_away))
                    self.outcomes["thrown away"] += 1
                case "killed":
                    await self._until_done(self._in_transaction(self._killed_once()))
                    self.outcomes["killed"] += 1
            await self._write(note, str(note))
            self.outcomes["accepted"] += 1

    async def _write(self, note: int, asked_as: str) -> None:
        once = partial(write, self.store, self.id, note, tenant=self.tenant, key=key(f"{self.id} {asked_as}"))
        await self._until_done(once)

    def _in_transaction(self, work: Callable[[UnitOfWork], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        return partial(self.store.in_transaction, context(self.tenant), work)

    async def _until_done(self, once: Callable[[], Awaitable[Any]]) -> None:
        """As a client does that hears nothing: the same again, with the same key."""
        while True:
            try:
                await once()
                return
            except Exception as error:
                if not is_unavailable(error):
                    raise
                self.outcomes["asked again"] += 1

    async def _thrown_away(self, work: UnitOfWork) -> None:
        await work.execute(NOTEBOOK, self.id, Write("thrown away", -1))
        raise _Stop

    def _killed_once(self) -> Any:
        killed = False

        async def work(unit: UnitOfWork) -> None:
            nonlocal killed
            if killed:
                return
            killed = True
            await unit.execute(NOTEBOOK, self.id, Write("killed", -2))
            await unit.connection.execute(sa.text("select pg_terminate_backend(pg_backend_pid())"))

        return work


@pytest.fixture
async def wide(place: Place) -> AsyncIterator[EventStore]:
    """The same database's store with a connection for each writer."""
    store = EventStore(SERVICE, engine(place.app_url, WRITERS), place.store.relay, place.store.clock)
    yield store
    await store.app.dispose()


@pytest.mark.parametrize("tenants", [1, 32])
async def test_the_sequence_has_no_gap_and_its_order_never_changes_whatever_happens_to_writers(
    place: Place, wide: EventStore, tenants: int
) -> None:
    names = [f"shanghai.t{n}" for n in range(tenants)]
    outcomes: Counter[str] = Counter()
    writers = [Writer(wide, names[n % tenants], f"w{n}", random.Random(n), outcomes) for n in range(WRITERS)]
    readers = [Reader(place.store, name) for name in names]

    async def write_on() -> None:
        async with asyncio.TaskGroup() as tasks:
            for writer in writers:
                tasks.create_task(writer.write_all())

    async def read_on() -> None:
        while not writing.done():
            for reader in readers:
                try:
                    await reader.look()
                except Exception as error:  # the reader was killed: it asks again
                    if not is_unavailable(error):
                        raise

    async def kill_on() -> None:
        some = sa.text(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and usename = current_user and state = 'active' and pid <> pg_backend_pid()"
            " order by random() limit 1"
        )
        while not writing.done():
            async with place.store.app.connect() as connection:
                outcomes["killed at random"] += len((await connection.execute(some)).all())
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(write_on())
        tasks.create_task(read_on())
        tasks.create_task(kill_on())
    assert all(outcomes[kind] for kind in ("refused", "thrown away", "killed")), outcomes
    assert outcomes["accepted"] == WRITERS * COMMANDS
    for reader in readers:
        again = Reader(place.store, reader.tenant)
        await reader.look()
        await again.look()
        assert (again.ledger, again.public) == (reader.ledger, reader.public)
        assert len(again.ledger) == len(again.public) == outcomes["accepted"] // tenants
        assert len(await rows(place.store, sa.select(tables.commands), reader.tenant)) == len(again.ledger)
    assert sum(reader.pages for reader in readers) > 2 * tenants, "they read while there was writing"
    verified = [one async for one in verify_service(place.app_url, place.relay_url, SERVICE)]
    assert [(one.events, one.problem) for one in verified] == [(len(readers[0].ledger), None)] * tenants
