"""Whatever the owner of the database changes in a ledger, verify names the first event that does not hold."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.servers import Servers
from shared.eventstore import verify
from shared.eventstore.verify import (
    Verified,
    event_hash,
    links_of,
    one_snapshot,
    verify_ledger,
    verify_service,
)
from tests.shared.conftest import SERVICE, Place, context, new_place
from tests.shared.eventstore.notebook import NOTEBOOK, Write

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Owned:
    """A database whose owner has put the triggers and row security of the ledger out of the way."""

    place: Place
    owner: AsyncEngine

    async def ledger(self) -> str:
        """A ledger of five events, each with a text; its tenant."""
        tenant = f"shanghai.t{next(_numbers)}"
        for notebook, note in ("a", 1), ("a", 2), ("b", 1), ("a", 3), ("a", 4):
            await self.place.store.execute(NOTEBOOK, notebook, Write(f"note {note}", note), context(tenant))
        return tenant

    async def does(self, tenant: str, *statements: str) -> None:
        async with self.owner.begin() as connection:
            for statement in statements:
                await connection.execute(sa.text(statement), {"tenant": tenant})

    async def verified(self, tenant: str) -> Verified:
        async with one_snapshot(self.place.store.app, tenant) as connection:
            return await verify_ledger(connection, SERVICE, tenant)

    async def in_pieces(self, tenant: str, at_most: int) -> list[Verified]:
        """The same in as many calls as it takes."""
        found: list[Verified] = []
        while not found or found[-1].more:
            async with one_snapshot(self.place.store.app, tenant) as connection:
                after = found[-1].events if found else 0
                found.append(await verify_ledger(connection, SERVICE, tenant, after=after, at_most=at_most))
        return found


@pytest.fixture(scope="module")
async def owned(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Owned]:
    async with new_place(servers, new_database) as place:
        owner = create_async_engine(place.owner_url)
        async with owner.begin() as connection:
            await connection.execute(sa.text("alter table events disable trigger all"))
            for table in ("events", "heads", "texts"):
                await connection.execute(sa.text(f"alter table {table} no force row level security"))
        yield Owned(place, owner)
        await owner.dispose()


THIS = "tenant = :tenant and sequence"
SECOND = f"where {THIS} = 2"
TEXT_OF_SECOND = f"where ref = (select data::json -> 'text' ->> 'ref' from events {SECOND})"
TEXT = "#2 names the text {ref}, which is not beside the ledger as it was written"
AS_HASHED = "encode(sha256(salt || convert_to('another', 'UTF8')), 'hex')"


async def test_untouched_ledgers_hold(place: Place) -> None:
    for tenant, notes in (("shanghai.a", 3), ("shanghai.b", 1)):
        for note in range(notes):
            await place.store.execute(NOTEBOOK, "a", Write("text", note), context(tenant))
    found = [one async for one in verify_service(place.app_url, place.relay_url, SERVICE)]
    assert [(one.tenant, one.events, one.problem, one.epoch) for one in found] == [
        ("shanghai.a", 3, None, 1),
        ("shanghai.b", 1, None, 1),
    ]
    async with place.store.reading("shanghai.b") as connection:
        assert found[1].head_hash == (await connection.scalar(sa.text("select hash from heads"))).hex()


async def test_a_text_may_be_blanked(owned: Owned) -> None:
    tenant = await owned.ledger()
    await owned.does(tenant, "update texts set body = null where tenant = :tenant")
    assert (await owned.verified(tenant)).problem is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (f"update events set tenant = tenant || '.b' {SECOND}", "#2 is missing"),
        (f"update events set sequence = 9 {SECOND}", "#2 is missing"),
        (f"update events set stream = 'notebook-c' {SECOND}", "#2 does not match its hash"),
        (f"update events set version = 9 {SECOND}", "#2 does not match its hash"),
        (f"update events set name = 'Closed' {SECOND}", "#2 does not match its hash"),
        (f"update events set schema_version = 2 {SECOND}", "#2 does not match its hash"),
        (f"update events set data = replace(data, '2021', '2022') {SECOND}", "#2 does not match its hash"),
        (f"update events set data = data || ' ' {SECOND}", "#2 does not match its hash"),
        (f"update events set metadata = replace(metadata, 'Alice', 'Bob') {SECOND}", "#2 does not match"),
        (f"update events set recorded_at = recorded_at + interval '1 microsecond' {SECOND}", "#2 does not"),
        (f"update events set hash = sha256(hash) {SECOND}", "#2 does not match its hash"),
        (f"delete from events {SECOND}", "#2 is missing"),
        (f"delete from events where {THIS} = 1", "#1 is missing"),
        (f"delete from events where {THIS} = 5", "the head says #5, the last event is #4"),
        (f"update texts set body = body || '.' {TEXT_OF_SECOND}", TEXT),
        (f"update texts set salt = '' {TEXT_OF_SECOND}", TEXT),
        (f"update texts set body = 'another', sha256 = {AS_HASHED} {TEXT_OF_SECOND}", TEXT),
        (f"update texts set body = null, sha256 = '' {TEXT_OF_SECOND}", TEXT),
        (f"update texts set stream = 'notebook-b' {TEXT_OF_SECOND}", TEXT),
        (f"update texts set ref = 'x' {TEXT_OF_SECOND}", TEXT),
        (f"delete from texts {TEXT_OF_SECOND}", TEXT),
        ("update heads set sequence = 6 where tenant = :tenant", "the head says #6, the last event is #5"),
        ("update heads set hash = '' where tenant = :tenant", "the head has another hash than #5"),
        ("update heads set epoch = 2 where tenant = :tenant", "the head says epoch 2, the ledger says 1"),
    ],
)
async def test_whatever_is_changed_is_found_and_named(
    owned: Owned, monkeypatch: pytest.MonkeyPatch, change: str, problem: str
) -> None:
    monkeypatch.setattr(verify, "_BATCH", 2)
    tenant = await owned.ledger()
    async with owned.place.store.reading(tenant) as connection:
        ref = await connection.scalar(
            sa.text("select data::json -> 'text' ->> 'ref' from events where sequence = 2")
        )
    await owned.does(tenant, change)
    found = await owned.verified(tenant)
    assert found.problem is not None
    assert found.problem.startswith(problem.format(ref=ref))
    *held, last = await owned.in_pieces(tenant, 2)
    assert last.problem == found.problem
    assert [one.problem for one in held] == [None] * len(held)


async def test_a_ledger_is_verified_in_pieces_that_together_are_one_walk(
    owned: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_BATCH", 2)
    tenant = await owned.ledger()
    pieces = await owned.in_pieces(tenant, 2)
    assert [(one.events, one.more, one.problem) for one in pieces] == [
        (2, True, None),
        (4, True, None),
        (5, False, None),
    ]
    assert pieces[-1].head_hash == (await owned.verified(tenant)).head_hash
    await owned.does(tenant, "delete from events where tenant = :tenant and sequence = 2")
    async with one_snapshot(owned.place.store.app, tenant) as connection:
        assert (await verify_ledger(connection, SERVICE, tenant, after=2)).problem == "#2 is missing"


@pytest.mark.parametrize("missing", [3, 4])
async def test_an_event_that_is_missing_at_the_edge_of_a_piece_is_named(owned: Owned, missing: int) -> None:
    tenant = await owned.ledger()
    await owned.does(tenant, f"delete from events where tenant = :tenant and sequence = {missing}")
    *_, last = await owned.in_pieces(tenant, 2)
    assert last.problem == f"#{missing} is missing"


async def test_nothing_comes_after_the_largest_number(owned: Owned) -> None:
    tenant = await owned.ledger()
    async with one_snapshot(owned.place.store.app, tenant) as connection:
        beyond = await verify_ledger(connection, SERVICE, tenant, after=2**63 - 1, at_most=10)
    assert (beyond.problem, beyond.more) == (f"#{2**63 - 1} is missing", False)


async def test_an_event_put_in_between_is_found(owned: Owned) -> None:
    tenant = await owned.ledger()
    later = f"update events set sequence = -sequence - 1 where {THIS} > 2"
    back = f"update events set sequence = -sequence where {THIS} < 0"
    added = (
        "insert into events select tenant, 3, stream, 9, name, schema_version, data, metadata, recorded_at, hash"
        f" from events {SECOND}"
    )
    await owned.does(tenant, later, back, added, "update heads set sequence = 6 where tenant = :tenant")
    assert (await owned.verified(tenant)).problem == "#3 does not match its hash"


async def test_events_that_changed_places_are_found(owned: Owned) -> None:
    tenant = await owned.ledger()
    aside, first, second = (
        f"update events set sequence = {to} where {THIS} = {at}" for at, to in ((2, -2), (3, 2), (-2, 3))
    )
    await owned.does(tenant, aside, first, second)
    assert (await owned.verified(tenant)).problem == "#2 does not match its hash"


async def test_the_first_of_several_is_named(owned: Owned) -> None:
    tenant = await owned.ledger()
    text_of_fourth = TEXT_OF_SECOND.replace("= 2", "= 4")
    await owned.does(tenant, f"delete from texts {text_of_fourth}", f"delete from texts {TEXT_OF_SECOND}")
    await owned.does(tenant, f"update events set version = 9 where {THIS} = 5")
    problem = (await owned.verified(tenant)).problem
    assert problem is not None
    assert problem.startswith("#2 names the text")


@pytest.mark.parametrize(
    "kind", ["name", "text"]
)  # the very function, and one that fits its arguments better
async def test_functions_that_the_owner_puts_before_the_servers_own_are_not_asked(
    place: Place, kind: str
) -> None:
    """Here one that hides a changed year from whoever computes the hashes anew."""
    await place.store.execute(NOTEBOOK, "a", Write("text", 1), context())
    await place.store.close()  # what is set below holds for connections made after it
    owner = create_async_engine(place.owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.text("alter table events disable trigger all"))
        await connection.execute(sa.text("alter table events no force row level security"))
        await connection.execute(sa.text("update events set data = replace(data, '2021', '2022')"))
        await connection.execute(
            sa.text(
                f"create function convert_to(text, {kind}) returns bytea language sql as"
                " $$ select pg_catalog.convert_to(replace($1, '2022', '2021'), 'UTF8'::name) $$"
            )
        )
        database = sa.make_url(place.owner_url).database
        await connection.execute(sa.text(f'alter database "{database}" set search_path = public, pg_catalog'))
    await owner.dispose()
    [found] = [one async for one in verify_service(place.app_url, place.relay_url, SERVICE)]
    assert found.problem == "#1 does not match its hash"


async def test_a_ledger_that_grows_meanwhile_is_no_finding(owned: Owned) -> None:
    tenant = await owned.ledger()
    async with one_snapshot(owned.place.store.app, tenant) as connection:
        await owned.place.store.execute(NOTEBOOK, "c", Write("meanwhile", 1), context(tenant))
        found = await verify_ledger(connection, SERVICE, tenant)
    assert (found.events, found.problem) == (5, None)


async def test_verifying_writes_nothing(owned: Owned) -> None:
    tenant = await owned.ledger()
    async with one_snapshot(owned.place.store.app, tenant) as connection:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await connection.execute(sa.text("update heads set epoch = 2"))


DAWN, DUSK = (
    datetime.fromisoformat("1990-01-01"),
    datetime.fromisoformat("2105-12-31"),
)  # hypothesis adds the zone
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
instants = st.datetimes(DAWN, DUSK, timezones=st.just(UTC))
counts = st.integers(0, 2**31 - 1)


@given(st.binary(max_size=32), words, words, counts, words, counts, words, counts, instants, words, words)
def test_the_fast_hash_is_the_readable_one(
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
) -> None:
    microseconds = round(recorded_at.timestamp() * 1_000_000)
    link = links_of(service, tenant)
    fast = link(previous.hex(), sequence, stream, version, name, schema_version, microseconds, data, metadata)
    assert fast.digest() == event_hash(
        *(previous, service, tenant, sequence, stream, version, name, schema_version, recorded_at),
        *(data, metadata),
    )
