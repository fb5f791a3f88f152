"""A unit as scheduling's registry has it: the minutes may name one that does not report, and then it has a duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.review.domain.roster import Category
from shared.decider import Given, NotAllowedNow, replace


@dataclass(frozen=True)
class Head:
    """A head's post and who holds it."""

    post: str
    title: str
    person: str


@dataclass(frozen=True)
class Handover:
    """Until that day the post was held by ``from_person``."""

    post: str
    from_person: str
    effective_on: date


# Commands


@dataclass(frozen=True)
class NoteUnit:
    """Scheduling says that the unit is registered."""

    name: str
    category: Category
    official_order: int
    houses_offices: tuple[str, ...]
    heads: tuple[Head, ...]
    citation: str


@dataclass(frozen=True)
class NoteName:
    """Scheduling says that the unit bears another name from that day on."""

    name: str
    valid_from: date
    citation: str


@dataclass(frozen=True)
class NoteHead:
    """Scheduling says that a post of the unit has another holder from that day on."""

    post: str
    title: str
    from_person: str
    person: str
    effective_on: date
    citation: str


Command = NoteUnit | NoteName | NoteHead


# Events: ``citation`` is the entry of scheduling's ledger that says so


@dataclass(frozen=True)
class UnitNoted:
    name: str
    category: Category
    official_order: int
    houses_offices: tuple[str, ...]
    heads: tuple[Head, ...]
    citation: str
    noted_on: date


@dataclass(frozen=True)
class NameNoted:
    name: str
    valid_from: date
    citation: str
    noted_on: date


@dataclass(frozen=True)
class HeadNoted:
    post: str
    title: str
    from_person: str
    person: str
    effective_on: date
    citation: str
    noted_on: date


Event = UnitNoted | NameNoted | HeadNoted


# Situations


@dataclass(frozen=True)
class Unknown:
    """The registry has not said anything of it."""


@dataclass(frozen=True)
class Known:
    """It is registered; ``heads`` are those who hold its posts now, the first post first."""

    name: str
    category: Category
    official_order: int
    houses_offices: tuple[str, ...]
    heads: tuple[Head, ...]
    handovers: tuple[Handover, ...] = ()

    def heads_on(self, day: date) -> tuple[Head, ...]:
        """Those who held its posts on that day."""
        later = [handover for handover in self.handovers if handover.effective_on > day]
        before: dict[str, str] = {}
        for handover in later:
            before.setdefault(handover.post, handover.from_person)
        return tuple(replace(head, person=before.get(head.post, head.person)) for head in self.heads)


Unit = Unknown | Known
initial: Unit = Unknown()


def decide(unit: Unit, command: Command, given: Given[None]) -> list[Event]:
    """What is heard again is nothing new."""
    today = given.today
    match unit, command:
        case _, NoteUnit(name, category, official_order, houses_offices, heads, citation):
            heard = Known(name, category, official_order, houses_offices, heads)
            if isinstance(unit, Known) and replace(unit, handovers=()) == heard:
                return []
            return [UnitNoted(name, category, official_order, houses_offices, heads, citation, today)]
        case Known(), NoteName(name, valid_from, citation):
            if name == unit.name:
                return []
            return [NameNoted(name, valid_from, citation, today)]
        case Known(), NoteHead(post, title, from_person, person, effective_on, citation):
            if Head(post, title, person) in unit.heads:
                return []
            return [HeadNoted(post, title, from_person, person, effective_on, citation, today)]
        case _:
            raise NotAllowedNow(unit, command)


def evolve(unit: Unit, event: Event) -> Unit:
    match event:
        case UnitNoted():
            return Known(event.name, event.category, event.official_order, event.houses_offices, event.heads)
        case NameNoted(name):
            return replace(_known(unit), name=name)
        case HeadNoted(post, title, from_person, person, effective_on):
            known = _known(unit)
            heads = {head.post: head for head in known.heads} | {post: Head(post, title, person)}
            handovers = (*known.handovers, Handover(post, from_person, effective_on))
            return replace(known, heads=tuple(heads.values()), handovers=handovers)
        case _ as unreachable:
            assert_never(unreachable)


def _known(unit: Unit) -> Known:
    # The first that is noted of a unit is its registration.
    assert isinstance(unit, Known)
    return unit
