"""The rules of the year's plan, its amendments, and what it warns of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.scheduling.domain.plan import (
    Adopted,
    AdoptPlan,
    AmendPlan,
    Command,
    Event,
    Facts,
    Plan,
    PlanAdopted,
    PlanAmended,
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


def plan_of_2021(
    last_minutes_on: date | None = None, tier: str = "district", called: tuple[int, ...] = ()
) -> Scenario[Plan, Command, Event, Facts]:
    return scenario(
        decide,
        evolve,
        initial,
        today=TODAY,
        actor=LAW_OFFICE,
        tier=tier,
        facts=Facts(2021, last_minutes_on, called),
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


def test_policy_says_how_long_after_its_year_a_round_may_be_held() -> None:
    march = AdoptPlan((PlannedRound(1, date(2022, 3, 1)),))
    assert plan_of_2021().under(Policy(months_after_plan_year=3)).when(march).events
    plan_of_2021().under(Policy(months_after_plan_year=2)).when(march).then_refused(
        "scheduling.date-outside-plan-year"
    )
    within = plan_of_2021().under(Policy(months_after_plan_year=0))
    within.when(AdoptPlan((PlannedRound(1, date(2022, 1, 12)),))).then_refused(
        "scheduling.date-outside-plan-year"
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


# ---- amendments ----

MOVED = PlannedRound(2, date(2021, 12, 15))
AMEND = AmendPlan((FIRST, MOVED), "区人大会议改期")


def amended(*rounds: PlannedRound, version: int = 2, warnings: tuple[str, ...] = ()) -> PlanAmended:
    return PlanAmended(2021, version, rounds, "区人大会议改期", warnings, on=TODAY)


def adopted_plan(called: tuple[int, ...] = ()) -> Scenario[Plan, Command, Event, Facts]:
    return plan_of_2021(called=called).given(adopted(FIRST, SECOND))


def test_an_adopted_plan_is_amended_with_a_reason_as_a_new_version() -> None:
    adopted_plan().when(AMEND).then(amended(FIRST, MOVED))
    after = adopted_plan().given(amended(FIRST, MOVED))
    assert after.state == Adopted((FIRST, MOVED), version=2)
    after.when(replace(AMEND, rounds=(FIRST, SECOND))).then(amended(FIRST, SECOND, version=3))


def test_the_same_rounds_again_are_no_amendment() -> None:
    adopted_plan().when(AmendPlan((SECOND, FIRST), "无变化")).then_nothing()


def test_an_amendment_gives_its_reason() -> None:
    adopted_plan().when(replace(AMEND, reason=" ")).then_refused("scheduling.reason-missing")


def test_there_is_nothing_to_amend_without_a_plan() -> None:
    plan_of_2021().when(AMEND).then_refused("scheduling.not-allowed-now", situation="not-adopted")


def test_an_amended_plan_keeps_to_the_rules_of_the_first() -> None:
    adopted_plan().when(replace(AMEND, rounds=(SECOND,))).then_refused(
        "scheduling.rounds-not-numbered-in-order"
    )
    late = PlannedRound(2, date(2022, 2, 1))
    adopted_plan().when(replace(AMEND, rounds=(FIRST, late))).then_refused(
        "scheduling.date-outside-plan-year"
    )


@pytest.mark.parametrize(
    ("rounds", "changed"),
    [
        pytest.param((PlannedRound(1, date(2021, 6, 25)), SECOND), [1], id="another day"),
        pytest.param((FIRST,), [2], id="left out"),
        pytest.param(
            (PlannedRound(1, date(2021, 3, 1)), PlannedRound(2, FIRST.planned_on)),
            [1, 2],
            id="another number",
        ),
    ],
)
def test_a_round_whose_people_were_called_is_rescheduled_or_cancelled_instead(
    rounds: tuple[PlannedRound, ...], changed: list[int]
) -> None:
    adopted_plan(called=(1, 2)).when(replace(AMEND, rounds=rounds)).then_refused(
        "scheduling.called-round-changed", numbers=changed
    )
    assert adopted_plan().when(replace(AMEND, rounds=rounds)).refusal is None


def test_a_round_is_added_beside_one_whose_people_were_called() -> None:
    third = PlannedRound(3, date(2022, 1, 28))
    outcome = adopted_plan(called=(1, 2)).when(replace(AMEND, rounds=(FIRST, SECOND, third)))
    outcome.then(amended(FIRST, SECOND, third, warnings=("scheduling.gap-too-short:2022-01-28",)))


def test_a_village_plans_no_session_unless_policy_opens_it() -> None:
    village = plan_of_2021(tier="village")
    village.when(ADOPT).then_refused("scheduling.village-holds-no-session")
    village.under(Policy(village_sessions=True)).when(ADOPT).then(adopted(FIRST, SECOND))
