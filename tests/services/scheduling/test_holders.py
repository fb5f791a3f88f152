"""Who held which post on a day: exact at the edges, without a gap and without an overlap, whatever was handed over."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.domain.holders import Holder, holders, holders_on, name_on
from services.scheduling.domain.registry import Post
from services.scheduling.domain.unit import (
    Closed,
    Event,
    PostAdded,
    PostHandedOver,
    Registered,
    Unit,
    UnitClosed,
    UnitRegistered,
    UnitRenamed,
    evolve,
    initial,
)

FIRST = date(2021, 1, 4)
LAST = date(2021, 12, 31)
DAY = timedelta(days=1)
REGISTERED = UnitRegistered(
    "廊下镇",
    "town",
    50,
    (),
    (Post("secretary", "书记", "张示例"), Post("mayor", "镇长", "王示例")),
    valid_from=FIRST,
    on=FIRST,
)


def unit_after(*events: Event) -> Registered | Closed:
    unit: Unit = reduce(evolve, (REGISTERED, *events), initial)
    assert isinstance(unit, Registered | Closed)
    return unit


def handed(day: date, to: str, post: str = "secretary") -> PostHandedOver:
    return PostHandedOver(post, "书记", "?", to, effective_on=day, on=day)


def people(unit: Registered | Closed, day: date, post: str = "secretary") -> list[str]:
    return [one.person for one in holders_on(unit, day) if one.post == post]


def test_the_day_of_a_handover_is_the_new_holders_first() -> None:
    unit = unit_after(handed(date(2021, 3, 1), "李示例"))
    assert people(unit, FIRST - DAY) == []
    assert people(unit, FIRST) == people(unit, date(2021, 2, 28)) == ["张示例"]
    assert people(unit, date(2021, 3, 1)) == people(unit, LAST) == ["李示例"]
    assert list(holders(unit))[:2] == [
        Holder("secretary", "书记", "张示例", FIRST, date(2021, 2, 28)),
        Holder("secretary", "书记", "李示例", date(2021, 3, 1), None),
    ]
    assert people(unit, LAST, "mayor") == ["王示例"]


def test_of_two_handovers_on_one_day_the_last_holds() -> None:
    unit = unit_after(handed(date(2021, 3, 1), "李示例"), handed(date(2021, 3, 1), "赵示例"))
    assert people(unit, date(2021, 3, 1)) == ["赵示例"]
    assert [one.person for one in holders(unit) if one.post == "secretary"] == ["张示例", "赵示例"]


def test_a_post_that_was_added_is_held_from_its_day() -> None:
    unit = unit_after(PostAdded("deputy", "副书记", "赵示例", date(2021, 5, 1), on=LAST))
    assert people(unit, date(2021, 4, 30), "deputy") == []
    assert people(unit, date(2021, 5, 1), "deputy") == ["赵示例"]


def test_nobody_holds_a_post_of_a_unit_that_was_dissolved() -> None:
    unit = unit_after(handed(date(2021, 3, 1), "李示例"), UnitClosed("改革", date(2021, 6, 30), on=LAST))
    assert people(unit, date(2021, 6, 30)) == ["李示例"]
    assert people(unit, date(2021, 7, 1)) == []
    assert name_on(unit, date(2021, 7, 1)) is None
    assert people(unit, date(2021, 2, 28)) == ["张示例"]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (FIRST - DAY, None),
        (FIRST, "廊下镇"),
        (date(2021, 5, 31), "廊下镇"),
        (date(2021, 6, 1), "廊下新镇"),
        (LAST, "廊下新镇"),
    ],
)
def test_a_unit_is_called_as_on_that_day(day: date, name: str | None) -> None:
    renamed = UnitRenamed("廊下镇", "廊下新镇", date(2021, 6, 1), on=LAST)
    assert name_on(unit_after(renamed), day) == name


@given(st.lists(st.integers(0, 40), max_size=12).map(sorted), st.integers(0, 50) | st.none())
def test_each_day_has_one_holder_without_gap_or_overlap(handovers: list[int], end: int | None) -> None:
    """Over any handovers, in the order of their dates as the rules demand, and with or without an end."""
    events: list[Event] = [handed(FIRST + n * DAY, f"第{i}任") for i, n in enumerate(handovers)]
    if end is not None and end >= max(handovers, default=0):
        events.append(UnitClosed("改革", FIRST + end * DAY, on=LAST))
    unit = unit_after(*events)
    last_day = unit.valid_until if isinstance(unit, Closed) else FIRST + 60 * DAY
    day = FIRST - 2 * DAY
    while day <= last_day + 2 * DAY:
        there = FIRST <= day <= last_day if isinstance(unit, Closed) else day >= FIRST
        assert len(people(unit, day)) == (1 if there else 0), day
        before = [n for n in handovers if FIRST + n * DAY <= day]
        if there:
            expected = f"第{len(before) - 1}任" if before else "张示例"
            assert people(unit, day) == [expected]
        day += DAY
    terms = [one for one in holders(unit) if one.post == "secretary"]
    for one, following in pairwise(terms):
        assert one.until is not None
        assert following.since == one.until + DAY
