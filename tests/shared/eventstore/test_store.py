"""The contract of the event store, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.decider import Refused
from shared.eventstore import Deadlines, Key, reading, tables
from shared.eventstore.failures import Changed, KeyReused
from shared.eventstore.verify import verify_service
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, NOTEBOOKS, NOTES, Close, Write


def key(value: str, asked: bytes = b"asked") -> Key:
    return Key(value, asked)


async def write(place: Place, id: str, note: int, *, tenant: str = TENANT, **more: object) -> object:
    return await place.store.execute(NOTEBOOK, id, Write(f"text {note}", note), context(tenant), **more)  # type: ignore[arg-type]


async def rows(
    place: Place, query: sa.Select[tuple[object, ...]], tenant: str = TENANT
) -> list[sa.Row[tuple[object, ...]]]:
    async with place.store.reading(tenant) as connection:
        return list((await connection.execute(query)).all())


async def test_an_accepted_command_writes_event_text_views_deadline_and_outbox_together(place: Place) -> None:
    answer = await place.store.execute(NOTEBOOK, "a", Write("hello", 1), context())
    assert (answer.sequence, answer.version, answer.events) == (1, 1, ("Written",))

    [event] = await rows(place, sa.select(tables.events))
    assert "hello" not in event.data
    data = json.loads(event.data)
    [text] = await rows(place, sa.select(tables.texts))
    assert (text.body, text.sha256) == ("hello", data["text"]["sha256"])
    assert text.ref == data["text"]["ref"]
    assert [(r.notes, r.closed) for r in await rows(place, sa.select(NOTEBOOKS))] == [(1, False)]
    assert [(r.note, r.on) for r in await rows(place, sa.select(NOTES))] == [(1, date(2021, 6, 1))]
    [deadline] = await rows(place, sa.select(tables.deadlines))
    assert (deadline.name, deadline.due_on) == ("close", date(2021, 6, 11))
    [public] = await rows(place, sa.select(tables.outbox))
    assert (public.sequence, public.ledger_sequence, public.partition_key) == (1, 1, "a")


async def test_a_refused_command_writes_nothing(place: Place) -> None:
    await write(place, "a", 1)
    with pytest.raises(Refused):
        await write(place, "a", 1, key=key("again"))
    assert len(await rows(place, sa.select(tables.events))) == 1
    assert await rows(place, sa.select(tables.texts.c.ref)) != []
    assert len(await rows(place, sa.select(tables.texts))) == 1


async def test_the_same_key_gives_the_first_answer_and_writes_once(place: Place) -> None:
    first = await write(place, "a", 1, key=key("k"))
    assert await write(place, "a", 1, key=key("k")) == first
    assert len(await rows(place, sa.select(tables.events))) == 1


async def test_the_same_key_with_another_body_is_refused(place: Place) -> None:
    await write(place, "a", 1, key=key("k"))
    with pytest.raises(KeyReused):
        await write(place, "a", 2, key=key("k", b"something else"))


async def test_the_same_key_sent_many_times_at_once_writes_once(place: Place) -> None:
    answers = await asyncio.gather(*(write(place, "a", 1, key=key("k")) for _ in range(12)))
    assert len(set(map(repr, answers))) == 1
    assert len(await rows(place, sa.select(tables.events))) == 1


async def test_a_refusal_is_not_remembered(place: Place) -> None:
    await write(place, "a", 1)
    with pytest.raises(Refused):
        await write(place, "a", 1, key=key("k"))
    answer = await place.store.execute(NOTEBOOK, "a", Write("other", 2), context(), key=key("k"))
    assert answer.version == 2


async def test_a_command_that_changes_nothing_is_answered_and_remembered(place: Place) -> None:
    await write(place, "a", 1)
    await place.store.execute(NOTEBOOK, "a", Close(), context())
    answer = await place.store.execute(NOTEBOOK, "a", Close(), context(), key=key("k"))
    assert (answer.events, answer.version) == ((), 2)
    assert await place.store.execute(NOTEBOOK, "a", Close(), context(), key=key("k")) == answer


async def test_if_match_names_what_happened_since(place: Place) -> None:
    await write(place, "a", 1)
    await write(place, "a", 2)
    with pytest.raises(Changed) as refusal:
        await write(place, "a", 3, seen_version=1)
    assert refusal.value.data == {"seen": 1, "now": 2, "since": ["Written"]}
    await write(place, "a", 3, seen_version=2)


async def test_writers_of_one_stream_all_get_through_in_some_order(place: Place) -> None:
    await asyncio.gather(*(write(place, "a", note) for note in range(3)))
    versions = [
        row.version for row in await rows(place, sa.select(tables.events).order_by(tables.events.c.version))
    ]
    assert versions == [1, 2, 3]


async def test_sequence_is_gapless_by_tenant_under_concurrent_writers_and_refusals(place: Place) -> None:
    tenants = ["shanghai.a", "shanghai.b"]

    async def one(n: int) -> None:
        # Every third is refused: note 0 of its stream a second time.
        try:
            await write(place, f"s{n % 4}-{n}", n, tenant=tenants[n % 2])
            if n % 3 == 0:
                await write(place, f"s{n % 4}-{n}", n, tenant=tenants[n % 2])
        except Refused:
            pass

    await asyncio.gather(*(one(n) for n in range(40)))
    for tenant in tenants:
        query = sa.select(tables.events.c.sequence).order_by(tables.events.c.sequence)
        assert [row.sequence for row in await rows(place, query, tenant)] == list(range(1, 21))
    verified = [v async for v in verify_service(place.app_url, place.relay_url, SERVICE)]
    assert [(v.tenant, v.events, v.problem) for v in verified] == [
        ("shanghai.a", 20, None),
        ("shanghai.b", 20, None),
    ]


@pytest.mark.parametrize(
    "statement",
    ["update events set data = '{}'", "delete from events", "truncate events", "update events set hash = ''"],
)
@pytest.mark.parametrize("role", ["owner_url", "app_url"])
async def test_the_ledger_cannot_be_changed(place: Place, role: str, statement: str) -> None:
    await write(place, "a", 1)
    engine = create_async_engine(getattr(place, role))
    try:
        async with engine.connect() as connection:
            # The owner is under row security too: without a policy of its own it sees no row, so it steps out of it.
            if role == "owner_url":
                await connection.execute(sa.text("alter table events no force row level security"))
            await connection.execute(sa.select(sa.func.set_config("shufa.tenant", TENANT, True)))
            with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
                await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()


async def test_one_transaction_writes_one_ledger(place: Place) -> None:
    from shared.eventstore import UnitOfWork

    async with place.store.app.connect() as connection:
        first = UnitOfWork(connection, SERVICE, place.store.clock, context())
        await first.execute(NOTEBOOK, "a", Write("x", 1))
        second = UnitOfWork(connection, SERVICE, place.store.clock, context("shanghai.other"))
        with pytest.raises(DBAPIError, match="one transaction writes one ledger"):
            await second.execute(NOTEBOOK, "a", Write("x", 1))


async def test_a_tenant_reads_only_its_own(place: Place) -> None:
    await write(place, "a", 1)
    await write(place, "a", 1, tenant="shanghai.jinshan.langxia")
    for table in (tables.events, tables.texts, tables.outbox, tables.heads, NOTEBOOKS):
        assert len(await rows(place, sa.select(table))) == 1, table.name
    async with place.store.app.connect() as connection:
        assert (await connection.execute(sa.select(tables.events))).all() == []


async def test_a_deadline_fires_its_command_once_on_its_day(place: Place) -> None:
    await write(place, "a", 1)
    deadlines = Deadlines(place.store, [NOTEBOOK], FIRES)
    assert await deadlines.fire_due() == 0
    async with place.store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=date(2021, 6, 11)))
    assert sum(await asyncio.gather(deadlines.fire_due(), deadlines.fire_due())) >= 1
    assert await deadlines.fire_due() == 0
    events = await rows(place, sa.select(tables.events.c.name).order_by(tables.events.c.sequence))
    assert [row.name for row in events] == ["Written", "Closed"]


async def test_a_date_that_moves_replaces_the_one_before(place: Place) -> None:
    await write(place, "a", 1)
    async with place.store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=date(2021, 6, 5)))
    await write(place, "a", 2)
    [deadline] = await rows(place, sa.select(tables.deadlines))
    assert deadline.due_on == date(2021, 6, 15)
    await place.store.execute(NOTEBOOK, "a", Close(), context())
    assert await rows(place, sa.select(tables.deadlines)) == []


async def test_the_ledger_is_read_in_pages_with_citations(place: Place) -> None:
    for note in range(5):
        await write(place, "a", note)
    async with place.store.reading(TENANT) as connection:
        first = await reading.ledger_page(connection, SERVICE, TENANT, "notebook-a", 3, 0)
        second = await reading.ledger_page(connection, SERVICE, TENANT, "notebook-a", 3, int(first.next or 0))
    cited = [item["citation"] for item in (*first.items, *second.items)]
    assert cited == [f"review:{TENANT}#{n}" for n in range(1, 6)]
    assert second.next is None


async def test_a_view_is_read_in_pages_in_its_order(place: Place) -> None:
    for note in (3, 1, 2):
        await write(place, "a", note)
    seen, after = [], None
    async with place.store.reading(TENANT) as connection:
        while True:
            page = await reading.view_page(connection, NOTEBOOK.views[1], TENANT, {}, 1, after)
            seen += [item["note"] for item in page.items]
            if (after := page.next) is None:
                break
    assert seen == [1, 2, 3]
