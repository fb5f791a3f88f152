"""The rules of a draft, each allowed and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.review.domain.draft import (
    ApproveDraft,
    Command,
    DraftExpected,
    DraftHandedOver,
    DraftMoved,
    DraftReturned,
    DraftSubmitted,
    DraftWithdrawn,
    Event,
    ExpectDraft,
    Expected,
    Facts,
    HandOverDraft,
    MoveDraft,
    NotExpected,
    ReturnDraft,
    SubmitDraft,
    WithdrawDraft,
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
    PARTY_OFFICE,
    SCHEDULED,
    STRANGER,
    SUPERVISION,
    a_draft,
    approved,
    expected,
    returned,
    submitted,
    voided,
)

TEXT = "我带头学法。"
EXPECT = ExpectDraft("2021-1", "jiaotongwei", "区交通委", "head", "主任", "述法人甲", HELD, "government")

# Expecting


def test_policy_says_how_many_working_days_before_a_draft_is_approved() -> None:
    earlier = a_draft.today(SCHEDULED).under(Policy(approval_due_working_days=10))
    earlier.when(EXPECT).then(replace(expected(), approve_by=date(2021, 6, 9)))


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
    command = ExpectDraft(
        "2021-1", "jiaotongwei", "区交通委", "head", "主任", "述法人甲", held_on, "government"
    )
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


@pytest.mark.parametrize(
    ("expect", "policy", "owed"),
    [
        (EXPECT, Policy(), True),
        (replace(EXPECT, lead=True), Policy(), False),
        (replace(EXPECT, category="village"), Policy(), False),
        (replace(EXPECT, category="village"), Policy(village_drafts=True), True),
    ],
)
def test_lead_reporters_and_villages_owe_no_draft(expect: ExpectDraft, policy: Policy, owed: bool) -> None:
    asked = a_draft.today(SCHEDULED).under(policy)
    if owed:
        asked.when(expect).then(expected())
    else:
        asked.when(expect).then_nothing()


# What changes after it was asked for

LATER = date(2021, 7, 8)
MOVED = DraftMoved(HELD, LATER, date(2021, 6, 17), date(2021, 7, 1), DUE)
HANDOVER = HandOverDraft("主任", "继任甲", date(2021, 6, 1))
HANDED_OVER = DraftHandedOver("主任", "述法人甲", "继任甲", date(2021, 6, 1), None, DUE)
WITHDRAWN = DraftWithdrawn("substituted", DUE)


@pytest.mark.parametrize(
    "past",
    [
        (expected(),),
        (expected(), submitted()),
        (expected(), submitted(), returned()),
        (expected(), submitted(), approved()),
    ],
)
def test_the_dates_of_a_draft_move_with_its_session(past: tuple[Event, ...]) -> None:
    a_draft.given(*past).when(MoveDraft(LATER)).then(MOVED)
    a_draft.given(*past).when(MoveDraft(HELD)).then_nothing()
    moved = a_draft.given(*past, MOVED).state
    assert not isinstance(moved, NotExpected)
    assert (moved.asked.held_on, moved.asked.due_on) == (LATER, date(2021, 6, 17))


def test_a_draft_is_judged_by_the_dates_that_hold() -> None:
    day = date(2021, 6, 10)
    a_draft.today(day).given(expected(), MOVED).when(SubmitDraft(TEXT)).then(submitted(on=day))
    late = a_draft.by(LAW_OFFICE).today(date(2021, 7, 1)).given(expected(), submitted(), MOVED)
    late.when(ApproveDraft()).then(approved(on=date(2021, 7, 1)))


def test_a_draft_is_not_moved_into_a_year_without_a_calendar() -> None:
    without_2022 = Calendar({year: data for year, data in published().years.items() if year != 2022})
    a_draft.within(without_2022).given(expected()).when(MoveDraft(date(2022, 1, 12))).then_refused(
        "review.calendar-year-missing", year=2022
    )


@pytest.mark.parametrize(
    ("past", "voided"),
    [
        ((expected(),), None),
        ((expected(), submitted()), None),
        ((expected(), submitted(), returned()), None),
        ((expected(), submitted(), approved()), 1),
    ],
)
def test_a_new_head_hands_in_a_draft_of_their_own(past: tuple[Event, ...], voided: int | None) -> None:
    event = replace(HANDED_OVER, voided=voided)
    a_draft.given(*past).when(HANDOVER).then(event)
    after = a_draft.given(*past, event)
    assert isinstance(after.state, Expected)
    [revision] = after.when(SubmitDraft(TEXT, entered_for="继任甲")).events
    assert isinstance(revision, DraftSubmitted)
    assert (revision.revision, revision.entered_for) == (len(past[1:2]) + 1, "继任甲")
    after.when(SubmitDraft(TEXT, entered_for="述法人甲")).then_refused(
        "review.entered-for-somebody-else", person="继任甲"
    )


def test_a_handover_heard_again_is_nothing_new() -> None:
    a_draft.given(expected(), HANDED_OVER).when(HANDOVER).then_nothing()


def test_a_draft_of_who_does_not_report_is_withdrawn() -> None:
    a_draft.given(expected(), submitted()).when(WithdrawDraft("substituted")).then(WITHDRAWN)
    withdrawn = a_draft.given(expected(), submitted(), WITHDRAWN)
    withdrawn.when(SubmitDraft(TEXT)).then_refused("review.not-allowed-now", situation="withdrawn")


def test_a_unit_that_is_called_again_is_asked_again() -> None:
    again = a_draft.today(SCHEDULED).given(expected(), submitted(), WITHDRAWN)
    again.when(EXPECT).then(expected())
    asked = again.given(expected())
    assert asked.state == Expected(expected(), revision=1)


@pytest.mark.parametrize("past", [(), (expected(), WITHDRAWN)])
@pytest.mark.parametrize("command", [MoveDraft(LATER), HANDOVER, WithdrawDraft("cancelled")])
def test_where_no_draft_is_asked_for_nothing_changes(past: tuple[Event, ...], command: Command) -> None:
    a_draft.given(*past).when(command).then_nothing()


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
def test_the_draft_of_the_unit_that_houses_the_law_office_is_judged_by_another(command: Command) -> None:
    housing = replace(expected(), houses_offices=("law_office",))
    judged = a_draft.given(housing, submitted())
    judged.by(LAW_OFFICE).when(command).then_refused(
        "review.not-the-office-in-charge", office="supervision_office", unit_name="区交通委"
    )
    assert judged.by(SUPERVISION).when(command).events
    named = judged.under(Policy(standing_in_office="organization_department"))
    named.by(SUPERVISION).when(command).then_refused(
        "review.not-the-office-in-charge", office="organization_department"
    )


@pytest.mark.parametrize("command", [ApproveDraft(), ReturnDraft("请补充案例。")])
def test_a_draft_is_judged_by_the_office_that_policy_names(command: Command) -> None:
    named = a_draft.given(expected(), submitted()).under(Policy(reviewing_office="party_office"))
    named.by(LAW_OFFICE).when(command).then_refused("review.not-the-office-in-charge", office="party_office")
    assert named.by(PARTY_OFFICE).when(command).events


@pytest.mark.parametrize("command", [ApproveDraft(), ReturnDraft("请补充案例。")])
def test_who_stands_in_judges_no_other_draft_and_never_their_own(command: Command) -> None:
    a_draft.by(SUPERVISION).given(expected(), submitted()).when(command).then_refused(
        "review.not-the-office-in-charge", office="law_office"
    )
    housing = replace(expected(), houses_offices=("law_office", "supervision_office"))
    own = replace(SUPERVISION, unit="jiaotongwei")
    a_draft.by(own).given(housing, submitted()).when(command).then_refused("review.conflict-of-interest")


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
