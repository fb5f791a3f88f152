"""The hash of an event stands on every byte of every field, and on where one field ends and the next begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.decider import Actor
from shared.eventstore import Context, tables
from shared.eventstore.verify import event_hash
from tests.shared.conftest import by_hand
from tests.shared.eventstore.notebook import NOTEBOOK, Write
from tests.shared.eventstore.writing import Tenant

# What PostgreSQL can hold: any character but NUL. Digits and colons, because lengths are written with them.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30) | st.text(
    "0123:", max_size=6
)
counts = st.integers(0, 2**31 - 1)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2105, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds the zone
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "previous": st.just(b"") | st.binary(min_size=32, max_size=32),
    "service": texts,
    "tenant": texts,
    "sequence": counts,
    "stream": texts,
    "version": counts,
    "name": texts,
    "schema_version": counts,
    "recorded_at": instants,
    "data": texts,
    "metadata": texts,
}
events = st.fixed_dictionaries(FIELDS)


def _instant(microseconds: str) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))


def changed(value: Any, at: int, bit: int) -> Any:
    """The value with one bit, one character or one microsecond changed at a place, or one put to an empty one."""
    match value:
        case bytes() if value:
            at %= len(value)
            return value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1 :]
        case bytes():
            return bytes([bit])
        case str() if value:
            at %= len(value)
            other = chr(ord(value[at]) ^ 1)
            return value[:at] + (other if other not in "\0" else "x") + value[at + 1 :]
        case str():
            return " "
        case int():
            return value ^ 1 << bit
        case datetime():
            return value + timedelta(microseconds=1)


@settings(max_examples=100)
@given(event=events, at=st.integers(0, 1000), bit=st.integers(0, 7))
def test_one_bit_or_character_of_any_field_makes_another_hash(
    event: dict[str, Any], at: int, bit: int
) -> None:
    hashes = [event_hash(**event)]
    hashes += [event_hash(**event | {field: changed(event[field], at, bit)}) for field in FIELDS]
    assert len(set(hashes)) == 1 + len(FIELDS)


READ: dict[str, Callable[[str], Any]] = {"previous": bytes.fromhex, "recorded_at": _instant} | dict.fromkeys(
    ("sequence", "version", "schema_version"), int
)


@settings(max_examples=100)
@given(event=events, whole=st.text("1234", min_size=4, max_size=12))
def test_the_same_characters_divided_otherwise_between_two_fields_make_another_hash(
    event: dict[str, Any], whole: str
) -> None:
    """Of a number they are its digits, of the previous hash its hexadecimal digits, of a time its microseconds."""
    for left, right in pairwise(FIELDS):
        hashes = {
            event_hash(
                **event | {left: READ.get(left, str)(whole[:cut]), right: READ.get(right, str)(whole[cut:])}
            )
            for cut in range(2, len(whole), 2)
        }
        assert len(hashes) == len(range(2, len(whole), 2))


async def test_the_database_hashes_long_and_strange_texts_alike(tenant: Tenant) -> None:
    strange = [
        "",
        "\U0001f9fe\u200d\U0001f469🏽",
        "e\u0301 é",
        "\u202e\ufeff\x01\x7f",
        "述" * 100_000,
        "\U0010ffff",
    ]
    instants = [datetime(2021, 6, 1, 0, 0, 0, micro, tzinfo=UTC) for micro in (0, 1, 999_999)]
    async with by_hand(tenant.place.owner_url, tenant.name) as connection:
        for text in strange:
            for instant in instants:
                fields = (b"", text, text, 1, text, 1, text, 1, instant, text, text)
                found = await connection.scalar(sa.select(sa.func.event_hash(*fields)))
                assert found == event_hash(*fields)


people = st.tuples(texts, texts, st.none() | texts, texts)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(people, min_size=10, max_size=20))
async def test_whatever_people_write_is_kept_and_the_chain_holds_over_it(
    tenant: Tenant, written: list[tuple[str, str, str | None, str]]
) -> None:
    before = len(await tenant.rows(sa.select(tables.events)))
    for note, (name, correlation, causation, text) in enumerate(written, start=before):
        context = Context(tenant.name, Actor("someone", name), correlation, causation)
        await tenant.store.execute(NOTEBOOK, "a", Write(text, note), context)
    kept = Counter(row.body for row in await tenant.rows(sa.select(tables.texts.c.body)))
    assert kept >= Counter(text for *_, text in written)
    verified = await tenant.verified()
    assert (verified.events, verified.problem) == (before + len(written), None)
