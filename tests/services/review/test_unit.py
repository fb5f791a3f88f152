"""What review keeps of the registry: a unit's name, place, offices and heads, as they are now."""

from __future__ import annotations

from datetime import date

import pytest

from services.review.domain import unit
from services.review.domain.unit import (
    Command,
    Head,
    HeadNoted,
    Known,
    NameNoted,
    NoteHead,
    NoteName,
    NoteUnit,
    UnitNoted,
)
from shared.testing.given import Scenario, scenario
from tests.services.review.telling import LAW_OFFICE, SCHEDULED

SAID = "scheduling:shanghai.jinshan#7"
SECRETARY, MAYOR = Head("secretary", "书记", "书记乙"), Head("mayor", "镇长", "镇长乙")
NOTE = NoteUnit("山阳镇", "town", 61, (), (SECRETARY, MAYOR), SAID)
NOTED = UnitNoted("山阳镇", "town", 61, (), (SECRETARY, MAYOR), SAID, SCHEDULED)
RENAME = NoteName("山阳新镇", date(2021, 6, 1), SAID)
HAND_OVER = NoteHead("secretary", "书记", "书记乙", "书记丙", date(2021, 6, 1), SAID)
HANDED_OVER = HeadNoted("secretary", "书记", "书记乙", "书记丙", date(2021, 6, 1), SAID, SCHEDULED)

a_unit: Scenario[unit.Unit, Command, unit.Event, None] = scenario(
    unit.decide, unit.evolve, unit.initial, today=SCHEDULED, actor=LAW_OFFICE
)


def test_a_unit_is_noted_once() -> None:
    a_unit.when(NOTE).then(NOTED)
    a_unit.given(NOTED).when(NOTE).then_nothing()


def test_a_unit_bears_the_name_it_was_given_last() -> None:
    a_unit.given(NOTED).when(RENAME).then(NameNoted("山阳新镇", date(2021, 6, 1), SAID, SCHEDULED))
    renamed = a_unit.given(NOTED, NameNoted("山阳新镇", date(2021, 6, 1), SAID, SCHEDULED))
    renamed.when(RENAME).then_nothing()
    assert isinstance(renamed.state, Known)
    assert renamed.state.name == "山阳新镇"


def test_a_post_keeps_its_place_when_its_holder_changes() -> None:
    a_unit.given(NOTED).when(HAND_OVER).then(HANDED_OVER)
    changed = a_unit.given(NOTED, HANDED_OVER)
    changed.when(HAND_OVER).then_nothing()
    assert isinstance(changed.state, Known)
    assert changed.state.heads == (Head("secretary", "书记", "书记丙"), MAYOR)


@pytest.mark.parametrize(
    ("day", "person"),
    [
        (date(2021, 5, 31), "书记乙"),
        (date(2021, 6, 1), "书记丙"),
        (date(2021, 6, 30), "书记丙"),
        (date(2021, 7, 1), "书记丁"),
    ],
)
def test_it_is_known_who_held_a_post_on_a_day(day: date, person: str) -> None:
    again = HeadNoted("secretary", "书记", "书记丙", "书记丁", date(2021, 7, 1), SAID, SCHEDULED)
    state = a_unit.given(NOTED, HANDED_OVER, again).state
    assert isinstance(state, Known)
    assert state.heads_on(day) == (Head("secretary", "书记", person), MAYOR)


@pytest.mark.parametrize("command", [RENAME, HAND_OVER])
def test_nothing_is_noted_of_a_unit_that_nobody_registered(command: Command) -> None:
    a_unit.when(command).then_refused("review.not-allowed-now", situation="unknown")
