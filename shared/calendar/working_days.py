"""The calendar of working days and the two ways of counting with it: calendar months and working days."""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class YearNotPublished(Exception):
    """Working days were asked for in a year whose holidays are not known; ``year`` says which."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the holiday calendar of {year} has not been adopted")
        self.year = year


@dataclass(frozen=True)
class Year:
    """One year's published arrangement: public holidays (weekdays and weekends) and make-up working weekend days."""

    year: int
    holidays: frozenset[date] = frozenset()
    working_weekend_days: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Due:
    """A date by which something must be done. ``provisional``: the year's calendar is not known, nothing was rolled."""

    on: date
    before_rolling: date
    provisional: bool = False


def months_after(day: date, months: int) -> date:
    """The same day ``months`` later; a missing day clamps to the month's end. The first day is not counted."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Calendar:
    """The adopted years. Every answer about a year that is not here raises YearNotPublished."""

    years: Mapping[int, Year] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """True for working weekdays and make-up weekend days."""
        year = self.years.get(day.year)
        if year is None:
            raise YearNotPublished(day.year)
        if day in year.holidays:
            return False
        return day.weekday() < SATURDAY or day in year.working_weekend_days

    def roll(self, day: date) -> date:
        """``day`` itself if it is a working day, else the next one."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def due(self, day: date) -> Due:
        """``day`` as a last day: rolled to a working day, or provisional where a year needed is not known."""
        try:
            return Due(on=self.roll(day), before_rolling=day)
        except YearNotPublished:
            return Due(on=day, before_rolling=day, provisional=True)

    def due_months_after(self, day: date, months: int) -> Due:
        """The last day of a term of whole months that starts the day after ``day``."""
        return self.due(months_after(day, months))

    def working_days_before(self, day: date, count: int) -> date:
        """The working day that lies ``count`` working days before ``day`` (``day`` itself is not counted)."""
        return self._step(day, count, -ONE_DAY)

    def working_days_after(self, day: date, count: int) -> date:
        """The working day that lies ``count`` working days after ``day`` (``day`` itself is not counted)."""
        return self._step(day, count, ONE_DAY)

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after ``start`` up to and including ``end``; negative when ``end`` is before."""
        if end < start:
            return -self.working_days_between(end, start)
        count = _weekdays_between(start, end)
        for number in range((start + ONE_DAY).year, end.year + 1) if start < end else ():
            year = self.years.get(number)
            if year is None:
                raise YearNotPublished(number)
            for day in year.holidays | year.working_weekend_days:
                if start < day <= end and day.year == number:
                    count += self.is_working_day(day) - (day.weekday() < SATURDAY)
        return count

    def _step(self, day: date, count: int, step: timedelta) -> date:
        if count < 0:
            raise ValueError(f"working days are counted in one direction: {count}")
        while count:
            day += step
            count -= self.is_working_day(day)
        return day


def _weekdays_between(start: date, end: date) -> int:
    """Mondays to Fridays after ``start`` up to and including ``end``, which is not before it."""
    weeks, rest = divmod((end - start).days, 7)
    return weeks * 5 + sum((start.weekday() + n) % 7 < SATURDAY for n in range(1, rest + 1))
