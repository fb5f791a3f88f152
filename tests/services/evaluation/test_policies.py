"""The rules that answer whether they hold, each both ways."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.evaluation.domain.lines import Handover, Line
from services.evaluation.domain.policies import (
    after_the_cutoff,
    as_reported_unconfirmed,
    before_the_post_was_taken,
    nothing_of_that_kind,
    year_of,
)
from shared.tenancy import Policy
from tests.services.evaluation.telling import FIRST, HANDED_OVER, HANDED_OVER_ON, SECOND


@pytest.mark.parametrize(
    ("due_on", "cutoff", "after", "year"),
    [
        (date(2021, 12, 31), "12-31", False, 2021),
        (date(2022, 1, 1), "12-31", False, 2022),
        (date(2021, 11, 30), "11-30", False, 2021),
        (date(2021, 12, 1), "11-30", True, 2022),
        (date(2024, 2, 29), "02-28", True, 2025),
    ],
)
def test_what_is_due_after_the_cutoff_counts_in_the_year_after(
    due_on: date, cutoff: str, after: bool, year: int
) -> None:
    policy = Policy(evaluation_cutoff=cutoff)
    assert after_the_cutoff(due_on, policy) is after
    assert year_of(due_on, policy) == year


def test_a_kind_of_which_the_year_has_nothing_is_told_from_one_with_an_open_line() -> None:
    open_report = Line("report", "open", "2021-1")
    assert not nothing_of_that_kind([open_report], "report")
    assert nothing_of_that_kind([open_report], "rectification")
    assert nothing_of_that_kind([], "report")


def test_the_day_on_which_a_post_is_taken_is_the_successors_first() -> None:
    handover = Handover("secretary", "书记", FIRST, SECOND, HANDED_OVER_ON, HANDED_OVER)
    assert before_the_post_was_taken(HANDED_OVER_ON - timedelta(days=1), handover)
    assert not before_the_post_was_taken(HANDED_OVER_ON, handover)


def test_an_outcome_is_confirmed_with_both_period_and_evidence() -> None:
    assert not as_reported_unconfirmed("2021年度", "示统〔2021〕3号")
    for period, evidence in ((None, "示统〔2021〕3号"), ("2021年度", None), ("", " "), (None, None)):
        assert as_reported_unconfirmed(period, evidence)
