"""Who is called to a session: its reporters, and the next round's reporters as observers; what they hear first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Category = Literal["party_or_mass", "government", "town", "leadership", "section", "village"]

GuestKind = Literal["higher_office", "other_district", "media"]

Matter = Literal["speech", "supplement", "comment"]
"""What a session expects for each reporter."""

MATTERS: dict[Matter, str] = {"speech": "述法", "supplement": "补充汇报", "comment": "点评"}
"""In the users' words."""


@dataclass(frozen=True)
class Reporter:
    """The duty is keyed to unit and post; ``person`` holds the post on the day and speaks in person.

    ``lead`` 带头述法: outside the quota, no draft here, neither supplemented nor commented on, no case.
    ``houses_offices``: the offices of the chain that the unit houses; their steps about it pass to another.
    """

    unit: str
    unit_name: str
    category: Category
    post: str
    title: str
    person: str
    lead: bool = False
    houses_offices: tuple[str, ...] = ()
    official_order: int = 0


@dataclass(frozen=True)
class Observer:
    """A provisional reporter of the next round, ``provisional_for`` that session."""

    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    provisional_for: str | None = None


@dataclass(frozen=True)
class Bulletin:
    """The bulletin 通报 on the round before, issued by rectification for this session."""

    bulletin: str
    about_session: str
    issued_on: date


@dataclass(frozen=True)
class Roster:
    """A scheduled session: its day, its place in the year's plan, who reports, who observes, what is told first."""

    session: str
    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    observers: tuple[Observer, ...]
    bulletin: Bulletin | None = None

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(reporter.unit for reporter in self.reporters)

    @property
    def leads(self) -> frozenset[str]:
        """The units of lead reporters 带头述法."""
        return frozenset(reporter.unit for reporter in self.reporters if reporter.lead)

    def reporter(self, unit: str) -> Reporter:
        """Raises KeyError for a unit that is not rostered: predicates ask ``units`` first."""
        return {reporter.unit: reporter for reporter in self.reporters}[unit]

    def observer(self, unit: str) -> Observer:
        """Raises KeyError for a unit that no named observer comes from."""
        return {observer.unit: observer for observer in self.observers}[unit]
