"""A key and what it promises: once for each tenant and actor, the first answer again, for thirty days."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from shared.decider import Actor, Refused
from shared.eventstore import Answer, EventStore, tables
from shared.eventstore.failures import Changed, KeyReused
from shared.eventstore.store import KEPT
from tests.shared.conftest import TENANT, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, Close, Write
from tests.shared.eventstore.writing import key, rows, write

BOB = Actor("bob", "Bob", frozenset({"liaison"}), "office")


async def number_of_events(store: EventStore) -> int:
    return len(await rows(store, sa.select(tables.events)))


async def test_the_same_key_gives_the_first_answer_however_much_happened_since(place: Place) -> None:
    first = await write(place.store, "a", 1, key=key("k"))
    await write(place.store, "a", 2)
    await write(place.store, "b", 1)
    await place.store.execute(NOTEBOOK, "a", Close(), context())
    assert await write(place.store, "a", 1, key=key("k")) == first
    assert (first.sequence, first.version) == (1, 1)
    assert await number_of_events(place.store) == 4


async def test_the_same_key_with_another_body_is_refused(place: Place) -> None:
    await write(place.store, "a", 1, key=key("k"))
    with pytest.raises(KeyReused):
        await write(place.store, "a", 2, key=key("k", b"something else"))
    with pytest.raises(KeyReused):
        await write(place.store, "b", 1, key=key("k", b"something else"))
    assert await number_of_events(place.store) == 1


async def test_a_key_belongs_to_a_tenant_and_an_actor(place: Place) -> None:
    first = await write(place.store, "a", 1, key=key("k"))
    below = await write(place.store, "a", 1, tenant=f"{TENANT}.langxia", key=key("k", b"something else"))
    bobs = await place.store.execute(
        NOTEBOOK, "a", Write("Bob's", 2), context(actor=BOB), key=key("k", b"something else")
    )
    assert [answer.version for answer in (first, below, bobs)] == [1, 1, 2]
    assert await write(place.store, "a", 1, key=key("k")) == first


async def test_a_refusal_is_not_remembered(place: Place) -> None:
    await write(place.store, "a", 1)
    for _ in range(2):
        with pytest.raises(Refused, match="note-twice"):
            await write(place.store, "a", 1, key=key("k"))
    with pytest.raises(Changed):
        await write(place.store, "a", 2, key=key("k"), seen_version=0)
    assert await rows(place.store, sa.select(tables.commands)) == []
    assert (await write(place.store, "a", 2, key=key("k", b"something else"))).version == 2


async def test_a_command_that_changes_nothing_is_answered_and_remembered(place: Place) -> None:
    await write(place.store, "a", 1)
    await place.store.execute(NOTEBOOK, "a", Close(), context())
    answer = await place.store.execute(NOTEBOOK, "a", Close(), context(), key=key("k"))
    assert (answer.events, answer.version) == ((), 2)
    await write(place.store, "b", 1)
    assert await place.store.execute(NOTEBOOK, "a", Close(), context(), key=key("k")) == answer


async def test_if_match_counts_only_where_the_key_is_new(place: Place) -> None:
    first = await write(place.store, "a", 1, key=key("k"), seen_version=0)
    await write(place.store, "a", 2)
    assert await write(place.store, "a", 1, key=key("k"), seen_version=0) == first


async def test_the_same_key_sent_many_times_at_once_writes_once(place: Place) -> None:
    answers = await asyncio.gather(*(write(place.store, "a", 1, key=key("k")) for _ in range(12)))
    assert len(set(answers)) == 1
    assert await number_of_events(place.store) == 1


def together(parties: int) -> Callable[..., Awaitable[None]]:
    """Facts that nobody has before so many have loaded their stream; afterwards anybody."""
    waiting = 0
    all_here = asyncio.Event()

    async def facts(*_: Any) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == parties:
            all_here.set()
        await all_here.wait()

    return facts


async def test_the_same_key_on_two_connections_that_both_found_it_free_writes_once(place: Place) -> None:
    aggregate = replace(NOTEBOOK, facts=together(2))

    async def one() -> Answer:
        return await place.store.execute(aggregate, "a", Write("text", 1), context(), key=key("k"))

    first, second = await asyncio.gather(one(), one())
    assert first == second
    assert await number_of_events(place.store) == 1


async def test_the_same_key_on_two_streams_at_once_writes_one_of_them(place: Place) -> None:
    aggregate = replace(NOTEBOOK, facts=together(2))

    async def one(id: str) -> Answer:
        body = key("k", id.encode())
        return await place.store.execute(aggregate, id, Write("text", 1), context(), key=body)

    outcomes = await asyncio.gather(one("a"), one("b"), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Answer, KeyReused}
    assert await number_of_events(place.store) == 1
    assert len(await rows(place.store, sa.select(tables.texts))) == 1


async def test_a_command_that_changes_nothing_claims_its_key_once_too(place: Place) -> None:
    await place.store.execute(NOTEBOOK, "a", Close(), context())
    aggregate = replace(NOTEBOOK, facts=together(2))

    async def one() -> Answer:
        return await place.store.execute(aggregate, "a", Close(), context(), key=key("k"))

    first, second = await asyncio.gather(one(), one())
    assert first == second
    assert len(await rows(place.store, sa.select(tables.commands))) == 1


async def test_a_key_is_remembered_for_thirty_days(place: Place) -> None:
    assert KEPT.days == 30
    for note, age in ((1, "29 days 23:59:00"), (2, "30 days 00:01:00")):
        await write(place.store, "a", note, key=key(str(note)))
        await _age(place, str(note), age)
    await place.store.forget_old_commands()
    kept = await rows(place.store, sa.text("select key from commands"))
    assert [row.key for row in kept] == ["1"]
    assert (await write(place.store, "a", 1, key=key("1"))).version == 1
    with pytest.raises(Refused, match="note-twice"):
        await write(place.store, "a", 2, key=key("2"))


async def _age(place: Place, value: str, age: str) -> None:
    """Make a command that was accepted just now this old."""
    older = sa.text("update commands set accepted_at = accepted_at - cast(:age as interval) where key = :key")
    async with place.store.app.begin() as connection:
        await connection.execute(sa.select(sa.func.set_config("shufa.tenant", TENANT, True)))
        await connection.execute(older.bindparams(age=age, key=value))
