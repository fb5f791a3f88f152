"""Whose turn it is: longest unreported first, keyed to unit and post, one person once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.scheduling.domain.registry import Post, RegisteredUnit
from services.scheduling.domain.roster import OtherSession, RosterEntry
from services.scheduling.domain.rotation import turns
from tests.services.scheduling.telling import HELD_ON, NEXT_ROUND, THIS_ROUND, TODAY, UNITS, entries

IN_2017 = OtherSession("2017-1", entries("shilizhen"), date(2017, 9, 20))
IN_2019 = OtherSession("2019-1", entries("langxia", "shilibu"), date(2019, 6, 24))


def test_who_never_reported_comes_first_then_the_longest_ago_then_the_official_order() -> None:
    found = turns(UNITS.values(), [IN_2019, IN_2017], TODAY)
    assert [(one.unit, one.last_session) for one in found] == [
        ("gongshanglian", None),
        ("jiaotongwei", None),
        ("shichangjianguan", None),
        ("shilizhen", "2017-1"),
        ("shilibu", "2019-1"),
        ("langxia", "2019-1"),
    ]
    assert found[3].last_reported_on == date(2017, 9, 20)


def test_who_is_called_for_a_coming_session_has_not_reported_yet() -> None:
    this = OtherSession("2021-1", entries(*THIS_ROUND), HELD_ON)
    coming = OtherSession("2021-2", entries(*NEXT_ROUND))
    before = {one.unit: one for one in turns(UNITS.values(), [coming, this], TODAY)}
    assert (before["langxia"].last_session, before["langxia"].called_for) == (None, "2021-1")
    assert before["shilizhen"].called_for == "2021-2"
    after = {one.unit: one for one in turns(UNITS.values(), [coming, this], HELD_ON)}
    assert (after["langxia"].last_session, after["langxia"].called_for) == ("2021-1", None)


def test_a_town_has_two_heads_with_a_turn_each_and_one_person_with_both_posts_has_one() -> None:
    two = RegisteredUnit("a", "甲", "town", 1, (Post("secretary", "书记", "张"), Post("mayor", "镇长", "李")))
    one = RegisteredUnit(
        "b", "乙", "village", 2, (Post("secretary", "书记", "王"), Post("director", "主任", "王"))
    )
    past = OtherSession(
        "2019-1", (RosterEntry("a", "mayor"), RosterEntry("b", "director")), date(2019, 6, 24)
    )
    found = turns([two, one], [past], TODAY)
    assert [(turn.unit, [post.post for post in turn.posts], turn.last_session) for turn in found] == [
        ("a", ["secretary"], None),
        ("a", ["mayor"], "2019-1"),
        ("b", ["secretary", "director"], "2019-1"),
    ]


def test_a_dissolved_unit_has_no_turn() -> None:
    gone = replace(UNITS["langxia"], valid_until=date(2021, 3, 31))
    assert turns([gone], [IN_2019], TODAY) == []
