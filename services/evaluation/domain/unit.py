"""A unit as scheduling's registry has it: evaluation hears of it, and has a sheet for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from shared.decider import Given


@dataclass(frozen=True)
class Unknown:
    """The registry has not said anything of it."""


@dataclass(frozen=True)
class Known:
    """It is registered under this name, in this place of the official order."""

    name: str
    category: str
    official_order: int


Unit = Unknown | Known
initial: Unit = Unknown()


@dataclass(frozen=True)
class NoteUnit:
    """Scheduling says that the unit is registered; ``citation`` is its ledger entry."""

    name: str
    category: str
    official_order: int
    citation: str


Command = NoteUnit


@dataclass(frozen=True)
class UnitNoted:
    name: str
    category: str
    official_order: int
    citation: str
    on: date


Event = UnitNoted


def decide(unit: Unit, command: Command, given: Given[None]) -> list[Event]:
    """What is heard again is nothing new."""
    heard = Known(command.name, command.category, command.official_order)
    if unit == heard:
        return []
    return [UnitNoted(heard.name, heard.category, heard.official_order, command.citation, on=given.today)]


def evolve(unit: Unit, event: Event) -> Unit:
    match event:
        case UnitNoted():
            return Known(event.name, event.category, event.official_order)
        case _ as unreachable:
            assert_never(unreachable)
