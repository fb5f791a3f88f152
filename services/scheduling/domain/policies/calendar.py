"""The rules of a year's holiday calendar (domain.md 4): data of that year, from a document, never a guess."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from shared.decider import Refused

SATURDAY = 5


def calendar_year_malformed(year: int | None) -> Refused | None:
    """A calendar is the calendar of a year of four digits."""
    return Refused("scheduling.calendar-year-malformed") if year is None else None


def calendar_without_document(document: str) -> Refused | None:
    """A year's arrangement is published by a document, and so is its correction: its number is named."""
    return None if document.strip() else Refused("scheduling.calendar-without-document")


def calendar_without_holidays(holidays: Collection[date]) -> Refused | None:
    """Every year has public holidays: an empty list is a mistake that would move every due date."""
    return None if holidays else Refused("scheduling.calendar-without-holidays")


def day_outside_the_year(days: Collection[date], year: int) -> Refused | None:
    """The calendar of a year says nothing of another year's days."""
    outside = sorted(day for day in days if day.year != year)
    if not outside:
        return None
    return Refused("scheduling.day-outside-the-year", year=year, days=[day.isoformat() for day in outside])


def working_day_not_on_a_weekend(working_weekend_days: Collection[date]) -> Refused | None:
    """A make-up working day 调休 is a Saturday or a Sunday; any other working day needs no mention."""
    wrong = sorted(day for day in working_weekend_days if day.weekday() < SATURDAY)
    if not wrong:
        return None
    return Refused("scheduling.working-day-not-on-a-weekend", days=[day.isoformat() for day in wrong])


def day_both_off_and_working(
    holidays: Collection[date], working_weekend_days: Collection[date]
) -> Refused | None:
    """A day is a holiday or a make-up working day, never both."""
    both = sorted(set(holidays) & set(working_weekend_days))
    if not both:
        return None
    return Refused("scheduling.day-both-off-and-working", days=[day.isoformat() for day in both])
