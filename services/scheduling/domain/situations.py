"""The situations a session can be in before it is held, and after, as far as scheduling has to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.scheduling.domain.roster import Absence, Reporter


@dataclass(frozen=True)
class NotDrafted:
    """It has no roster."""


@dataclass(frozen=True)
class Drafted:
    """It has a roster, which may still be drafted anew; observers once they are named.

    ``absences`` are of its own people, from the session before, which they were to observe.
    """

    plan_year: int
    number: int
    reporters: tuple[Reporter, ...]
    provisional: bool
    observers: tuple[Reporter, ...] = ()
    observers_for: str | None = None
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True)
class Scheduled:
    """Its people are called for that day: the roster stands but for a reporter who is substituted."""

    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    observers: tuple[Reporter, ...]
    observers_for: str | None

    def reporter(self, unit: str) -> Reporter:
        """The reporter of a unit of the roster."""
        return next(one for one in self.reporters if one.unit == unit)


@dataclass(frozen=True)
class Held:
    """It took place on that day: nothing about it can be changed any more, its minutes are to come."""

    held_on: date
    observers: tuple[Reporter, ...] = ()
    observers_for: str | None = None


@dataclass(frozen=True)
class MinutesSent:
    """It was held and its minutes went out on that day: the next round's gap counts from here."""

    held_on: date
    sent_on: date


@dataclass(frozen=True)
class Cancelled:
    """It does not take place; its number in the year is not used again."""

    reason: str


@dataclass(frozen=True)
class Past:
    """It was held before the system was there: entered for the rotation."""

    held_on: date
    reporters: tuple[Reporter, ...]


Session = NotDrafted | Drafted | Scheduled | Held | MinutesSent | Cancelled | Past
