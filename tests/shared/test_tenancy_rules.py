"""What several services compute by policy: dates of a draft, who acts about which unit, the light of a date."""

from __future__ import annotations

from datetime import date

import pytest

from shared.calendar import Calendar, YearNotPublished
from shared.calendar.china import published
from shared.tenancy import (
    Policy,
    acting_office,
    draft_dates,
    draft_owed,
    office_in_charge,
    receipt_due_on,
    running,
    working_days,
)

CALENDAR = published()
POLICY = Policy()


def test_a_draft_is_due_fifteen_working_days_before_the_day_and_approved_five_before() -> None:
    assert draft_dates(date(2021, 6, 24), POLICY, CALENDAR) == (date(2021, 6, 2), date(2021, 6, 17))


def test_the_dates_of_a_draft_are_never_guessed() -> None:
    with pytest.raises(YearNotPublished):
        draft_dates(date(2099, 6, 24), POLICY, CALENDAR)


def test_lead_reporters_owe_no_draft_and_villages_only_where_policy_asks() -> None:
    assert draft_owed("town", False, POLICY)
    assert not draft_owed("government", True, POLICY)
    assert not draft_owed("village", False, POLICY)
    assert draft_owed("village", False, Policy(village_drafts=True))


def test_a_step_passes_to_the_office_that_stands_in_where_the_unit_houses_the_one_in_charge() -> None:
    assert office_in_charge("law_office", (), POLICY) == "law_office"
    assert office_in_charge("law_office", ("law_office",), POLICY) == "supervision_office"
    assert acting_office("law_office", ("party_office",), POLICY) == "law_office"
    assert acting_office("law_office", ("law_office",), POLICY) == "supervision_office"


def test_where_that_one_sits_in_the_unit_too_the_next_of_the_chain_acts_and_at_the_end_nobody() -> None:
    both = ("law_office", "supervision_office")
    assert acting_office("law_office", both, POLICY) == "party_office"
    assert acting_office("law_office", (*both, "party_office"), POLICY) is None


def test_what_nobody_supervises_stays_red() -> None:
    due_on, long_after = date(2022, 2, 28), date(2022, 4, 1)
    assert running(due_on, long_after, POLICY, CALENDAR).colour == "supervision"
    assert running(due_on, long_after, POLICY, CALENDAR, supervised=False).colour == "red"


def test_working_days_of_a_year_without_data_are_not_known() -> None:
    assert working_days(date(2022, 2, 25), date(2022, 2, 28), CALENDAR) == 1
    assert working_days(date(2022, 2, 25), date(2022, 2, 28), Calendar({})) is None
    assert receipt_due_on(date(2022, 2, 28), POLICY, CALENDAR) == date(2022, 3, 7)
    assert receipt_due_on(date(2022, 2, 28), POLICY, Calendar({})) is None
