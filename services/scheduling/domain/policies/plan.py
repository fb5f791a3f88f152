"""The rules of the year's plan (domain.md 1, step 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from shared.decider import Refused
from shared.tenancy import Policy

VILLAGE = "village"


def plan_year_malformed(year: int | None) -> Refused | None:
    """A plan is the plan of a year of four digits."""
    return Refused("scheduling.plan-year-malformed") if year is None else None


def rounds_not_numbered_in_order(numbers: Sequence[int]) -> Refused | None:
    """A plan has one round at least, and they are numbered 1, 2, … in the order of their dates."""
    if numbers and list(numbers) == list(range(1, len(numbers) + 1)):
        return None
    return Refused("scheduling.rounds-not-numbered-in-order", numbers=list(numbers))


def date_outside_plan_year(day: date, plan_year: int, policy: Policy) -> Refused | None:
    """A session of a plan year is held in it or, as policy says, soon after (domain.md 2: 2021/2 was in January
    2022)."""
    if day.year == plan_year or (day.year == plan_year + 1 and day.month <= policy.months_after_plan_year):
        return None
    return Refused("scheduling.date-outside-plan-year", date=day.isoformat(), plan_year=plan_year)


def village_holds_no_session(tier: str | None, policy: Policy) -> Refused | None:
    """A village holds no session of its own unless policy opens it (domain.md 1, full coverage)."""
    if tier != VILLAGE or policy.village_sessions:
        return None
    return Refused("scheduling.village-holds-no-session")


def called_round_changed(
    rounds: Mapping[int, date], planned: Mapping[int, date], called: Iterable[int]
) -> Refused | None:
    """An amended plan keeps every round whose people were called: that session is rescheduled or cancelled."""
    changed = sorted(number for number in called if rounds.get(number) != planned.get(number))
    return Refused("scheduling.called-round-changed", numbers=changed) if changed else None
