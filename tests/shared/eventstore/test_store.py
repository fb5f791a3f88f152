"""What a command writes, and how it is read again. Its neighbours hold the rest of the store's contract:
keys (test_idempotency), writers at once (test_concurrency), crashes, what never changes (test_append_only)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.decider import Actor, Refused
from shared.eventstore import Deadlines, UnitOfWork, reading, tables
from shared.eventstore.failures import Changed
from tests.shared.conftest import ALICE, SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, NOTEBOOKS, NOTES, Close, Write
from tests.shared.eventstore.writing import Tenant, key, rows, write


async def test_an_accepted_command_writes_event_text_views_deadline_and_outbox_together(
    tenant: Tenant,
) -> None:
    answer = await tenant.execute(NOTEBOOK, "a", Write("hello", 1))
    assert (answer.sequence, answer.version, answer.events) == (1, 1, ("Written",))

    [event] = await tenant.rows(sa.select(tables.events))
    assert "hello" not in event.data
    data = json.loads(event.data)
    [text] = await tenant.rows(sa.select(tables.texts))
    assert (text.body, text.sha256) == ("hello", data["text"]["sha256"])
    assert text.ref == data["text"]["ref"]
    assert [(r.notes, r.closed) for r in await tenant.rows(sa.select(NOTEBOOKS))] == [(1, False)]
    assert [(r.note, r.on) for r in await tenant.rows(sa.select(NOTES))] == [(1, date(2021, 6, 1))]
    [deadline] = await tenant.rows(sa.select(tables.deadlines))
    assert (deadline.name, deadline.due_on) == ("close", date(2021, 6, 11))
    [public] = await tenant.rows(sa.select(tables.outbox))
    assert (public.sequence, public.ledger_sequence, public.partition_key) == (1, 1, "a")


async def test_a_refused_command_writes_nothing(tenant: Tenant) -> None:
    await tenant.write("a", 1)
    with pytest.raises(Refused):
        await tenant.write("a", 1, key=key("again"))
    assert len(await tenant.rows(sa.select(tables.events))) == 1
    assert len(await tenant.rows(sa.select(tables.texts))) == 1


async def test_if_match_names_what_happened_since(tenant: Tenant) -> None:
    await tenant.write("a", 1)
    await tenant.write("a", 2)
    with pytest.raises(Changed) as refusal:
        await tenant.write("a", 3, seen_version=1)
    assert refusal.value.data == {"seen": 1, "now": 2, "since": ["Written"]}
    await tenant.write("a", 3, seen_version=2)


async def test_one_transaction_writes_one_ledger(tenant: Tenant) -> None:
    async with tenant.store.app.connect() as connection:
        first = UnitOfWork(connection, SERVICE, tenant.store.clock, tenant.context())
        await first.execute(NOTEBOOK, "a", Write("x", 1))
        second = UnitOfWork(connection, SERVICE, tenant.store.clock, context("shanghai.other"))
        with pytest.raises(DBAPIError, match="one transaction works in one tenant"):
            await second.execute(NOTEBOOK, "a", Write("x", 1))


async def test_a_tenant_reads_only_its_own(tenant: Tenant) -> None:
    await tenant.write("a", 1)
    await replace(tenant, name=f"{tenant.name}.langxia").write("a", 1)
    for table in (tables.events, tables.texts, tables.outbox, tables.heads, NOTEBOOKS):
        assert len(await tenant.rows(sa.select(table))) == 1, table.name
    async with tenant.store.app.connect() as connection:
        assert (await connection.execute(sa.select(tables.events))).all() == []


async def test_a_deadline_fires_its_command_once_on_its_day(place: Place) -> None:
    await write(place.store, "a", 1)
    deadlines = Deadlines(place.store, [NOTEBOOK], FIRES)
    assert await deadlines.fire_due() == 0
    async with place.store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=date(2021, 6, 11)))
    assert sum(await asyncio.gather(deadlines.fire_due(), deadlines.fire_due())) >= 1
    assert await deadlines.fire_due() == 0
    events = await rows(place.store, sa.select(tables.events.c.name).order_by(tables.events.c.sequence))
    assert [row.name for row in events] == ["Written", "Closed"]


async def test_a_date_that_moves_replaces_the_one_before(place: Place) -> None:
    await write(place.store, "a", 1)
    async with place.store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=date(2021, 6, 5)))
    await write(place.store, "a", 2)
    [deadline] = await rows(place.store, sa.select(tables.deadlines))
    assert deadline.due_on == date(2021, 6, 15)
    await place.store.execute(NOTEBOOK, "a", Close(), context())
    assert await rows(place.store, sa.select(tables.deadlines)) == []


async def test_the_ledger_is_read_in_pages_with_citations(tenant: Tenant) -> None:
    for note in range(5):
        await tenant.write("a", note)
    wanted = reading.Wanted(stream="notebook-a")
    async with tenant.store.reading(tenant.name) as connection:
        first = await reading.ledger_page(connection, SERVICE, tenant.name, wanted, 3, None)
        second = await reading.ledger_page(connection, SERVICE, tenant.name, wanted, 3, int(first.next or 0))
        newest = await reading.ledger_page(connection, SERVICE, tenant.name, wanted, 3, 5, newest_first=True)
    cited = [item["citation"] for item in (*first.items, *second.items)]
    assert cited == [f"review:{tenant.name}#{n}" for n in range(1, 6)]
    assert second.next is None
    assert ([item["sequence"] for item in newest.items], newest.next) == ([4, 3, 2], "2")


async def test_the_ledger_is_searched_by_name_by_who_it_was_and_by_day(place: Place) -> None:
    store, bob = place.store, Actor("bob", "Bob", frozenset({"liaison"}), "office")
    for day, actor in (1, ALICE), (2, bob), (3, ALICE):
        async with store.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=date(2021, 6, day)))
        await store.execute(NOTEBOOK, "a", Write(str(day), day), context(actor=actor))
    await store.execute(NOTEBOOK, "a", Close(), context())

    async def found(**wanted: Any) -> list[int]:
        async with store.reading(TENANT) as connection:
            page = await reading.ledger_page(connection, SERVICE, TENANT, reading.Wanted(**wanted), 50, None)
        return [item["sequence"] for item in page.items]

    assert await found() == [1, 2, 3, 4]
    assert await found(name="Closed") == [4]
    assert await found(actor="bob") == [2]
    assert await found(last_day=date(2021, 6, 2)) == [1, 2]
    assert await found(first_day=date(2021, 6, 2), name="Written") == [2, 3]
    assert await found(stream="notebook-b") == []


async def test_a_view_is_read_in_pages_in_its_order(tenant: Tenant) -> None:
    for note in (3, 1, 2):
        await tenant.write("a", note)
    seen, after = [], None
    async with tenant.store.reading(tenant.name) as connection:
        while True:
            page = await reading.view_page(connection, NOTEBOOK.views[1], tenant.name, {}, 1, after)
            seen += [item["note"] for item in page.items]
            if (after := page.next) is None:
                break
    assert seen == [1, 2, 3]
