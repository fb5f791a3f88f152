"""The rules of outcomes 成效: whose they are, what a number counts, and when they are confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.evaluation.domain.outcome import (
    Command,
    Event,
    Facts,
    Outcome,
    OutcomeRecorded,
    RecordOutcome,
    decide,
    evolve,
    initial,
)
from shared.testing.given import Scenario, scenario
from tests.services.evaluation.telling import DEPARTMENT, TODAY

CASES = RecordOutcome(
    "示例投诉件数下降",
    unit="langxia",
    number=11.8,
    measured_in="百分比",
    period="2021年上半年",
    evidence="示统〔2021〕3号",
)
CONFIRMED = OutcomeRecorded(
    "示例投诉件数下降",
    "langxia",
    11.8,
    "百分比",
    "2021年上半年",
    "示统〔2021〕3号",
    False,
    confirmed=True,
    on=TODAY,
)
HONOUR = RecordOutcome("示例称号", honour=True, period="2021年度", evidence="示评〔2021〕1号")


def outcome() -> Scenario[Outcome, Command, Event, Facts]:
    return scenario(
        decide,
        evolve,
        initial,
        today=TODAY,
        actor=DEPARTMENT,
        facts=Facts(frozenset({"langxia", "shilizhen"})),
    )


def test_with_period_and_evidence_an_outcome_is_confirmed() -> None:
    outcome().when(CASES).then(CONFIRMED)


@pytest.mark.parametrize("missing", [None, "", " "])
def test_without_period_or_evidence_it_is_as_reported_unconfirmed(missing: str | None) -> None:
    unconfirmed = replace(CONFIRMED, confirmed=False)
    outcome().when(replace(CASES, period=missing)).then(replace(unconfirmed, period=missing))
    outcome().when(replace(CASES, evidence=missing)).then(replace(unconfirmed, evidence=missing))
    neither = replace(unconfirmed, period=missing, evidence=missing)
    outcome().when(replace(CASES, period=missing, evidence=missing)).then(neither)


def test_what_was_missing_is_supplied_and_confirms_it() -> None:
    reported = replace(CONFIRMED, evidence=None, confirmed=False)
    outcome().given(reported).when(CASES).then(CONFIRMED)


def test_the_same_again_is_nothing_new() -> None:
    outcome().given(CONFIRMED).when(CASES).then_nothing()


def test_a_result_is_a_registered_units() -> None:
    for unit in (None, "wairen"):
        outcome().when(replace(CASES, unit=unit)).then_refused(
            "evaluation.outcome-of-no-registered-unit", unit=unit
        )


def test_an_honour_of_the_district_belongs_to_no_unit() -> None:
    outcome().when(HONOUR).then(
        OutcomeRecorded(
            "示例称号", None, None, None, "2021年度", "示评〔2021〕1号", True, confirmed=True, on=TODAY
        )
    )
    outcome().when(replace(HONOUR, unit="langxia")).then_refused(
        "evaluation.honour-of-a-unit", unit="langxia"
    )


@pytest.mark.parametrize("measured_in", [None, "", " "])
def test_a_number_says_what_it_counts(measured_in: str | None) -> None:
    outcome().when(replace(CASES, measured_in=measured_in)).then_refused(
        "evaluation.number-of-nothing", number=11.8
    )
    without = replace(CASES, number=None, measured_in=measured_in)
    outcome().when(without).then(replace(CONFIRMED, number=None, measured_in=measured_in))


@pytest.mark.parametrize("what", ["", "  "])
def test_an_outcome_says_what_came_about(what: str) -> None:
    outcome().when(replace(CASES, what=what)).then_refused("evaluation.outcome-blank")


def test_an_outcome_does_not_become_another_units() -> None:
    outcome().given(CONFIRMED).when(replace(CASES, unit="shilizhen")).then_refused(
        "evaluation.outcome-of-another-unit", before="langxia", unit="shilizhen"
    )
    outcome().given(CONFIRMED).when(HONOUR).then_refused("evaluation.outcome-of-another-unit")
