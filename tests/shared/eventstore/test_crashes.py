"""The connection is cut at every moment of a command: before, while and after the database did what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from shared.decider import FreeText, Given
from shared.eventstore import Aggregate, Answer, Deadlines, EventStore, UnitOfWork, tables
from shared.eventstore.failures import is_unavailable
from shared.eventstore.store import engine
from shared.eventstore.verify import verify_service
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, NOTEBOOKS, NOTES, Notebook, Write, Written
from tests.shared.eventstore.writing import key, rows, write
from tests.shared.waiting import until
from tests.shared.wire import Moment, Said, Wire, commit, nth, wire_to

MOMENTS: tuple[Moment, ...] = ("before", "during", "after")


@dataclass
class Wired:
    """A store whose one connection can be cut, and the same database's store without a wire between."""

    place: Place
    store: EventStore
    wire: Wire

    async def events(self, id: str) -> list[str]:
        """The names of a notebook's events."""
        table = tables.events
        query = sa.select(table.c.name).where(table.c.stream == f"notebook-{id}").order_by(table.c.version)
        return [row.name for row in await rows(self.place.store, query)]

    async def counts(self) -> tuple[int, ...]:
        """How many events, texts, public events, keys, rows of the two views there are."""
        kept = (tables.events, tables.texts, tables.outbox, tables.commands, NOTEBOOKS, NOTES)
        return tuple([len(await rows(self.place.store, sa.select(table))) for table in kept])

    async def last_word(self, id: str) -> Said:
        """The moment a command with a key commits: the last time it speaks, on a connection that did it before."""
        for note in (-1, -2):
            before = self.wire.round_trips
            await write(self.store, id, note, key=key(str(note)))
        return nth(self.wire.round_trips - before)


@pytest.fixture
async def wired(place: Place) -> AsyncIterator[Wired]:
    async with wire_to(place.app_url) as wire:
        store = EventStore(SERVICE, engine(wire.url, 1), place.store.relay, place.store.clock)
        yield Wired(place, store, wire)
        await store.app.dispose()


@contextmanager
def unavailable() -> Iterator[None]:
    """The database cannot be reached: the error says so and nothing else."""
    with pytest.raises(Exception, check=is_unavailable):  # noqa: B017  # the check says which
        yield


@pytest.mark.parametrize("connected", [True, False], ids=["connected before", "connecting first"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_wherever_a_command_with_a_key_is_cut_it_takes_effect_once_and_is_answered(
    wired: Wired, moment: Moment, connected: bool
) -> None:
    await write(wired.store, "a", 0, key=key("0"))
    spoken = 0
    while wired.wire.cuts == spoken:  # until a command is over before it speaks so often
        spoken += 1
        if not connected:
            await wired.store.app.dispose()
        wired.wire.cut(nth(spoken), moment)
        answer = await write(wired.store, "a", spoken, key=key(str(spoken)))
        assert (answer.sequence, answer.version, answer.events) == (spoken + 1, spoken + 1, ("Written",))
        n = spoken + 1
        assert await wired.counts() == (n, n, n, n, 1, n)
    assert spoken > 2, "a command speaks several times"
    [verified] = [one async for one in verify_service(wired.place.app_url, wired.place.relay_url, SERVICE)]
    assert verified.problem is None


def _any_note(state: Notebook, command: Write, given: Given[None]) -> list[Written]:
    """A decider that would write the same note twice."""
    return [Written(FreeText(command.text), command.note, given.today)]


CARELESS: Aggregate[Any, Any, Any, None] = Aggregate(
    kind="notebook",
    events=NOTEBOOK.events,
    initial=NOTEBOOK.initial,
    decide=_any_note,
    evolve=NOTEBOOK.evolve,
)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_wherever_a_command_without_a_key_is_cut_it_is_never_executed_twice(
    wired: Wired, moment: Moment
) -> None:
    """It is answered, or it may have taken effect and the caller is told that nobody knows."""
    await write(wired.store, "warm", 0)
    spoken = 0
    while wired.wire.cuts == spoken:  # until a command is over before it speaks so often
        spoken += 1
        id = f"s{spoken}"
        wired.wire.cut(nth(spoken), moment)
        try:
            answer = await wired.store.execute(CARELESS, id, Write("text", 1), context())
        except Exception as error:
            assert is_unavailable(error)  # noqa: PT017  # the command may be answered or not
            assert await wired.events(id) in ([], ["Written"])
        else:
            assert answer.version == 1
            assert await wired.events(id) == ["Written"]
    assert spoken > 2, "a command speaks several times"


async def test_a_command_whose_caller_goes_away_is_whole_or_nothing_and_its_key_tells(wired: Wired) -> None:
    await write(wired.store, "a", 0)
    spoken = 0
    while True:
        spoken += 1
        writing = asyncio.create_task(write(wired.store, "a", spoken, key=key(str(spoken))))
        wired.wire.cut(_cancelling(writing, nth(spoken)), "before")
        try:
            await writing
        except asyncio.CancelledError:
            assert (await write(wired.store, "a", spoken, key=key(str(spoken)))).version == spoken + 1
        else:
            break
    assert spoken > 2, "a command speaks several times"
    assert len(await wired.events("a")) == spoken + 1


def _cancelling(task: asyncio.Task[Answer], at: Said) -> Said:
    """Cut nothing, but cancel a task when this moment comes."""

    def cancel(said: bytes) -> bool:
        if at(said):
            task.cancel()
        return False

    return cancel


async def test_a_connection_cut_in_the_middle_of_append_leaves_one_effect(wired: Wired) -> None:
    await write(wired.store, "a", 1)
    async with wired.place.store.app.connect() as holder:
        await holder.execute(sa.select(sa.func.set_config("shufa.tenant", TENANT, True)))
        await holder.execute(sa.select(tables.heads).with_for_update())
        writing = asyncio.create_task(write(wired.store, "a", 2, key=key("k")))
        await until(lambda: _waits(wired.place, 1))
        wired.wire.sever()
        await until(
            lambda: _waits(wired.place, 2)
        )  # the first goes on in the server, and the command runs again
    assert (await writing).version == 2
    assert await wired.counts() == (2, 2, 2, 1, 1, 2)


async def test_a_transaction_cut_in_the_middle_of_append_leaves_nothing_and_runs_again(wired: Wired) -> None:
    async def work(unit: UnitOfWork) -> Answer:
        return await unit.execute(CARELESS, "a", Write("text", 2))

    await write(wired.store, "a", 1)
    async with wired.place.store.app.connect() as holder:
        await holder.execute(sa.select(sa.func.set_config("shufa.tenant", TENANT, True)))
        await holder.execute(sa.select(tables.heads).with_for_update())
        writing = asyncio.create_task(wired.store.in_transaction(context(), work))
        await until(lambda: _waits(wired.place, 1))
        wired.wire.sever()
        await until(lambda: _waits(wired.place, 2))
    assert (await writing).version == 2
    assert await wired.events("a") == ["Written", "Written"]


async def _waits(place: Place, number: int) -> bool:
    query = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with place.store.app.connect() as connection:
        return bool(await connection.scalar(query) == number)


async def test_a_key_outlives_a_crash_after_the_commit(wired: Wired) -> None:
    wired.wire.cut(await wired.last_word("a"), "after", for_good=True)
    with unavailable():
        await write(wired.store, "a", 1, key=key("k"))
    before = await wired.counts()
    again = await write(wired.place.store, "a", 1, key=key("k"))
    assert (again.sequence, again.version, again.events) == (3, 3, ("Written",))
    assert await wired.counts() == before
    wired.wire.mend()
    assert await write(wired.store, "a", 1, key=key("k")) == again


async def test_the_key_of_a_command_that_crashed_before_its_commit_is_free(wired: Wired) -> None:
    wired.wire.cut(await wired.last_word("a"), "before", for_good=True)
    before = await wired.counts()
    with unavailable():
        await write(wired.store, "a", 1, key=key("k", b"asked"))
    assert await wired.counts() == before
    another = await write(wired.place.store, "b", 7, key=key("k", b"something else"))
    assert (another.sequence, another.stream) == (3, "notebook-b")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_several_streams_in_one_transaction_are_written_all_or_none(
    wired: Wired, moment: Moment
) -> None:
    async def both(work: UnitOfWork) -> tuple[int, int]:
        one = await work.execute(NOTEBOOK, "a", Write("text", 1), key=key("a"))
        two = await work.execute(NOTEBOOK, "b", Write("text", 1), key=key("b"))
        return one.sequence, two.sequence

    await write(wired.store, "warm", 0)
    wired.wire.cut(commit, moment)
    assert await wired.store.in_transaction(context(), both) == (2, 3)
    assert wired.wire.cuts == 1
    assert await wired.counts() == (3, 3, 3, 2, 3, 3)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_deadline_cut_at_its_commit_fires_once(wired: Wired, moment: Moment) -> None:
    await write(wired.store, "a", 1)
    async with wired.store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=date(2021, 6, 11)))
    wired.wire.cut(commit, moment)
    await Deadlines(wired.store, [NOTEBOOK], FIRES).fire_due()
    assert wired.wire.cuts == 1
    assert await wired.events("a") == ["Written", "Closed"]
    assert await rows(wired.store, sa.select(tables.deadlines)) == []
