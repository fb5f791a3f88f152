"""The rules of a draft, each allowed and refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.review.domain.draft import (
    ApproveDraft,
    Command,
    DraftExpected,
    DraftReturned,
    DraftSubmitted,
    ExpectDraft,
    Facts,
    ReturnDraft,
    SubmitDraft,
)
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import FreeText
from shared.tenancy import Policy
from tests.services.review.telling import (
    APPROVE_BY,
    DAY_AFTER,
    DUE,
    HELD,
    HOUSED,
    LAW_OFFICE,
    SCHEDULED,
    STRANGER,
    a_draft,
    approved,
    expected,
    returned,
    submitted,
    voided,
)

TEXT = "我带头学法。"
EXPECT = ExpectDraft("2021-1", "jiaotongwei", "区交通委", "head", "主任", "述法人甲", HELD)

# Expecting


def test_a_draft_is_due_fifteen_working_days_before_and_approved_five_before() -> None:
    a_draft.today(SCHEDULED).when(EXPECT).then(expected())


@pytest.mark.parametrize(
    ("held_on", "due_on", "approve_by"),
    [
        (date(2021, 6, 24), date(2021, 6, 2), date(2021, 6, 17)),  # the Dragon Boat Festival lies between
        (date(2022, 1, 12), date(2021, 12, 21), date(2022, 1, 5)),  # New Year lies between
    ],
)
def test_the_lead_times_of_both_rounds(held_on: date, due_on: date, approve_by: date) -> None:
    command = ExpectDraft("2021-1", "jiaotongwei", "区交通委", "head", "主任", "述法人甲", held_on)
    a_draft.today(SCHEDULED).when(command).then(
        DraftExpected(
            "2021-1",
            "jiaotongwei",
            "区交通委",
            "head",
            "主任",
            "述法人甲",
            held_on,
            due_on,
            approve_by,
            SCHEDULED,
        )
    )


def test_lead_times_follow_the_policy() -> None:
    stricter = a_draft.under(Policy(draft_due_working_days=20)).today(SCHEDULED)
    [event] = stricter.when(EXPECT).events
    assert isinstance(event, DraftExpected)
    assert event.due_on == date(2021, 5, 26)


def test_lead_times_are_refused_in_a_year_without_a_calendar() -> None:
    without_2021 = Calendar({year: data for year, data in published().years.items() if year != 2021})
    a_draft.within(without_2021).when(EXPECT).then_refused("review.calendar-year-missing", year=2021)


def test_a_draft_is_expected_once() -> None:
    a_draft.given(expected()).when(EXPECT).then_refused("review.not-allowed-now", situation="expected")


# Submitting


def test_the_liaison_submits_for_the_head() -> None:
    a_draft.given(expected()).when(SubmitDraft(TEXT, entered_for="述法人甲")).then(submitted())


def test_the_head_is_not_asked_for_twice() -> None:
    a_draft.given(expected()).when(SubmitDraft(TEXT)).then(submitted())


def test_a_draft_nobody_expects_cannot_be_submitted() -> None:
    a_draft.when(SubmitDraft(TEXT)).then_refused(
        "review.not-allowed-now", situation="not-expected", command="submit-draft"
    )


def test_a_draft_is_submitted_by_its_own_unit_only() -> None:
    a_draft.by(STRANGER).given(expected()).when(SubmitDraft(TEXT)).then_refused(
        "review.not-own-unit", unit="jiaotongwei"
    )


def test_a_draft_is_entered_for_the_rostered_head_only() -> None:
    a_draft.given(expected()).when(SubmitDraft(TEXT, entered_for="副主任乙")).then_refused(
        "review.entered-for-somebody-else", entered_for="副主任乙", person="述法人甲"
    )


@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_draft_is_refused(blank: str) -> None:
    a_draft.given(expected()).when(SubmitDraft(blank)).then_refused("review.text-missing", field="text")


def test_a_late_draft_is_taken_and_recorded_as_late() -> None:
    day_after = DUE + timedelta(days=1)
    a_draft.today(day_after).given(expected()).when(SubmitDraft(TEXT)).then(
        submitted(on=day_after, late=True)
    )


def test_a_revision_after_a_return_is_not_late() -> None:
    day = date(2021, 6, 10)
    a_draft.today(day).given(expected(), submitted(), returned()).when(SubmitDraft(TEXT)).then(
        submitted(2, on=day)
    )


@pytest.mark.parametrize(("characters", "length"), [(1600, "fits"), (1601, "long"), (1921, "too_long")])
def test_a_draft_too_long_to_speak_is_warned_of_and_not_refused(characters: int, length: str) -> None:
    [event] = a_draft.given(expected()).when(SubmitDraft("法" * characters)).events
    assert isinstance(event, DraftSubmitted)
    assert (event.characters, event.length) == (characters, length)


def test_the_warning_follows_the_time_that_policy_gives() -> None:
    six_minutes = a_draft.under(Policy(speech_seconds=360))
    [event] = six_minutes.given(expected()).when(SubmitDraft("法" * 1201)).events
    assert isinstance(event, DraftSubmitted)
    assert event.length == "long"


def test_a_submitted_draft_can_be_replaced_before_it_is_judged() -> None:
    a_draft.given(expected(), submitted()).when(SubmitDraft(TEXT)).then(submitted(2))


def test_an_edit_after_approval_voids_it() -> None:
    day = date(2021, 6, 16)
    a_draft.today(day).given(expected(), submitted(), approved()).when(SubmitDraft(TEXT)).then(
        voided(), submitted(2, on=day)
    )


def test_what_was_voided_is_approved_again() -> None:
    again = a_draft.given(expected(), submitted(), approved(), voided(), submitted(2))
    again.by(LAW_OFFICE).today(APPROVE_BY).when(ApproveDraft()).then(approved(2, on=APPROVE_BY))


def test_no_draft_changes_under_a_confirmed_agenda() -> None:
    settled = a_draft.knowing(Facts(agenda_confirmed=True)).given(expected(), submitted(), approved())
    settled.when(SubmitDraft(TEXT)).then_refused("review.agenda-already-confirmed", session="2021-1")


# Judging


def test_the_law_office_returns_a_draft_with_remarks() -> None:
    day = date(2021, 6, 7)
    judged = a_draft.by(LAW_OFFICE).today(day).given(expected(), submitted())
    judged.when(ReturnDraft("请改用第一人称。")).then(DraftReturned(1, FreeText("请改用第一人称。"), day))


def test_a_return_without_remarks_is_refused() -> None:
    a_draft.by(LAW_OFFICE).given(expected(), submitted()).when(ReturnDraft(" ")).then_refused(
        "review.text-missing", field="remarks"
    )


def test_a_draft_is_approved_until_the_session() -> None:
    judged = a_draft.by(LAW_OFFICE).given(expected(), submitted())
    judged.today(APPROVE_BY).when(ApproveDraft()).then(approved(on=APPROVE_BY))
    judged.today(HELD).when(ApproveDraft()).then(approved(on=HELD, late=True))
    judged.today(DAY_AFTER).when(ApproveDraft()).then_refused(
        "review.approval-after-the-session", held_on="2021-06-24"
    )


def test_the_revision_that_was_read_is_the_one_approved() -> None:
    judged = a_draft.by(LAW_OFFICE).given(expected(), submitted(), submitted(2))
    judged.when(ApproveDraft(revision=2)).then(approved(2, on=DUE))
    judged.when(ApproveDraft(revision=1)).then_refused(
        "review.not-the-current-revision", revision=1, current=2
    )


@pytest.mark.parametrize("command", [ApproveDraft(), ReturnDraft("请补充案例。")])
def test_nobody_judges_the_draft_of_their_own_unit(command: Command) -> None:
    a_draft.by(HOUSED).given(expected(), submitted()).when(command).then_refused(
        "review.conflict-of-interest", unit="jiaotongwei"
    )


@pytest.mark.parametrize("command", [ApproveDraft(), ReturnDraft("请补充案例。")])
@pytest.mark.parametrize(
    ("past", "situation"),
    [
        ((), "not-expected"),
        ((expected(),), "expected"),
        ((expected(), submitted(), returned()), "returned"),
        ((expected(), submitted(), approved()), "approved"),
    ],
)
def test_only_a_submitted_draft_is_judged(
    command: Command, past: tuple[DraftExpected], situation: str
) -> None:
    a_draft.by(LAW_OFFICE).given(*past).when(command).then_refused(
        "review.not-allowed-now", situation=situation
    )
