"""A command on a stream that this process wrote last decides on what it remembers, as long as that is so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from shared.calendar import Calendar
from shared.decider import Given, Refused
from shared.eventstore import Aggregate, EventStore, UnitOfWork, tables
from shared.eventstore.failures import Changed, KeyReused, TenantClosed
from shared.eventstore.rebuild import rebuild_projection
from shared.eventstore.reference import PROJECTIONS
from shared.eventstore.remembered import MOST, Remembered, Seen
from shared.eventstore.sql import read
from shared.eventstore.store import engine
from tests.shared.conftest import SERVICE, Place, by_hand
from tests.shared.eventstore.notebook import NOTEBOOK, Close, Write
from tests.shared.eventstore.wired import Wired, wire_between
from tests.shared.eventstore.writing import Tenant, key
from tests.shared.wire import Said


@pytest.fixture
async def wired(tenant: Tenant) -> AsyncIterator[Wired]:
    """``tenant`` is what remembers, and ``directly`` another process."""
    async with wire_between(tenant) as one:
        yield one


async def asked(wired: Wired, note: int, **more: Any) -> int:
    """How often a command of the process that remembers speaks to the database."""
    before = wired.wire.round_trips
    await wired.tenant.write("a", note, **more)
    return wired.wire.round_trips - before


async def warm(wired: Wired) -> None:
    """Every statement was prepared, and notebook a is remembered with three notes."""
    for note in range(3):
        await wired.tenant.write("a", note)
    assert await asked(wired, 3) == 1


async def test_what_another_process_wrote_meanwhile_is_decided_on(wired: Wired) -> None:
    await warm(wired)
    await wired.directly.write("a", 4)
    with pytest.raises(Refused, match="note-twice"):
        await wired.tenant.write("a", 4)
    assert (await wired.tenant.write("a", 5)).version == 6
    await wired.directly.execute(NOTEBOOK, "a", Close())
    with pytest.raises(Refused):
        await wired.tenant.write("a", 6)
    assert (await wired.directly.verified()).problem is None


async def test_what_this_process_wrote_in_a_transaction_is_read(wired: Wired) -> None:
    """A reaction's commands, a deadline's: nothing is tried that could not be any more."""
    await warm(wired)

    async def work(unit: UnitOfWork) -> None:
        await unit.following(wired.tenant.context()).execute(NOTEBOOK, "a", Write("text", 4))

    await wired.tenant.in_transaction(work)
    assert await asked(wired, 5) == 2
    assert await asked(wired, 6) == 1


async def test_to_be_overtaken_where_it_is_remembered_costs_none_of_the_three_attempts(wired: Wired) -> None:
    await warm(wired)
    # What it says: append; open, append; open, append; open, append. Of the first three appends each comes too late.
    wired.wire.cut(_overtaken(wired, {1: 10, 3: 11, 5: 12}), "before")
    assert await asked(wired, 4) == 7
    wired.wire.mend()
    assert len(await wired.directly.events("a")) == 8


def _overtaken(wired: Wired, meanwhile: dict[int, int]) -> Said:
    """Cut nothing, but let a process write a note before the n-th time that another speaks is heard."""
    spoken = 0
    place, name = wired.directly.place, wired.directly.name

    async def write(note: int) -> None:
        store = EventStore(SERVICE, engine(place.app_url, 1), engine(place.relay_url, 1), place.store.clock)
        await Tenant(place, store, name).write("a", note)
        await store.close()

    def at(said: bytes) -> bool:
        nonlocal spoken
        spoken += 1
        if (note := meanwhile.get(spoken)) is not None:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, write(note)).result()
        return False

    return at


async def test_nobody_is_refused_because_of_what_is_remembered(wired: Wired) -> None:
    """What was seen elsewhere is newer than what this process remembers: it looks before it says no."""
    await warm(wired)
    await wired.directly.write("a", 4)
    assert (await wired.tenant.write("a", 5, seen_version=5)).version == 6
    await wired.directly.write("a", 6)
    with pytest.raises(Changed) as refused:
        await wired.tenant.write("a", 7, seen_version=6)
    assert refused.value.data["now"] == 7


async def test_nothing_is_left_undone_because_of_what_is_remembered(wired: Wired) -> None:
    """Who decides that there is nothing to do appends nothing either, so that no version would be in the way."""

    def decide(state: Any, command: Any, given: Given[None]) -> list[Any]:
        return [] if len(state.notes) == 4 else list(NOTEBOOK.decide(state, command, given))

    await warm(wired)
    await wired.directly.write("a", 4)
    answer = await wired.tenant.execute(replace(NOTEBOOK, decide=decide), "a", Write("text", 5))
    assert (answer.version, answer.events) == (6, ("Written",))


async def test_a_repeated_key_gets_its_answer_and_writes_nothing(wired: Wired) -> None:
    await warm(wired)
    first = await wired.tenant.write("a", 4, key=key("k"))
    again = await wired.tenant.write("a", 4, key=key("k"))
    assert (again, again.repeated) == (first, True)
    assert await asked(wired, 5, key=key("l")) == 2, "after a repeated key it is read again"
    with pytest.raises(KeyReused):
        await wired.tenant.write("a", 6, key=key("k", b"something else"))
    assert len(await wired.directly.events("a")) == 6


async def test_another_run_of_the_server_or_another_state_of_the_tree_is_not_what_was_seen(
    tenant: Tenant,
) -> None:
    await tenant.write("a", 1)
    async with tenant.store.app.begin() as connection:
        begun = await connection.exec_driver_sql(
            read("begin"), (tenant.name, "notebook-a", ["shanghai"], "a", None)
        )
        [as_of] = [row.name for row in begun if row.kind == "today"]
        started = await connection.scalar(sa.select(sa.cast(sa.func.pg_postmaster_start_time(), sa.Text)))
        number, _, since = as_of.partition(" ")
        assert since == started
        for seen, rows in ((as_of, 1), (f"{number} 2021-06-01", 0), (f"{int(number) + 1} {since}", 0)):
            values = (tenant.name, "notebook-a", 1, *[None] * 13, "alice", None, None, seen)
            appended = await connection.exec_driver_sql(read("append_if_still_so"), values)
            assert len(appended.all()) == rows


GIVEN: list[Given[None]] = []


def _watch(state: Any, command: Any, given: Given[None]) -> list[Any]:
    GIVEN.append(given)
    return list(NOTEBOOK.decide(state, command, given))


WATCHED: Aggregate[Any, Any, Any, None] = replace(NOTEBOOK, decide=_watch)


def _row(table: sa.TableClause, **values: Any) -> Callable[[str], sa.Executable]:
    return lambda tenant: sa.insert(table).values(tenant=tenant, **values)


def _days(calendar: Calendar) -> Any:
    return calendar.years[2021].holidays


POLICY = {"version": 1, "holds_from": date(2021, 1, 1), "values": {"sessions_per_year": 3}}
YEAR = {"year": 2021, "holidays": [date(2021, 6, 2)], "working_weekend_days": []}
TOWN = {"name": "廊下镇", "tier": "town", "official_order": 1}
CHANGES = {
    "a policy": (_row(tables.policies, **POLICY), lambda given: given.policy.versions),
    "a calendar": (_row(tables.calendars, **YEAR), lambda given: _days(given.calendar)),
    "the tenant": (_row(tables.tenants, **TOWN), lambda given: given.tier),
    "the day": (
        lambda tenant: sa.text("update business_day set today = today + 1"),
        lambda given: given.today,
    ),
}


@pytest.mark.parametrize("rebuilt", [False, True], ids=["", "after its table was made anew"])
@pytest.mark.parametrize(("change", "of"), CHANGES.values(), ids=CHANGES)
async def test_a_decision_stands_on_what_holds_now(
    place: Place, change: Callable[[str], sa.Executable], of: Callable[[Given[None]], Any], rebuilt: bool
) -> None:
    tenant = Tenant(place, place.store)
    if rebuilt:
        for projection in PROJECTIONS:
            await rebuild_projection(place.owner_url, SERVICE, projection)
    GIVEN.clear()
    for note in range(2):
        await tenant.execute(WATCHED, "a", Write("text", note))
    await _change(place, tenant.name, change(tenant.name))
    await tenant.execute(WATCHED, "a", Write("text", 2))
    [*before, now] = map(of, GIVEN)
    assert [one != now for one in before] == [True] * 3, "the last one was tried on what was remembered, too"


async def test_a_view_that_was_made_anew_may_say_something_else(place: Place) -> None:
    """Making the rows anew may correct them: afterwards everything is looked at again."""
    tenant = Tenant(place, place.store)
    await _change(place, tenant.name, CHANGES["the tenant"][0](tenant.name))
    GIVEN.clear()
    for note in range(2):
        await tenant.execute(WATCHED, "a", Write("text", note))
    for projection in PROJECTIONS:
        await rebuild_projection(place.owner_url, SERVICE, projection)
    await tenant.execute(WATCHED, "a", Write("text", 2))
    assert [given.tier for given in GIVEN] == ["town", "town", "town", None]


async def test_a_closed_tenant_is_refused_at_once(place: Place) -> None:
    tenant = Tenant(place, place.store)
    await _change(place, tenant.name, CHANGES["the tenant"][0](tenant.name))
    await tenant.write("a", 1, tenant_must_exist=True)
    await _change(place, tenant.name, sa.update(tables.tenants).values(closed_on=date(2021, 6, 1)))
    with pytest.raises(TenantClosed):
        await tenant.write("a", 2, tenant_must_exist=True)


async def _change(place: Place, tenant: str, statement: sa.Executable) -> None:
    """The simulated day is the relay's to set, all else the owner's."""
    if isinstance(statement, sa.TextClause):
        async with place.store.relay.begin() as connection:
            await connection.execute(statement)
    else:
        async with by_hand(place.owner_url, tenant) as connection:
            await connection.execute(statement)


def test_the_stream_that_was_written_longest_ago_is_forgotten_first() -> None:
    remembered, seen = Remembered(), Seen([], (), (), None, None, None, "")
    for n in range(MOST):
        remembered.keep("shanghai", f"s-{n}", seen)
    assert remembered.take("shanghai", "s-0") is seen
    assert remembered.take("shanghai", "s-0") is None, "who takes one has it alone"
    for n in range(MOST, MOST + 2):
        remembered.keep("shanghai", f"s-{n}", seen)
    assert remembered.take("shanghai", "s-1") is None
    assert remembered.take("shanghai", "s-2") is seen
