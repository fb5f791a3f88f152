"""A year's holiday calendar: the public holidays and the make-up working weekend days, as a document has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.calendar import (
    calendar_without_document,
    calendar_without_holidays,
    calendar_year_malformed,
    day_both_off_and_working,
    day_outside_the_year,
    working_day_not_on_a_weekend,
)
from shared.decider import Given, refuse_if


@dataclass(frozen=True)
class NotAdopted:
    """The tenant has entered nothing for the year: the published calendar holds, or none is known."""


@dataclass(frozen=True)
class Adopted:
    """The year's days as last adopted, and the document they are from."""

    holidays: tuple[date, ...]
    working_weekend_days: tuple[date, ...]
    document: str


YearCalendar = NotAdopted | Adopted
initial: YearCalendar = NotAdopted()


@dataclass(frozen=True)
class Facts:
    """The year of the calendar in hand; None when its id is no year."""

    year: int | None = None


@dataclass(frozen=True)
class AdoptCalendar:
    """All of the year's days, by the document that publishes them; adopted again it is a correction."""

    holidays: tuple[date, ...]
    working_weekend_days: tuple[date, ...]
    document: str


Command = AdoptCalendar


@dataclass(frozen=True)
class CalendarAdopted:
    year: int
    holidays: tuple[date, ...]
    working_weekend_days: tuple[date, ...]
    document: str
    on: date


@dataclass(frozen=True)
class CalendarCorrected:
    """The year's days are these instead; from now on they hold."""

    year: int
    holidays: tuple[date, ...]
    working_weekend_days: tuple[date, ...]
    document: str
    document_before: str
    on: date


Event = CalendarAdopted | CalendarCorrected


def decide(calendar: YearCalendar, command: Command, given: Given[Facts]) -> list[Event]:
    """The first adoption of a year is its calendar, a further one its correction; the same again is nothing new."""
    year = given.facts.year
    refuse_if(calendar_year_malformed(year))
    assert year is not None  # the predicate above has looked
    holidays = tuple(sorted(set(command.holidays)))
    working = tuple(sorted(set(command.working_weekend_days)))
    refuse_if(
        calendar_without_document(command.document),
        calendar_without_holidays(holidays),
        day_outside_the_year((*holidays, *working), year),
        working_day_not_on_a_weekend(working),
        day_both_off_and_working(holidays, working),
    )
    match calendar:
        case NotAdopted():
            return [CalendarAdopted(year, holidays, working, command.document, on=given.today)]
        case Adopted() if calendar == Adopted(holidays, working, command.document):
            return []
        case Adopted(document=before):
            return [CalendarCorrected(year, holidays, working, command.document, before, on=given.today)]
        case _ as unreachable:
            assert_never(unreachable)


def evolve(calendar: YearCalendar, event: Event) -> YearCalendar:
    match event:
        case CalendarAdopted() | CalendarCorrected():
            return Adopted(event.holidays, event.working_weekend_days, event.document)
        case _ as unreachable:
            assert_never(unreachable)
