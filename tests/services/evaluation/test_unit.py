"""What evaluation hears of the registry: each unit once, and again when it is told otherwise."""

from __future__ import annotations

from dataclasses import replace

from services.evaluation.domain.unit import (
    Command,
    Event,
    Known,
    NoteUnit,
    Unit,
    UnitNoted,
    decide,
    evolve,
    initial,
)
from shared.testing.given import Scenario, scenario
from tests.services.evaluation.telling import REACTION, TODAY, cited

HEARD = NoteUnit("廊下镇", "town", 50, cited("scheduling", 2))
NOTED = UnitNoted("廊下镇", "town", 50, cited("scheduling", 2), on=TODAY)


def langxia() -> Scenario[Unit, Command, Event, None]:
    return scenario(decide, evolve, initial, today=TODAY, actor=REACTION)


def test_a_unit_of_the_registry_is_noted() -> None:
    langxia().when(HEARD).then(NOTED)
    assert langxia().given(NOTED).state == Known("廊下镇", "town", 50)


def test_what_is_heard_again_is_nothing_new() -> None:
    langxia().given(NOTED).when(HEARD).then_nothing()
    langxia().given(NOTED).when(replace(HEARD, citation=cited("scheduling", 9))).then_nothing()


def test_a_unit_told_of_otherwise_is_noted_anew() -> None:
    langxia().given(NOTED).when(replace(HEARD, official_order=51)).then(replace(NOTED, official_order=51))
