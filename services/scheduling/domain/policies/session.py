"""The rules of a session's day and of what changes once its people are called (domain.md 1, steps 1, 2, 5b; 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from services.scheduling.domain.registry import RegisteredUnit
from services.scheduling.domain.roster import Reporter
from shared.calendar import Calendar, YearNotPublished
from shared.decider import Refused
from shared.tenancy import Policy


def roster_still_provisional(provisional: bool) -> Refused | None:
    """People are called by a roster that is settled; a provisional one (拟参加) is drafted again as settled first."""
    return Refused("scheduling.roster-still-provisional") if provisional else None


def observers_not_named(observers: Sequence[object]) -> Refused | None:
    """A session is scheduled when its observers are named: then the next round's roster exists."""
    return None if observers else Refused("scheduling.observers-not-named")


def round_not_planned(number: int, plan_year: int, rounds: Mapping[int, date] | None) -> Refused | None:
    """A session is a round of the year's adopted plan."""
    if rounds is not None and number in rounds:
        return None
    return Refused(
        "scheduling.round-not-planned", plan_year=plan_year, number=number, planned=sorted(rounds or ())
    )


def session_in_the_past(held_on: date, today: date) -> Refused | None:
    """A session is scheduled for today or a later day."""
    if held_on >= today:
        return None
    return Refused("scheduling.session-in-the-past", held_on=held_on.isoformat(), today=today.isoformat())


def calendar_year_missing(calendar: Calendar, held_on: date, policy: Policy) -> Refused | None:
    """The drafts' dates are counted in working days: never a guess in a year without holidays (domain.md 4).

    Refused here, where somebody can answer, and not in review, which only hears that the session is scheduled.
    """
    try:
        calendar.working_days_before(held_on, policy.draft_due_working_days)
        calendar.working_days_before(held_on, policy.approval_due_working_days)
    except YearNotPublished as missing:
        return Refused("scheduling.calendar-year-missing", year=missing.year)
    return None


def past_session_not_past(held_on: date, today: date) -> Refused | None:
    """A session from before the system is entered with the day on which it was held."""
    if held_on < today:
        return None
    return Refused("scheduling.past-session-not-past", held_on=held_on.isoformat(), today=today.isoformat())


def unit_not_on_the_roster(unit: str, reporters: Iterable[Reporter]) -> Refused | None:
    """Only a reporter of this session can be replaced; a lead report is given by nobody else."""
    rostered = [one.unit for one in reporters if not one.lead]
    return (
        None
        if unit in rostered
        else Refused("scheduling.unit-not-on-the-roster", unit=unit, rostered=rostered)
    )


def unit_already_on_the_roster(unit: str, reporters: Iterable[Reporter]) -> Refused | None:
    """A unit reports once in a session."""
    if all(one.unit != unit for one in reporters):
        return None
    return Refused("scheduling.unit-already-on-the-roster", unit=unit)


def other_category_steps_in(unit_out: Reporter, unit_in: RegisteredUnit) -> Refused | None:
    """Another of its category may step in (domain.md 1, step 5b): the roster keeps one of each."""
    if unit_in.category == unit_out.category:
        return None
    return Refused(
        "scheduling.other-category-steps-in",
        unit=unit_in.unit,
        category=unit_in.category,
        needed=unit_out.category,
    )
