"""The rules of scheduling that warn: each answers ``<code>:<subject>`` strings, and the law office decides.

A warning never stops anything; it is kept in the event that was decided in spite of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from services.scheduling.domain.roster import OtherSession, RosterEntry
from shared.calendar import Calendar, YearNotPublished, months_after
from shared.tenancy import Policy

MONTHS_IN_A_YEAR = 12


def unit_rostered_again(
    entries: Iterable[RosterEntry], day: date, sessions: Iterable[OtherSession], policy: Policy
) -> tuple[str, ...]:
    """The same unit inside two years (domain.md 2). Another roster without a date yet is always inside."""
    months = policy.repeat_warning_years * MONTHS_IN_A_YEAR
    near = {
        entry.unit
        for other in sessions
        for entry in other.roster
        if other.held_on is None or months_after(min(day, other.held_on), months) > max(day, other.held_on)
    }
    return tuple(f"scheduling.unit-rostered-again:{entry.unit}" for entry in entries if entry.unit in near)


def fewer_sessions_than_policy(rounds: int, policy: Policy) -> tuple[str, ...]:
    """Two sessions a year (domain.md 1, step 1)."""
    if rounds >= policy.sessions_per_year:
        return ()
    return (f"scheduling.fewer-sessions-than-policy:{rounds}",)


def gap_too_short(last: date | None, day: date, calendar: Calendar, policy: Policy) -> tuple[str, ...]:
    """A session before the last minutes + 3 months + 20 working days (domain.md 1, step 1).

    ``last`` is the day those minutes were sent, or the session itself while they are not: no minutes are sent
    before their session. Where a year's holidays are missing the warning says that it cannot tell.
    """
    if last is None:
        return ()
    term = calendar.due_months_after(last, policy.plan_gap_months)
    try:
        early = day < term.on or _fewer_working_days(calendar, term.on, day, policy.plan_gap_working_days)
    except YearNotPublished as missing:
        return (f"scheduling.gap-unknown:{missing.year}",)
    return (f"scheduling.gap-too-short:{day.isoformat()}",) if early else ()


def lead_time_too_short(held_on: date, today: date, calendar: Calendar, policy: Policy) -> tuple[str, ...]:
    """The day drafts are due, or approved by, has already passed (domain.md 1, step 4): the chair decides."""
    due = calendar.working_days_before(held_on, policy.draft_due_working_days)
    approved = calendar.working_days_before(held_on, policy.approval_due_working_days)
    passed = {
        f"scheduling.draft-due-passed:{due.isoformat()}": due < today,
        f"scheduling.approval-due-passed:{approved.isoformat()}": approved < today,
    }
    return tuple(warning for warning, true in passed.items() if true)


def _fewer_working_days(calendar: Calendar, start: date, end: date, count: int) -> bool:
    """Do fewer than ``count`` working days lie after ``start`` up to ``end``? Looks at no day that does not
    matter, so that a year after ``end`` need not be known."""
    day = start
    while count and day < end:
        day += timedelta(days=1)
        count -= calendar.is_working_day(day)
    return count > 0
