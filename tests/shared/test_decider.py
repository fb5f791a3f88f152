"""The words every decider speaks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date

import pytest

from shared.decider import replace


@dataclass(frozen=True)
class Duty:
    unit: str
    due_on: date
    items: tuple[str, ...] = ()


def test_a_replaced_value_is_what_the_standard_library_makes_of_it() -> None:
    duty = Duty("langxia", date(2021, 10, 8))
    moved = replace(duty, due_on=date(2021, 11, 8), items=("langxia-1",))
    assert moved == dataclasses.replace(duty, due_on=date(2021, 11, 8), items=("langxia-1",))
    assert hash(moved) == hash(dataclasses.replace(moved))
    assert duty == Duty("langxia", date(2021, 10, 8))


def test_a_field_that_is_not_there_cannot_be_replaced() -> None:
    with pytest.raises(TypeError, match="Duty has not all of deadline"):
        replace(Duty("langxia", date(2021, 10, 8)), deadline=None)  # type: ignore[call-arg]
