"""The State Council's yearly holiday arrangements, read from the chinesecalendar package."""

from __future__ import annotations

from datetime import date
from functools import cache

import chinese_calendar

from shared.calendar.working_days import Calendar, Year


@cache
def published() -> Calendar:
    """Every year the package knows (2004 on). A later year comes with a newer package or by CalendarAdopted."""
    years = sorted({day.year for day in chinese_calendar.holidays})
    return Calendar(
        {
            year: Year(
                year=year,
                holidays=frozenset(d for d in chinese_calendar.holidays if d.year == year),
                working_weekend_days=frozenset(
                    d for d in chinese_calendar.workdays if d.year == year and d.weekday() >= 5
                ),
            )
            for year in years
        }
    )


def holiday_name(day: date) -> str | None:
    """What the public holiday is called (国庆节); None for any other day, a weekend too, and where it is not known."""
    try:
        free, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    named = next((one for one in chinese_calendar.Holiday if one.value == name), None)
    return named.chinese if free and named else None
