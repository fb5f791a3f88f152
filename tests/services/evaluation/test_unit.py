"""What evaluation hears of the registry: each unit once, and again when it is told otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.evaluation.domain.unit import (
    Command,
    Event,
    HolderNoted,
    Known,
    Name,
    NameNoted,
    NoteHolder,
    NoteName,
    NoteUnit,
    Post,
    Unit,
    UnitNoted,
    decide,
    evolve,
    initial,
    name_on,
)
from shared.testing.given import Scenario, scenario
from tests.services.evaluation.telling import FIRST, HANDED_OVER_ON, REACTION, SECOND, TODAY, cited

BEGAN, RENAMED = date(2021, 1, 4), date(2022, 3, 1)
POSTS = (Post("secretary", "书记", FIRST), Post("mayor", "镇长", "周示例"))
HEARD = NoteUnit("廊下镇", "town", 50, BEGAN, POSTS, cited("scheduling", 2))
NOTED = UnitNoted("廊下镇", "town", 50, BEGAN, POSTS, cited("scheduling", 2), on=TODAY)
HANDED_OVER = NoteHolder("secretary", "书记", SECOND, HANDED_OVER_ON, cited("scheduling", 9))
NEW_HOLDER = HolderNoted("secretary", "书记", SECOND, HANDED_OVER_ON, cited("scheduling", 9), on=TODAY)


def langxia() -> Scenario[Unit, Command, Event, None]:
    return scenario(decide, evolve, initial, today=TODAY, actor=REACTION)


def test_a_unit_of_the_registry_is_noted() -> None:
    langxia().when(HEARD).then(NOTED)
    assert langxia().given(NOTED).state == Known((Name(BEGAN, "廊下镇"),), "town", 50, POSTS)


def test_what_is_heard_again_is_nothing_new() -> None:
    langxia().given(NOTED).when(HEARD).then_nothing()
    langxia().given(NOTED).when(replace(HEARD, citation=cited("scheduling", 9))).then_nothing()
    langxia().given(NOTED, NEW_HOLDER).when(HANDED_OVER).then_nothing()


def test_a_unit_told_of_otherwise_is_noted_anew() -> None:
    langxia().given(NOTED).when(replace(HEARD, official_order=51)).then(replace(NOTED, official_order=51))


def test_who_handed_a_post_over_is_a_former_head() -> None:
    langxia().given(NOTED).when(HANDED_OVER).then(NEW_HOLDER)
    unit = langxia().given(NOTED, NEW_HOLDER).state
    assert isinstance(unit, Known)
    assert [post.person for post in unit.posts] == [SECOND, "周示例"]
    assert unit.former == (FIRST,)


def test_a_name_holds_from_its_day_on_and_the_one_before_it_until_then() -> None:
    langxia().given(NOTED).when(NoteName("廊下新镇", RENAMED, cited("scheduling", 30))).then(
        NameNoted("廊下新镇", RENAMED, cited("scheduling", 30), on=TODAY)
    )
    unit = langxia().given(NOTED, NameNoted("廊下新镇", RENAMED, cited("scheduling", 30), on=TODAY)).state
    assert isinstance(unit, Known)
    assert [name_on(unit.names, day) for day in (date(2020, 1, 1), date(2022, 2, 28), RENAMED)] == [
        "廊下镇",
        "廊下镇",
        "廊下新镇",
    ]


@pytest.mark.parametrize("command", [HANDED_OVER, NoteName("廊下新镇", RENAMED, cited("scheduling", 30))])
def test_of_a_unit_that_is_not_registered_nothing_is_kept(command: Command) -> None:
    langxia().when(command).then_nothing()
