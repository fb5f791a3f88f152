"""The connection is cut at every moment of a command: before, while and after the database did what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from shared.decider import FreeText, Given
from shared.eventstore import Aggregate, Answer, Deadlines, UnitOfWork, tables
from shared.eventstore.failures import is_unavailable
from tests.shared.conftest import Place
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, NOTEBOOKS, NOTES, Notebook, Write, Written
from tests.shared.eventstore.wired import Wired, wire_between
from tests.shared.eventstore.writing import Tenant, key
from tests.shared.waiting import until
from tests.shared.wire import Moment, Said, commit, nth

MOMENTS: tuple[Moment, ...] = ("before", "during", "after")


async def counts(tenant: Tenant) -> tuple[int, ...]:
    """How many events, texts, public events, keys, rows of the two views there are."""
    kept = (tables.events, tables.texts, tables.outbox, tables.commands, NOTEBOOKS, NOTES)
    return tuple([len(await tenant.rows(sa.select(table))) for table in kept])


async def last_word(wired: Wired, id: str) -> Said:
    """The moment a command with a key commits: the last time it speaks, on a connection that did it before."""
    for note in (-1, -2, -3):  # the first reads, and the second is the first that need not
        before = wired.wire.round_trips
        await wired.tenant.write(id, note, key=key(str(note)))
    return nth(wired.wire.round_trips - before)


@pytest.fixture
async def wired(tenant: Tenant) -> AsyncIterator[Wired]:
    async with wire_between(tenant) as one:
        yield one


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
    await wired.tenant.write("a", 0, key=key("0"))
    spoken = 0
    while wired.wire.cuts == spoken:  # until a command is over before it speaks so often
        spoken += 1
        if not connected:
            await wired.tenant.store.app.dispose()
        wired.wire.cut(nth(spoken), moment)
        answer = await wired.tenant.write("a", spoken, key=key(str(spoken)))
        assert (answer.sequence, answer.version, answer.events) == (spoken + 1, spoken + 1, ("Written",))
        n = spoken + 1
        assert await counts(wired.directly) == (n, n, n, n, 1, n)
    assert spoken > 2, "a command speaks several times"
    assert (await wired.directly.verified()).problem is None


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
    await wired.tenant.write("warm", 0)
    spoken = 0
    while wired.wire.cuts == spoken:  # until a command is over before it speaks so often
        spoken += 1
        id = f"s{spoken}"
        wired.wire.cut(nth(spoken), moment)
        try:
            answer = await wired.tenant.execute(CARELESS, id, Write("text", 1))
        except Exception as error:
            assert is_unavailable(error)  # noqa: PT017  # the command may be answered or not
            assert await wired.directly.events(id) in ([], ["Written"])
        else:
            assert answer.version == 1
            assert await wired.directly.events(id) == ["Written"]
    assert spoken > 2, "a command speaks several times"


async def test_a_command_whose_caller_goes_away_is_whole_or_nothing_and_its_key_tells(wired: Wired) -> None:
    await wired.tenant.write("a", 0)
    spoken = 0
    while True:
        spoken += 1
        writing = asyncio.create_task(wired.tenant.write("a", spoken, key=key(str(spoken))))
        wired.wire.cut(_cancelling(writing, nth(spoken)), "before")
        try:
            await writing
        except asyncio.CancelledError:
            assert (await wired.tenant.write("a", spoken, key=key(str(spoken)))).version == spoken + 1
        else:
            break
    assert spoken > 2, "a command speaks several times"
    assert len(await wired.directly.events("a")) == spoken + 1


def _cancelling(task: asyncio.Task[Answer], at: Said) -> Said:
    """Cut nothing, but cancel a task when this moment comes."""

    def cancel(said: bytes) -> bool:
        if at(said):
            task.cancel()
        return False

    return cancel


async def test_a_connection_cut_in_the_middle_of_append_leaves_one_effect(wired: Wired) -> None:
    await wired.tenant.write("a", 1)
    async with wired.directly.store.app.connect() as holder:
        await holder.execute(sa.select(sa.func.set_config("shufa.tenant", wired.directly.name, True)))
        await holder.execute(sa.select(tables.heads).with_for_update())
        writing = asyncio.create_task(wired.tenant.write("a", 2, key=key("k")))
        await until(lambda: _waits(wired.directly, 1))
        wired.wire.sever()
        await until(
            lambda: _waits(wired.directly, 2)
        )  # the first goes on in the server, and the command runs again
    assert (await writing).version == 2
    assert await counts(wired.directly) == (2, 2, 2, 1, 1, 2)


async def test_a_transaction_cut_in_the_middle_of_append_leaves_nothing_and_runs_again(wired: Wired) -> None:
    async def work(unit: UnitOfWork) -> Answer:
        return await unit.execute(CARELESS, "a", Write("text", 2))

    await wired.tenant.write("a", 1)
    async with wired.directly.store.app.connect() as holder:
        await holder.execute(sa.select(sa.func.set_config("shufa.tenant", wired.directly.name, True)))
        await holder.execute(sa.select(tables.heads).with_for_update())
        writing = asyncio.create_task(wired.tenant.in_transaction(work))
        await until(lambda: _waits(wired.directly, 1))
        wired.wire.sever()
        await until(lambda: _waits(wired.directly, 2))
    assert (await writing).version == 2
    assert await wired.directly.events("a") == ["Written", "Written"]


async def _waits(tenant: Tenant, number: int) -> bool:
    query = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with tenant.store.app.connect() as connection:
        return bool(await connection.scalar(query) == number)


async def test_a_key_outlives_a_crash_after_the_commit(wired: Wired) -> None:
    wired.wire.cut(await last_word(wired, "a"), "after", for_good=True)
    with unavailable():
        await wired.tenant.write("a", 1, key=key("k"))
    before = await counts(wired.directly)
    again = await wired.directly.write("a", 1, key=key("k"))
    assert (again.sequence, again.version, again.events) == (4, 4, ("Written",))
    assert await counts(wired.directly) == before
    wired.wire.mend()
    assert await wired.tenant.write("a", 1, key=key("k")) == again


async def test_the_key_of_a_command_that_crashed_before_its_commit_is_free(wired: Wired) -> None:
    wired.wire.cut(await last_word(wired, "a"), "before", for_good=True)
    before = await counts(wired.directly)
    with unavailable():
        await wired.tenant.write("a", 1, key=key("k", b"asked"))
    assert await counts(wired.directly) == before
    another = await wired.directly.write("b", 7, key=key("k", b"something else"))
    assert (another.sequence, another.stream) == (4, "notebook-b")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_several_streams_in_one_transaction_are_written_all_or_none(
    wired: Wired, moment: Moment
) -> None:
    async def both(work: UnitOfWork) -> tuple[int, int]:
        one = await work.execute(NOTEBOOK, "a", Write("text", 1), key=key("a"))
        two = await work.execute(NOTEBOOK, "b", Write("text", 1), key=key("b"))
        return one.sequence, two.sequence

    await wired.tenant.write("warm", 0)
    wired.wire.cut(commit, moment)
    assert await wired.tenant.in_transaction(both) == (2, 3)
    assert wired.wire.cuts == 1
    assert await counts(wired.directly) == (3, 3, 3, 2, 3, 3)


async def test_a_deadline_cut_at_its_commit_fires_once(place: Place) -> None:
    async with wire_between(Tenant(place, place.store)) as wired:
        for number, moment in enumerate(MOMENTS, start=1):
            await wired.tenant.write(moment, 1)
            later = sa.update(tables.business_day).values(today=tables.business_day.c.today + 14)
            async with place.store.relay.begin() as connection:
                await connection.execute(later)
            wired.wire.cut(commit, moment)
            await Deadlines(wired.tenant.store, [NOTEBOOK], FIRES).fire_due()
            assert wired.wire.cuts == number
            assert await wired.directly.events(moment) == ["Written", "Closed"]
            assert await wired.directly.rows(sa.select(tables.deadlines)) == []
