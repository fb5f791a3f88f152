"""How a date moves: days that were suspended, and the days on which its unit is reminded. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Set
from contextlib import suppress
from datetime import date, timedelta

from services.rectification.domain.situations import ONE_DAY, Duty, Reminders, Suspension
from shared.calendar import Calendar, Due, YearNotPublished
from shared.tenancy import Policy


def days_of(periods: Iterable[Suspension]) -> frozenset[date]:
    """Every day of these periods, once however many of them it lies in."""
    return frozenset(
        period.suspended_from + timedelta(days=n)
        for period in periods
        for n in range((period.suspended_until - period.suspended_from).days + 1)
    )


def moved_by(due_on: date, first: date, stopped: Set[date]) -> date:
    """``due_on`` moved by the stopped days of its term, which runs from ``first`` on: a day that is stopped does not
    run, and neither does one that the date is moved to. Before rolling to a working day.

    As many days run between ``first`` and the answer as ran between ``first`` and ``due_on`` without a stop; a
    period that begins after the date moves nothing.
    """
    moved = due_on
    while True:
        again = due_on + timedelta(days=sum(first <= day <= moved for day in stopped))
        if again == moved:
            return moved
        moved = again


def due_with_suspensions(duty: Duty, asked_on: date, calendar: Calendar) -> tuple[Due, int]:
    """The date that governs once the suspended days that were not known when it was set are added, and how many
    they are; rolled to a working day like every last day (domain.md 4). The first day is not counted."""
    base = duty.due_before_suspension
    set_to = calendar.due(base.due_on) if base.provisional else Due(base.due_on, base.due_on)
    known = days_of(duty.suspended[: duty.suspensions_known])
    moved = moved_by(set_to.on, asked_on + ONE_DAY, days_of(duty.suspended) - known)
    days = (moved - set_to.on).days
    if days == 0:
        return set_to, 0
    due = calendar.due(moved)
    return Due(due.on, due.before_rolling, due.provisional or set_to.provisional), days


def reminders(
    due_on: date, set_on: date, policy: Policy, calendar: Calendar, suspended: Iterable[Suspension] = ()
) -> Reminders:
    """When to remind of a date that was set on ``set_on`` (domain.md 2, lights): on the first day of yellow and of
    orange, or on the first day after a suspension that day lies in.

    None where the day has come when the date is set (the unit is told the date itself), where orange has come by
    the day of yellow, and for orange where a year's working days are not known.
    """
    stopped = days_of(suspended)
    yellow = _not_stopped(due_on - timedelta(days=policy.yellow_days), stopped)
    orange = None
    with suppress(YearNotPublished):
        orange = _not_stopped(calendar.working_days_before(due_on, policy.orange_working_days), stopped)
    return Reminders(
        yellow_on=yellow if set_on < yellow <= due_on and (orange is None or yellow < orange) else None,
        orange_on=orange if orange is not None and set_on < orange <= due_on else None,
    )


def _not_stopped(day: date, stopped: Set[date]) -> date:
    while day in stopped:
        day += ONE_DAY
    return day
