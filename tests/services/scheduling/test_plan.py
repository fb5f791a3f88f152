"""The rules of the year's plan, and what it warns of."""

from __future__ import annotations

from datetime import date

import pytest

from services.scheduling.domain.plan import (
    Adopted,
    AdoptPlan,
    Event,
    Facts,
    Plan,
    PlanAdopted,
    PlannedRound,
    decide,
    evolve,
    initial,
)
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.tenancy import Policy
from shared.testing.given import Scenario, scenario
from tests.services.scheduling.telling import LAW_OFFICE

TODAY = date(2021, 1, 20)
FIRST, SECOND = PlannedRound(1, date(2021, 6, 24)), PlannedRound(2, date(2022, 1, 12))
ADOPT = AdoptPlan((FIRST, SECOND))


def adopted(*rounds: PlannedRound, warnings: tuple[str, ...] = ()) -> PlanAdopted:
    return PlanAdopted(2021, rounds, warnings, on=TODAY)


def plan_of_2021(last_minutes_on: date | None = None) -> Scenario[Plan, AdoptPlan, Event, Facts]:
    return scenario(
        decide, evolve, initial, today=TODAY, actor=LAW_OFFICE, facts=Facts(2021, last_minutes_on)
    )


def test_a_years_plan_is_adopted() -> None:
    plan_of_2021().when(ADOPT).then(adopted(FIRST, SECOND))
    assert plan_of_2021().given(adopted(FIRST, SECOND)).state == Adopted((FIRST, SECOND))


@pytest.mark.parametrize("rounds", [(FIRST, SECOND), (SECOND, FIRST)])
def test_the_same_plan_again_is_nothing_new(rounds: tuple[PlannedRound, ...]) -> None:
    plan_of_2021().given(adopted(FIRST, SECOND)).when(AdoptPlan(rounds)).then_nothing()


def test_a_years_plan_is_adopted_once() -> None:
    plan_of_2021().given(adopted(FIRST, SECOND)).when(AdoptPlan((FIRST,))).then_refused(
        "scheduling.not-allowed-now", situation="adopted", command="adopt-plan"
    )


def test_a_plan_is_the_plan_of_a_year() -> None:
    plan_of_2021().knowing(Facts(year=None)).when(ADOPT).then_refused("scheduling.plan-year-malformed")


@pytest.mark.parametrize(
    ("rounds", "numbers"),
    [
        ((), []),
        ((SECOND,), [2]),
        ((FIRST, PlannedRound(1, date(2021, 12, 1))), [1, 1]),
        ((PlannedRound(2, date(2021, 6, 24)), PlannedRound(1, date(2022, 1, 12))), [2, 1]),
    ],
)
def test_rounds_are_numbered_from_one_in_the_order_of_their_dates(
    rounds: tuple[PlannedRound, ...], numbers: list[int]
) -> None:
    plan_of_2021().when(AdoptPlan(rounds)).then_refused(
        "scheduling.rounds-not-numbered-in-order", numbers=numbers
    )


@pytest.mark.parametrize("day", [date(2020, 12, 31), date(2022, 2, 1), date(2023, 1, 12)])
def test_a_round_is_planned_in_its_year_or_the_january_after(day: date) -> None:
    plan_of_2021().when(AdoptPlan((PlannedRound(1, day),))).then_refused(
        "scheduling.date-outside-plan-year", date=day.isoformat(), plan_year=2021
    )


def test_fewer_sessions_than_policy_expects_are_warned_of() -> None:
    plan_of_2021().when(AdoptPlan((FIRST,))).then(
        adopted(FIRST, warnings=("scheduling.fewer-sessions-than-policy:1",))
    )
    plan_of_2021().under(Policy(sessions_per_year=1)).when(AdoptPlan((FIRST,))).then(adopted(FIRST))


@pytest.mark.parametrize(
    ("last", "warned"),
    [
        # three months after 2021-02-26, and the twentieth working day after that, is the day itself
        (date(2021, 2, 26), False),
        (date(2021, 2, 27), True),
    ],
)
def test_a_round_too_soon_after_the_last_minutes_is_warned_of(last: date, warned: bool) -> None:
    warnings = ("scheduling.gap-too-short:2021-06-24",) if warned else ()
    plan_of_2021(last).when(ADOPT).then(adopted(FIRST, SECOND, warnings=warnings))


def test_a_round_too_soon_after_the_round_before_is_warned_of() -> None:
    soon = PlannedRound(2, date(2021, 9, 30))
    plan_of_2021().when(AdoptPlan((FIRST, soon))).then(
        adopted(FIRST, soon, warnings=("scheduling.gap-too-short:2021-09-30",))
    )


@pytest.mark.parametrize(
    ("months", "working_days", "warned"),
    [(6, 0, False), (7, 0, True), (6, 12, False), (6, 13, True)],
)
def test_policy_says_how_long_the_gap_is(months: int, working_days: int, warned: bool) -> None:
    # six months after 2021-06-24 is 2021-12-24, and 2022-01-12 the twelfth working day after that
    policy = Policy(plan_gap_months=months, plan_gap_working_days=working_days)
    outcome = plan_of_2021().under(policy).when(ADOPT)
    [event] = outcome.events
    assert bool(event.warnings) is warned


def test_a_gap_that_cannot_be_counted_is_said_to_be_unknown_and_stops_no_plan() -> None:
    only_2021 = Calendar({2021: published().years[2021]})
    early, late = PlannedRound(1, date(2021, 10, 14)), PlannedRound(2, date(2022, 1, 28))
    plan_of_2021().within(only_2021).when(AdoptPlan((early, late))).then(
        adopted(early, late, warnings=("scheduling.gap-unknown:2022",))
    )


def test_a_gap_that_is_short_in_any_calendar_is_known_without_one() -> None:
    only_2021 = Calendar({2021: published().years[2021]})
    early, late = PlannedRound(1, date(2021, 11, 15)), PlannedRound(2, date(2022, 1, 28))
    plan_of_2021().within(only_2021).when(AdoptPlan((early, late))).then(
        adopted(early, late, warnings=("scheduling.gap-too-short:2022-01-28",))
    )
