"""A read model made anew is the live one again, whoever writes, reads or interrupts meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deploy.local.servers import Servers
from shared.contracts import Contract
from shared.contracts.envelope import encode
from shared.contracts.scheduling import PolicyAdopted, TenantRegistered
from shared.decider import Refused
from shared.eventstore import EventStore, View, reference, sources, tables
from shared.eventstore.rebuild import (
    AlreadyRebuilding,
    InUse,
    add_deadlines,
    rebuild,
    rebuild_projection,
)
from shared.eventstore.sources import CannotFold
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause, Reactions
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.operate import parked_list, parked_retry
from tests.shared.conftest import SERVICE, TENANT, Place, by_hand, context, new_place
from tests.shared.eventstore.notebook import NOTEBOOK, NOTEBOOKS, NOTES, Close, Write
from tests.shared.eventstore.writing import rows, write
from tests.shared.waiting import until

OTHERS = replace(NOTEBOOK, kind="notebooks", views=())
"""Streams of another kind whose name begins alike."""
VIEWS = {view.name: view for view in NOTEBOOK.views}
BOOKS, NOTES_VIEW = VIEWS["notebooks"], VIEWS["notes"]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events at a time, so that a few make many pages."""
    monkeypatch.setattr(sources, "PAGE", 3)
    monkeypatch.setattr(sources, "STREAMS", 2)


async def content(store: EventStore, *tenants: str) -> dict[str, set[tuple[Any, ...]]]:
    """Every row of the notebook's views that these tenants see."""
    return {
        view.name: {
            tuple(row) for tenant in tenants for row in await rows(store, sa.select(view.table), tenant)
        }
        for view in NOTEBOOK.views
    }


async def folded(store: EventStore, *tenants: str) -> dict[str, set[tuple[Any, ...]]]:
    """The same by hand, from what the ledgers say."""
    found: dict[str, set[tuple[Any, ...]]] = {"notebooks": set(), "notes": set()}
    events = tables.events
    for tenant in tenants:
        books: dict[str, list[Any]] = {}
        for row in await rows(store, sa.select(events).order_by(events.c.sequence), tenant):
            if row.stream.startswith("notebook-"):
                books.setdefault(row.stream, []).append(NOTEBOOK.codec.decode(row.name, 1, row.data))
        for stream, book in books.items():
            notes = {(tenant, stream, event.note, event.on) for event in book if hasattr(event, "note")}
            found["notes"] |= notes
            found["notebooks"].add((tenant, stream, len(notes), len(notes) < len(book)))
    return found


async def identity(store: EventStore, view: View) -> int:
    """Which table has the view's name now."""
    oid = sa.select(sa.cast(sa.cast(view.name, sa.dialects.postgresql.REGCLASS), sa.Integer))
    async with store.reading(TENANT) as connection:
        return int(await connection.scalar(oid) or 0)


@asynccontextmanager
async def held(store: EventStore, view: View) -> AsyncIterator[None]:
    """Somebody reads the live table in a transaction that does not end."""
    async with store.reading(TENANT) as connection:
        await connection.execute(sa.select(sa.func.count()).select_from(view.table))
        yield


async def at_the_lock(place: Place, view: View) -> None:
    """Wait until a rebuild asks for the live table."""
    locks = sa.text("select count(*) from pg_locks where mode = 'AccessExclusiveLock' and not granted")

    async def asks() -> bool:
        async with place.store.relay.connect() as connection:
            return bool(await connection.scalar(locks))

    await until(asks)


@asynccontextmanager
async def as_owner(place: Place) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(place.owner_url)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


# ---- random histories ----

happened = st.lists(
    st.tuples(
        st.sampled_from([NOTEBOOK, NOTEBOOK, OTHERS]),
        st.integers(0, 2),
        st.sampled_from(["a", "b", "a-b"]),
        st.one_of(st.none(), st.integers(1, 5)),
    ),
    max_size=30,
)


def test_after_any_history_it_equals_the_live_one(
    servers: Servers, new_database: Callable[[str], str]
) -> None:
    numbers = itertools.count()
    with asyncio.Runner() as runner:
        parts = AsyncExitStack()
        place = runner.run(parts.enter_async_context(new_place(servers, new_database)))

        async def history(steps: list[Any]) -> None:
            root = f"t{next(numbers)}"
            tenants = [root, f"{root}.below", f"{root}x"]
            for aggregate, tenant, id, note in steps:
                command = Close() if note is None else Write("text", note)
                with suppress(Refused):
                    await place.store.execute(aggregate, id, command, context(tenants[tenant]))
            live = await content(place.store, *tenants)
            for view in NOTEBOOK.views:
                before = await identity(place.store, view)
                await rebuild(place.owner_url, NOTEBOOK, view)
                assert await identity(place.store, view) != before
            assert await content(place.store, *tenants) == live == await folded(place.store, *tenants)

        @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(happened)
        def of_any_history(steps: list[Any]) -> None:
            runner.run(history(steps))

        of_any_history()
        runner.run(parts.aclose())


async def test_what_was_wrong_in_the_live_one_is_put_right(place: Place) -> None:
    for id, note in (("a", 1), ("a", 2), ("b", 1)):
        await write(place.store, id, note)
    right = await content(place.store, TENANT)
    async with by_hand(place.owner_url, TENANT) as connection:
        await connection.execute(sa.update(NOTEBOOKS).values(notes=7))
        await connection.execute(sa.delete(NOTES).where(NOTES.c.note == 2))
        await connection.execute(
            sa.insert(NOTEBOOKS).values(tenant=TENANT, stream="notebook-nobodys", notes=1, closed=False)
        )
    assert await content(place.store, TENANT) != right
    for view in NOTEBOOK.views:
        await rebuild(place.owner_url, NOTEBOOK, view)
    assert await content(place.store, TENANT) == right


async def test_the_events_of_a_long_history_are_counted_as_they_are_read(place: Place) -> None:
    for n in range(30):
        await write(place.store, f"n{n % 3}", n, tenant=f"shanghai.t{n % 2}")
    told: list[tuple[int, int]] = []
    read = await rebuild(place.owner_url, NOTEBOOK, BOOKS, lambda done, total: told.append((done, total)))
    assert read == 30
    assert told[-1] == (30, 30)
    assert told == sorted(told)


async def test_deadlines_that_are_missing_are_added_and_the_others_stay(place: Place) -> None:
    for id in ("a", "b", "c"):
        await write(place.store, id, 1)
    await place.store.execute(NOTEBOOK, "c", Close(), context())
    table = tables.deadlines
    fired = (
        sa.update(table)
        .where(table.c.stream == "notebook-b")
        .values(fired_at=datetime(2021, 6, 11, tzinfo=UTC))
    )
    async with by_hand(place.owner_url, TENANT) as connection:
        await connection.execute(fired)
    there = await rows(place.store, sa.select(table).order_by(table.c.stream))
    assert [row.stream for row in there] == ["notebook-a", "notebook-b"]
    async with by_hand(place.owner_url, TENANT) as connection:
        await connection.execute(sa.delete(table).where(table.c.stream == "notebook-a"))
    assert await add_deadlines(place.owner_url, [NOTEBOOK]) == 4
    assert await rows(place.store, sa.select(table).order_by(table.c.stream)) == there


# ---- while commands go on ----


async def test_commands_go_on_and_none_is_lost(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PAGE", 100)
    tenants = [f"shanghai.t{n}" for n in range(3)]
    over, all_write = asyncio.Event(), asyncio.Barrier(1 + 2 * len(tenants))
    written = 0

    async def writer(tenant: str, id: str) -> None:
        nonlocal written
        for note in itertools.count():
            await write(place.store, f"{id}-{note // 5}", note, tenant=tenant)
            written += 1
            if note == 0:
                await all_write.wait()
            if over.is_set():
                return

    async with asyncio.TaskGroup() as everybody:
        for tenant in tenants:
            everybody.create_task(writer(tenant, "a"))
            everybody.create_task(writer(tenant, "b"))
        await all_write.wait()
        for view in (*NOTEBOOK.views, *NOTEBOOK.views):
            before = written
            await rebuild(place.owner_url, NOTEBOOK, view)
            assert written > before
        over.set()
    assert await content(place.store, *tenants) == await folded(place.store, *tenants)


async def test_what_is_committed_while_the_lock_is_waited_for_is_in_the_new_one(place: Place) -> None:
    await write(place.store, "a", 1)
    async with held(place.store, NOTES_VIEW):
        rebuilding = asyncio.create_task(rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW))
        await at_the_lock(place, NOTES_VIEW)
        # The reader keeps the rebuild waiting, but the rebuild keeps nobody else waiting for long.
        await write(place.store, "a", 2)
        await write(place.store, "b", 1)
        await write(place.store, "a", 1, tenant="shanghai.new")
        assert not rebuilding.done()
    await rebuilding
    seen = await content(place.store, TENANT, "shanghai.new")
    assert seen == await folded(place.store, TENANT, "shanghai.new")
    assert len(seen["notes"]) == 4


async def test_a_command_in_flight_while_the_tables_change_places_writes_the_new_one(place: Place) -> None:
    await write(place.store, "a", 1)
    async with place.store.app.connect() as connection:
        work = UnitOfWork(connection, SERVICE, place.store.clock, context())
        await work.execute(NOTEBOOK, "a", Write("text", 2))  # holds the live table until it commits
        rebuilding = asyncio.create_task(rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW))
        await at_the_lock(place, NOTES_VIEW)
        waiting = [asyncio.create_task(write(place.store, id, 3)) for id in ("b", "c", "d")]
        await connection.commit()
    await asyncio.gather(rebuilding, *waiting)
    await write(place.store, "a", 4)
    assert await content(place.store, TENANT) == await folded(place.store, TENANT)


# ---- interrupted ----


async def test_a_rebuild_that_is_cut_leaves_the_live_one_and_the_next_starts_afresh(
    place: Place, servers: Servers
) -> None:
    for note in range(5):
        await write(place.store, "a", note)
    live, before = await content(place.store, TENANT), await identity(place.store, NOTES_VIEW)
    admin = create_async_engine(servers.admin_url)
    kill = sa.text("select pg_terminate_backend(pid) from pg_stat_activity where usename = :owner")
    async with held(place.store, NOTES_VIEW):
        rebuilding = asyncio.create_task(rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW))
        await at_the_lock(place, NOTES_VIEW)
        async with admin.connect() as connection:
            await connection.execute(kill, {"owner": f"{SERVICE}_owner"})
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await rebuilding
    await admin.dispose()
    assert (await content(place.store, TENANT), await identity(place.store, NOTES_VIEW)) == (live, before)
    await write(place.store, "a", 7)
    assert await rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW) == 6
    assert await content(place.store, TENANT) == await folded(place.store, TENANT)


async def test_one_that_is_interrupted_while_it_reads_changes_nothing(place: Place) -> None:
    await write(place.store, "a", 1)
    before = await identity(place.store, BOOKS)

    def interrupted(done: int, total: int) -> None:
        raise InterruptedError("by the operator")

    with pytest.raises(InterruptedError, match="by the operator"):
        await rebuild(place.owner_url, NOTEBOOK, BOOKS, interrupted)
    assert await identity(place.store, BOOKS) == before
    await rebuild(place.owner_url, NOTEBOOK, BOOKS)
    assert await content(place.store, TENANT) == await folded(place.store, TENANT)


async def test_a_second_rebuild_of_the_same_read_model_is_refused(place: Place) -> None:
    await write(place.store, "a", 1)
    async with held(place.store, NOTES_VIEW):
        first = asyncio.create_task(rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW))
        await at_the_lock(place, NOTES_VIEW)
        with pytest.raises(AlreadyRebuilding, match="notes is being rebuilt by another session"):
            await rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW)
        await rebuild(place.owner_url, NOTEBOOK, BOOKS)  # another one is free
    await first


async def test_a_table_that_is_read_without_end_is_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.eventstore.rebuild.ATTEMPTS", 2)
    await write(place.store, "a", 1)
    async with held(place.store, NOTES_VIEW):
        with pytest.raises(InUse, match="notes is read without a pause"):
            await rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW)
        await write(place.store, "a", 2)
    assert await content(place.store, TENANT) == await folded(place.store, TENANT)


async def test_an_event_that_cannot_be_read_is_named_with_its_stream(place: Place) -> None:
    await write(place.store, "a", 1)
    async with by_hand(place.owner_url, TENANT) as connection:
        stranger = sa.insert(tables.events).values(
            tenant=TENANT,
            sequence=2,
            stream="notebook-b",
            version=1,
            name="Torn",
            schema_version=1,
            data="{}",
            metadata="{}",
            recorded_at=datetime.now(UTC),
            hash=b"",
        )
        await connection.execute(stranger)
    with pytest.raises(
        CannotFold, match=r"shanghai\.jinshan: notebook-b cannot be folded into notes: .*Torn"
    ):
        await rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW)


# ---- who may see it ----

CATALOGUE = {
    "columns": "select column_name, ordinal_position, data_type, collation_name, is_nullable, column_default"
    " from information_schema.columns where table_schema = 'public' and table_name = 'notes' order by 2",
    "indexes": "select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = 'notes'"
    " order by 1",
    "constraints": "select conname, pg_get_constraintdef(oid) from pg_constraint"
    " where conrelid = 'public.notes'::regclass order by 1",
    "policies": "select policyname, permissive, roles::text, cmd, qual, with_check from pg_policies"
    " where tablename = 'notes' order by 1",
    "security": "select relrowsecurity, relforcerowsecurity, relacl::text, relowner::regrole::text"
    " from pg_class where oid = 'public.notes'::regclass",
}


async def test_the_new_table_is_laid_out_secured_and_granted_like_the_one_before(place: Place) -> None:
    async def catalogue() -> dict[str, list[Any]]:
        async with as_owner(place) as connection:
            return {
                name: list((await connection.execute(sa.text(query))).all())
                for name, query in CATALOGUE.items()
            }

    async with as_owner(place) as connection:
        await connection.execute(sa.text('create index notes_by_day on notes (tenant, "on" desc)'))
    await write(place.store, "a", 1)
    before, table = await catalogue(), await identity(place.store, NOTES_VIEW)
    await rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW)
    assert await identity(place.store, NOTES_VIEW) != table
    assert await catalogue() == before


async def test_a_tenant_still_reads_and_writes_only_its_own(place: Place) -> None:
    other = f"{TENANT}.langxia"
    await write(place.store, "a", 1)
    await write(place.store, "a", 2, tenant=other)
    await rebuild(place.owner_url, NOTEBOOK, NOTES_VIEW)
    assert [row.note for row in await rows(place.store, sa.select(NOTES))] == [1]
    async with place.store.app.connect() as connection:
        assert (await connection.execute(sa.select(NOTES))).all() == []
    async with by_hand(place.owner_url, other) as connection:
        theirs = sa.insert(NOTES).values(tenant=TENANT, stream="notebook-a", note=9)
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(theirs)
    async with as_owner(place) as connection:
        assert (await connection.execute(sa.select(NOTES))).all() == []


@pytest.mark.parametrize("role", ["app_url", "relay_url"])
async def test_nobody_else_reaches_what_is_being_filled(place: Place, role: str) -> None:
    async with as_owner(place) as connection:
        await connection.execute(sa.text("select rebuild.lay_out('notes')"))
    engine = create_async_engine(getattr(place, role))
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied for schema rebuild"):
            await connection.execute(sa.text("select * from rebuild.notes"))
    await engine.dispose()


# ---- read models of what others said ----


class Hearing:
    """Review hears scheduling, by hand; ``adopted`` is what it does besides when a policy is adopted."""

    def __init__(self, place: Place, servers: Servers) -> None:
        self.place = place
        self.broken = False
        reactions = Reactions(SERVICE)

        @reactions.on(PolicyAdopted)
        async def adopted(event: PolicyAdopted, cause: Cause, work: UnitOfWork) -> None:
            if self.broken:
                raise RuntimeError("out of order")

        self.inbox = Inbox(place.store, Broker(servers.nats_url, SERVICE), ("scheduling",))
        self.applier = Applier(place.store, self.inbox, reactions)
        self.sequences: dict[str, int] = {}

    async def hear(self, tenant: str, contract: Contract, stream: str) -> None:
        sequence = self.sequences[tenant] = self.sequences.get(tenant, 0) + 1
        payload = encode(
            contract,
            tenant=tenant,
            epoch=1,
            sequence=sequence,
            stream=stream,
            ledger=f"scheduling:{tenant}#{sequence}",
            recorded_at=datetime(2021, 6, 1, tzinfo=UTC),
            business_date=date(2021, 6, 1),
            simulated=True,
            correlation_id="test",
        )
        await self.inbox.keep("scheduling", payload, sequence)
        await self.apply()

    async def adopt(self, tenant: str, version: int, quota: int) -> None:
        policy = PolicyAdopted(
            policy_version=version, holds_from=date(2021, 1, version), values={"quota": quota}
        )
        await self.hear(tenant, policy, "policy-self")

    async def register(self, tenant: str, name: str) -> None:
        told = TenantRegistered(
            name=name,
            tier="district",
            division_code="310116",
            official_order=1,
            registered_on=date(2021, 6, 1),
        )
        await self.hear(tenant, told, "tenant-self")

    async def apply(self) -> None:
        while await self.applier.step():
            pass

    async def kept(self, *tenants: str) -> dict[str, set[str]]:
        """Every row that these tenants' own events made."""
        return {
            table.name: {
                str(row)
                for tenant in tenants
                for row in await rows(
                    self.place.store, sa.select(table).where(table.c.tenant == tenant), tenant
                )
            }
            for table in (tables.tenants, tables.policies)
        }

    async def rebuild(self) -> None:
        for projection in reference.PROJECTIONS:
            await rebuild_projection(self.place.owner_url, SERVICE, projection)


async def test_a_read_model_of_others_events_is_made_anew_from_what_was_heard(
    place: Place, servers: Servers
) -> None:
    hearing = Hearing(place, servers)
    below = f"{TENANT}.langxia"
    await hearing.register(TENANT, "金山区")
    await hearing.register(below, "廊下镇")
    await hearing.register(TENANT, "金山")  # of a row the last one holds
    for version in range(1, 4):
        await hearing.adopt(TENANT, version, quota=version)
    await hearing.adopt(TENANT, 2, quota=7)
    live = await hearing.kept(TENANT, below)
    assert {name: len(found) for name, found in live.items()} == {"tenants": 2, "policies": 3}
    async with by_hand(place.owner_url, TENANT) as connection:
        await connection.execute(sa.delete(tables.policies))
        await connection.execute(sa.update(tables.tenants).values(name="wrong"))
    await hearing.rebuild()
    assert await hearing.kept(TENANT, below) == live


async def test_what_is_parked_is_left_out_until_it_is_applied(place: Place, servers: Servers) -> None:
    hearing = Hearing(place, servers)
    await hearing.adopt(TENANT, 1, quota=1)
    hearing.broken = True
    await hearing.adopt(TENANT, 2, quota=2)
    await hearing.adopt(TENANT, 3, quota=3)  # held behind it
    await hearing.register(TENANT, "金山区")  # of another key: it goes on
    await hearing.rebuild()
    live = await hearing.kept(TENANT)
    assert {name: len(found) for name, found in live.items()} == {"tenants": 1, "policies": 1}

    # Released while a rebuild has read past them already, they are in the new table too.
    hearing.broken = False
    [policies] = [one for one in reference.PROJECTIONS if one.table is tables.policies]
    async with held(place.store, View(tables.policies, lambda history: [])):
        rebuilding = asyncio.create_task(rebuild_projection(place.owner_url, SERVICE, policies))
        await at_the_lock(place, NOTES_VIEW)
        [parked] = await parked_list(place.relay_url)
        await parked_retry(place.relay_url, "scheduling", TENANT, parked.sequence)
        await hearing.apply()
        await hearing.adopt(TENANT, 3, quota=4)
        assert not rebuilding.done()
    await rebuilding
    after = await hearing.kept(TENANT)
    assert len(after["policies"]) == 3
    await hearing.rebuild()
    assert await hearing.kept(TENANT) == after
