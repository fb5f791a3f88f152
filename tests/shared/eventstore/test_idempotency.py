"""A key and what it promises: once for each tenant and actor, the first answer again, for thirty days."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from shared.decider import Actor, Refused
from shared.eventstore import Answer, tables
from shared.eventstore.failures import Changed, KeyReused
from shared.eventstore.store import KEPT
from tests.shared.conftest import by_hand
from tests.shared.eventstore.notebook import NOTEBOOK, Close, Write
from tests.shared.eventstore.writing import Tenant, key

BOB = Actor("bob", "Bob", frozenset({"liaison"}), "office")


async def number_of_events(tenant: Tenant) -> int:
    return len(await tenant.rows(sa.select(tables.events)))


async def test_the_same_key_gives_the_first_answer_however_much_happened_since(tenant: Tenant) -> None:
    first = await tenant.write("a", 1, key=key("k"))
    await tenant.write("a", 2)
    await tenant.write("b", 1)
    await tenant.execute(NOTEBOOK, "a", Close())
    assert await tenant.write("a", 1, key=key("k")) == first
    assert (first.sequence, first.version) == (1, 1)
    assert await number_of_events(tenant) == 4


async def test_the_same_key_with_another_body_is_refused(tenant: Tenant) -> None:
    await tenant.write("a", 1, key=key("k"))
    with pytest.raises(KeyReused):
        await tenant.write("a", 2, key=key("k", b"something else"))
    with pytest.raises(KeyReused):
        await tenant.write("b", 1, key=key("k", b"something else"))
    assert await number_of_events(tenant) == 1


async def test_a_key_belongs_to_a_tenant_and_an_actor(tenant: Tenant) -> None:
    first = await tenant.write("a", 1, key=key("k"))
    lower = replace(tenant, name=f"{tenant.name}.langxia")
    below = await lower.write("a", 1, key=key("k", b"something else"))
    by_bob = tenant.context(BOB)
    bobs = await tenant.store.execute(
        NOTEBOOK, "a", Write("Bob's", 2), by_bob, key=key("k", b"something else")
    )
    assert [answer.version for answer in (first, below, bobs)] == [1, 1, 2]
    assert await tenant.write("a", 1, key=key("k")) == first


async def test_a_refusal_is_not_remembered(tenant: Tenant) -> None:
    await tenant.write("a", 1)
    for _ in range(2):
        with pytest.raises(Refused, match="note-twice"):
            await tenant.write("a", 1, key=key("k"))
    with pytest.raises(Changed):
        await tenant.write("a", 2, key=key("k"), seen_version=0)
    assert await tenant.rows(sa.select(tables.commands)) == []
    assert (await tenant.write("a", 2, key=key("k", b"something else"))).version == 2


async def test_a_command_that_changes_nothing_is_answered_and_remembered(tenant: Tenant) -> None:
    await tenant.write("a", 1)
    await tenant.execute(NOTEBOOK, "a", Close())
    answer = await tenant.execute(NOTEBOOK, "a", Close(), key=key("k"))
    assert (answer.events, answer.version) == ((), 2)
    await tenant.write("b", 1)
    assert await tenant.execute(NOTEBOOK, "a", Close(), key=key("k")) == answer


async def test_if_match_counts_only_where_the_key_is_new(tenant: Tenant) -> None:
    first = await tenant.write("a", 1, key=key("k"), seen_version=0)
    await tenant.write("a", 2)
    assert await tenant.write("a", 1, key=key("k"), seen_version=0) == first


async def test_the_same_key_sent_many_times_at_once_writes_once(tenant: Tenant) -> None:
    answers = await asyncio.gather(*(tenant.write("a", 1, key=key("k")) for _ in range(12)))
    assert len(set(answers)) == 1
    assert await number_of_events(tenant) == 1


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


async def test_the_same_key_on_two_connections_that_both_found_it_free_writes_once(tenant: Tenant) -> None:
    aggregate = replace(NOTEBOOK, facts=together(2))

    async def one() -> Answer:
        return await tenant.execute(aggregate, "a", Write("text", 1), key=key("k"))

    first, second = await asyncio.gather(one(), one())
    assert first == second
    assert await number_of_events(tenant) == 1


async def test_the_same_key_on_two_streams_at_once_writes_one_of_them(tenant: Tenant) -> None:
    aggregate = replace(NOTEBOOK, facts=together(2))

    async def one(id: str) -> Answer:
        body = key("k", id.encode())
        return await tenant.execute(aggregate, id, Write("text", 1), key=body)

    outcomes = await asyncio.gather(one("a"), one("b"), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Answer, KeyReused}
    assert await number_of_events(tenant) == 1
    assert len(await tenant.rows(sa.select(tables.texts))) == 1


async def test_a_command_that_changes_nothing_claims_its_key_once_too(tenant: Tenant) -> None:
    await tenant.execute(NOTEBOOK, "a", Close())
    aggregate = replace(NOTEBOOK, facts=together(2))

    async def one() -> Answer:
        return await tenant.execute(aggregate, "a", Close(), key=key("k"))

    first, second = await asyncio.gather(one(), one())
    assert first == second
    assert len(await tenant.rows(sa.select(tables.commands))) == 1


async def test_a_key_is_remembered_for_thirty_days(tenant: Tenant) -> None:
    assert KEPT.days == 30
    for note, age in ((1, "29 days 23:59:00"), (2, "30 days 00:01:00")):
        await tenant.write("a", note, key=key(str(note)))
        await _age(tenant, str(note), age)
    await tenant.store.forget_old_commands()
    kept = await tenant.rows(sa.text("select key from commands"))
    assert [row.key for row in kept] == ["1"]
    assert (await tenant.write("a", 1, key=key("1"))).version == 1
    with pytest.raises(Refused, match="note-twice"):
        await tenant.write("a", 2, key=key("2"))


async def _age(tenant: Tenant, value: str, age: str) -> None:
    """Make a command that was accepted just now this old."""
    older = sa.text("update commands set accepted_at = accepted_at - cast(:age as interval) where key = :key")
    async with by_hand(tenant.place.owner_url, tenant.name) as connection:
        await connection.execute(older.bindparams(age=age, key=value))
