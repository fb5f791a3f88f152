"""The rules of a rectification case, each allowed and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.rectification.domain.commands import (
    Command,
    GrantExtension,
    NoteOverdue,
    ReceiptFeedback,
    RecordHandover,
    RefuseExtension,
    RequestExtension,
    ReturnRectification,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import (
    Event,
    ExtensionRefused,
    ExtensionRequested,
    FeedbackReceipted,
    FeedbackSubmitted,
    RectificationFellOverdue,
    RectificationReturned,
    RectificationVerified,
)
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case, Closed, FedBack, Open, Outcome, Reminders
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Actor, FreeText
from shared.tenancy import Policy
from shared.testing.given import Scenario
from tests.services.rectification.telling import (
    BOTH,
    DEADLINE,
    DUE,
    HOUSED,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    STRANGER,
    SUPERVISION,
    asked,
    case,
    confirmed,
    fed_back,
    fell_due,
    fell_overdue,
    granted,
    handed_over,
    open_case,
    receipted_by,
    refused,
    returned,
    verified,
)

FEEDBACK = SubmitFeedback(text="已完成。", signer="示例甲")
RETURN = ReturnRectification(remarks="程序尚未覆盖各村。", due_on=date(2021, 11, 26))
ASK = RequestExtension(reason="涉及企业较多。", due_on=date(2021, 10, 29))


def waiting_for_verification() -> Scenario[Case, Command, Event, Facts]:
    past = case(date(2021, 10, 20), LAW_OFFICE).given(fell_due(), fed_back())
    return past.given(*receipted_by(*BOTH))


# ---- opening ----


def test_minutes_with_items_open_a_case_with_the_date_they_print() -> None:
    case().when(open_case()).then(fell_due())


def test_minutes_with_praise_only_open_none() -> None:
    case().when(open_case(items=())).then_refused("rectification.no-items")


def test_a_case_is_opened_once() -> None:
    case().given(fell_due()).when(open_case()).then_refused("rectification.not-allowed-now", situation="open")


@pytest.mark.parametrize("command", [FEEDBACK, ReceiptFeedback("law_office"), GrantExtension(), RETURN])
def test_nothing_can_be_entered_before_the_case_is_opened(command: Command) -> None:
    case().when(command).then_refused("rectification.not-allowed-now", situation="not-opened")


# ---- feedback ----


def test_feedback_is_sent_to_every_office_that_policy_names() -> None:
    submitted = FeedbackSubmitted(
        text=FreeText("已完成。"),
        signer="示例甲",
        document_number="廊委〔2021〕45号",
        sent_on=date(2021, 9, 28),
        due_on=DUE,
        on_time=True,
        offices=("party_office", "law_office", "supervision_office"),
        on=date(2021, 9, 30),
    )
    case(date(2021, 9, 30)).under(Policy(receipt_offices=submitted.offices)).given(fell_due()).when(
        replace(FEEDBACK, document_number="廊委〔2021〕45号", sent_on=date(2021, 9, 28))
    ).then(submitted)


def test_feedback_without_a_date_was_sent_today() -> None:
    case(date(2021, 9, 28)).given(fell_due()).when(FEEDBACK).then(fed_back())


def test_feedback_of_another_unit_is_refused() -> None:
    case().by(STRANGER).given(fell_due()).when(FEEDBACK).then_refused(
        "rectification.not-own-unit", unit="langxia"
    )


def test_somebody_without_a_unit_cannot_feed_back() -> None:
    case().by(Actor("u", "无单位", frozenset({"liaison"}))).given(fell_due()).when(FEEDBACK).then_refused(
        "rectification.not-own-unit"
    )


@pytest.mark.parametrize("text", ["", " \n\t　"])
def test_feedback_says_something(text: str) -> None:
    case().given(fell_due()).when(replace(FEEDBACK, text=text)).then_refused("rectification.feedback-empty")


def test_feedback_has_a_signer() -> None:
    case().given(fell_due()).when(replace(FEEDBACK, signer=" ")).then_refused("rectification.signer-missing")


def test_feedback_is_not_sent_in_the_future() -> None:
    case(date(2021, 9, 27)).given(fell_due()).when(replace(FEEDBACK, sent_on=date(2021, 9, 28))).then_refused(
        "rectification.sent-in-future", sent_on="2021-09-28", today="2021-09-27"
    )


def test_feedback_is_not_older_than_the_minutes() -> None:
    case().given(fell_due()).when(replace(FEEDBACK, sent_on=date(2021, 7, 6))).then_refused(
        "rectification.sent-before-asked", asked_on="2021-07-07"
    )


def test_feedback_on_the_day_of_the_minutes_is_allowed() -> None:
    case(date(2021, 7, 7)).given(fell_due()).when(FEEDBACK).then(fed_back(date(2021, 7, 7)))


def test_feedback_after_a_return_is_not_older_than_the_return() -> None:
    past = case(date(2021, 11, 24)).given(fell_due(), fed_back(), *receipted_by(*BOTH), returned())
    past.when(replace(FEEDBACK, sent_on=date(2021, 10, 25))).then_refused(
        "rectification.sent-before-asked", asked_on="2021-10-26"
    )


def test_feedback_sent_on_the_last_day_is_on_time() -> None:
    case(DUE).given(fell_due()).when(FEEDBACK).then(fed_back(DUE))


def test_feedback_sent_a_day_after_is_late() -> None:
    late = date(2021, 10, 9)
    case(late).given(fell_due(), fell_overdue()).when(FEEDBACK).then(fed_back(late))
    assert fed_back(late).on_time is False


def test_on_time_is_judged_by_the_day_it_was_sent_not_by_the_day_it_was_entered() -> None:
    entered = date(2021, 10, 11)
    past = case(entered).given(fell_due(), fell_overdue())
    past.when(replace(FEEDBACK, sent_on=DUE)).then(replace(fed_back(DUE), on=entered))
    state = past.given(replace(fed_back(DUE), on=entered)).state
    assert isinstance(state, FedBack)
    assert state.duty.late_since is None


def test_feedback_is_not_sent_twice() -> None:
    case(date(2021, 9, 30)).given(fell_due(), fed_back()).when(FEEDBACK).then_refused(
        "rectification.not-allowed-now", situation="fed-back", command="submit-feedback"
    )


# ---- receipts ----


def test_each_office_receipts_for_itself() -> None:
    today = date(2021, 9, 29)
    past = case(today).given(fell_due(), fed_back())
    past.by(PARTY_OFFICE).when(ReceiptFeedback("party_office")).then(FeedbackReceipted("party_office", today))
    past.by(LAW_OFFICE).when(ReceiptFeedback("party_office")).then_refused(
        "rectification.not-own-office", office="party_office"
    )


def test_only_offices_the_feedback_was_sent_to_receipt_it() -> None:
    case().by(SUPERVISION).given(fell_due(), fed_back()).when(
        ReceiptFeedback("supervision_office")
    ).then_refused("rectification.not-a-receipt-office", office="supervision_office", offices=list(BOTH))


def test_an_office_that_policy_adds_later_does_not_receipt_a_feedback_it_was_never_sent() -> None:
    later = Policy(receipt_offices=(*BOTH, "supervision_office"))
    case().by(SUPERVISION).under(later).given(fell_due(), fed_back()).when(
        ReceiptFeedback("supervision_office")
    ).then_refused("rectification.not-a-receipt-office")


def test_an_office_receipts_once() -> None:
    past = case(date(2021, 9, 30)).given(fell_due(), fed_back(), *receipted_by("party_office"))
    past.by(PARTY_OFFICE).when(ReceiptFeedback("party_office")).then_refused(
        "rectification.already-receipted", on="2021-09-29"
    )


def test_there_is_nothing_to_receipt_before_feedback() -> None:
    case().by(LAW_OFFICE).given(fell_due()).when(ReceiptFeedback("law_office")).then_refused(
        "rectification.not-allowed-now"
    )


# ---- verification ----


@pytest.mark.parametrize(("outcome", "unfinished"), [("passed", ()), ("partly", ("langxia-2",))])
def test_verification_closes_a_case_that_every_office_has_receipted(
    outcome: Outcome, unfinished: tuple[str, ...]
) -> None:
    done = verified(outcome, unfinished=unfinished)
    waiting_for_verification().when(VerifyRectification(outcome, unfinished)).then(done)
    state = waiting_for_verification().given(done).state
    assert isinstance(state, Closed)
    assert (state.outcome, state.unfinished) == (outcome, unfinished)


def test_what_passed_in_part_names_what_is_not_done_and_what_passed_leaves_nothing() -> None:
    past = waiting_for_verification()
    past.when(VerifyRectification("partly")).then_refused(
        "rectification.outcome-contradicts-items", outcome="partly", unfinished=[]
    )
    past.when(VerifyRectification("passed", ("langxia-2",))).then_refused(
        "rectification.outcome-contradicts-items", unfinished=["langxia-2"]
    )
    past.when(VerifyRectification("partly", ("langxia-2", "langxia-9"))).then_refused(
        "rectification.unknown-item", item="langxia-9"
    )


def test_what_is_not_done_stands_in_the_order_of_the_minutes_each_once() -> None:
    waiting_for_verification().when(
        VerifyRectification("partly", ("langxia-2", "langxia-1", "langxia-2"))
    ).then(verified("partly", unfinished=("langxia-1", "langxia-2")))


def test_verification_waits_for_the_receipt_of_every_office() -> None:
    past = case(date(2021, 9, 27), LAW_OFFICE).given(fell_due(), fed_back(), *receipted_by("party_office"))
    past.when(VerifyRectification("passed")).then_refused(
        "rectification.feedback-not-receipted", missing=["law_office"]
    )


def test_only_the_office_that_policy_names_verifies() -> None:
    past = waiting_for_verification()
    past.by(PARTY_OFFICE).when(VerifyRectification("passed")).then_refused(
        "rectification.not-verifying-office", office="law_office"
    )
    past.by(PARTY_OFFICE).under(Policy(verifying_office="party_office")).when(
        VerifyRectification("passed")
    ).then(RectificationVerified("passed", "party_office", (), date(2021, 10, 20)))


def test_nobody_verifies_the_item_of_their_own_unit() -> None:
    waiting_for_verification().by(HOUSED).when(VerifyRectification("passed")).then_refused(
        "rectification.own-item", unit="langxia"
    )


def test_there_is_nothing_to_verify_before_feedback() -> None:
    case().by(LAW_OFFICE).given(fell_due()).when(VerifyRectification("passed")).then_refused(
        "rectification.not-allowed-now"
    )


# ---- return ----


def test_a_return_sets_a_new_date_and_keeps_the_old_one() -> None:
    today = date(2021, 10, 26)
    past = waiting_for_verification().today(today)
    past.when(RETURN).then(returned())
    state = past.given(returned()).state
    assert isinstance(state, Open)
    assert state.duty.original_due_on == DUE
    assert [due.due_on for due in state.duty.dates] == [DUE, date(2021, 11, 26)]


def test_a_return_waits_for_the_receipts_like_any_verification() -> None:
    case(date(2021, 10, 26), LAW_OFFICE).given(fell_due(), fed_back()).when(RETURN).then_refused(
        "rectification.feedback-not-receipted", missing=list(BOTH)
    )


def test_only_the_verifying_office_returns() -> None:
    waiting_for_verification().by(PARTY_OFFICE).when(RETURN).then_refused(
        "rectification.not-verifying-office"
    )


def test_nobody_returns_the_item_of_their_own_unit() -> None:
    waiting_for_verification().by(HOUSED).when(RETURN).then_refused("rectification.own-item")


def test_a_return_says_what_is_missing() -> None:
    waiting_for_verification().when(replace(RETURN, remarks="")).then_refused("rectification.remarks-missing")


@pytest.mark.parametrize("due_on", [date(2021, 10, 20), date(2021, 10, 19)])
def test_a_return_sets_a_date_ahead(due_on: date) -> None:
    waiting_for_verification().when(replace(RETURN, due_on=due_on)).then_refused(
        "rectification.return-date-not-ahead", due_on=due_on.isoformat(), today="2021-10-20"
    )


def test_a_return_never_shortens_the_term() -> None:
    early = waiting_for_verification().today(date(2021, 9, 30))
    early.when(replace(RETURN, due_on=date(2021, 9, 30))).then_refused("rectification.return-date-not-ahead")
    early.when(replace(RETURN, due_on=date(2021, 10, 7))).then_refused(
        "rectification.return-takes-time-away", governing="2021-10-08"
    )
    early.when(replace(RETURN, due_on=DUE)).then(returned(DUE, on=date(2021, 9, 30)))


def test_a_return_sets_a_working_day() -> None:
    waiting_for_verification().when(replace(RETURN, due_on=date(2021, 11, 27))).then_refused(
        "rectification.not-a-working-day", due_on="2021-11-27", next="2021-11-29"
    )


def test_a_return_into_a_year_without_a_calendar_sets_a_provisional_date() -> None:
    known = Calendar({2021: published().years[2021]})
    event = RectificationReturned(
        remarks=FreeText(RETURN.remarks),
        by_office="law_office",
        due_on_before=DUE,
        due_on=date(2022, 1, 8),
        due_provisional=True,
        on=date(2021, 10, 20),
        reminders=Reminders(yellow_on=date(2021, 12, 24)),  # working days of 2022 are not guessed
    )
    past = waiting_for_verification().within(known)
    past.when(replace(RETURN, due_on=date(2022, 1, 8))).then(event)


def test_after_a_return_feedback_and_receipts_start_anew() -> None:
    past = waiting_for_verification().given(returned())
    past.when(VerifyRectification("passed")).then_refused("rectification.not-allowed-now", situation="open")
    again = past.given(fed_back(date(2021, 11, 24), due_on=date(2021, 11, 26))).today(date(2021, 11, 30))
    again.when(VerifyRectification("passed")).then_refused(
        "rectification.feedback-not-receipted", missing=list(BOTH)
    )
    again.given(*receipted_by(*BOTH, on=date(2021, 11, 25))).when(VerifyRectification("passed")).then(
        verified(on=date(2021, 11, 30))
    )


# ---- extension ----


def test_an_extension_is_asked_before_the_date_is_over() -> None:
    past = case().given(fell_due())
    past.today(date(2021, 9, 22)).when(ASK).then(asked())
    past.today(DUE).when(ASK).then(asked(on=DUE))
    past.today(date(2021, 10, 9)).given(fell_overdue()).when(ASK).then_refused(
        "rectification.extension-asked-too-late", due_on="2021-10-08", today="2021-10-09"
    )


def test_an_extension_is_asked_by_the_unit_itself() -> None:
    case().by(STRANGER).given(fell_due()).when(ASK).then_refused("rectification.not-own-unit")


def test_an_extension_is_asked_with_a_reason() -> None:
    case().given(fell_due()).when(replace(ASK, reason="")).then_refused("rectification.reason-missing")


@pytest.mark.parametrize("due_on", [date(2021, 9, 30), DUE])
def test_an_extension_is_a_later_date(due_on: date) -> None:
    case().given(fell_due()).when(replace(ASK, due_on=due_on)).then_refused(
        "rectification.extension-not-later", governing="2021-10-08"
    )


def test_an_extension_is_at_most_thirty_days() -> None:
    past = case().given(fell_due())
    past.when(replace(ASK, due_on=date(2021, 11, 5))).then(asked(date(2021, 11, 5), date(2021, 9, 1)))
    past.when(replace(ASK, due_on=date(2021, 11, 8))).then_refused(
        "rectification.extension-too-long", latest="2021-11-07", days_at_most=30
    )


def test_a_stricter_policy_shortens_the_extension() -> None:
    past = case().given(fell_due()).under(Policy(extension_days_at_most=15))
    past.when(ASK).then_refused("rectification.extension-too-long", latest="2021-10-23", days_at_most=15)
    past.when(replace(ASK, due_on=date(2021, 10, 22))).then(asked(date(2021, 10, 22), date(2021, 9, 1)))
    past.when(replace(ASK, due_on=date(2021, 11, 22))).then_refused(  # 45 days
        "rectification.extension-too-long", days_at_most=15
    )


def test_an_extension_after_a_return_is_counted_from_the_date_of_the_return() -> None:
    past = case(date(2021, 11, 1)).given(fell_due(), fed_back(), *receipted_by(*BOTH), returned())
    past.when(replace(ASK, due_on=date(2021, 12, 24))).then(asked(date(2021, 12, 24), date(2021, 11, 1)))
    past.when(replace(ASK, due_on=date(2021, 12, 27))).then_refused(
        "rectification.extension-too-long", latest="2021-12-26"
    )


def test_a_second_extension_is_counted_from_the_date_before_the_first() -> None:
    past = case(date(2021, 10, 11)).given(fell_due(), asked(), granted()).under(Policy(extensions_at_most=2))
    past.when(replace(ASK, due_on=date(2021, 11, 8))).then_refused(
        "rectification.extension-too-long", latest="2021-11-07"
    )


def test_an_extension_ends_on_a_working_day() -> None:
    case().given(fell_due()).when(replace(ASK, due_on=date(2021, 10, 30))).then_refused(
        "rectification.not-a-working-day", next="2021-11-01"
    )


def test_one_request_waits_at_a_time() -> None:
    case(date(2021, 9, 23)).given(fell_due(), asked()).when(ASK).then_refused(
        "rectification.extension-already-asked", asked_on="2021-09-22"
    )


def test_a_case_is_extended_once() -> None:
    past = case(date(2021, 10, 11)).given(fell_due(), asked(), granted())
    past.when(replace(ASK, due_on=date(2021, 11, 5))).then_refused(
        "rectification.extended-often-enough", at_most=1
    )


def test_a_refused_request_may_be_made_again() -> None:
    today = date(2021, 9, 24)
    case(today).given(fell_due(), asked(), refused()).when(ASK).then(asked(on=today))


def test_no_extension_is_asked_once_fed_back() -> None:
    case(date(2021, 9, 29)).given(fell_due(), fed_back()).when(ASK).then_refused(
        "rectification.not-allowed-now"
    )


def test_a_granted_extension_keeps_the_original_date() -> None:
    past = case(date(2021, 9, 23), LAW_OFFICE).given(fell_due(), asked())
    past.when(GrantExtension()).then(granted())
    state = past.given(granted()).state
    assert isinstance(state, Open)
    assert (state.duty.original_due_on, state.duty.due_on) == (DUE, date(2021, 10, 29))


def test_a_refused_extension_leaves_the_date() -> None:
    past = case(date(2021, 9, 23), LAW_OFFICE).given(fell_due(), asked())
    past.when(RefuseExtension("时间充足。")).then(ExtensionRefused(FreeText("时间充足。"), date(2021, 9, 23)))
    past.when(RefuseExtension(" ")).then_refused("rectification.reason-missing")
    assert deadlines(past.given(refused()).state)["overdue"] == date(2021, 10, 9)


@pytest.mark.parametrize("answer", [GrantExtension(), RefuseExtension("时间充足。")])
def test_only_a_request_is_answered(answer: Command) -> None:
    past = case(date(2021, 9, 23), LAW_OFFICE).given(fell_due())
    past.when(answer).then_refused("rectification.no-extension-asked")
    past.given(asked(), refused()).when(answer).then_refused("rectification.no-extension-asked")


def test_which_office_answers_a_request_is_policy() -> None:
    past = case(date(2021, 9, 23), PARTY_OFFICE).given(fell_due(), asked())
    past.when(GrantExtension()).then_refused("rectification.not-extending-office", office="law_office")
    past.under(Policy(extending_office="party_office")).when(GrantExtension()).then(granted())


@pytest.mark.parametrize("answer", [GrantExtension(), RefuseExtension("时间充足。")])
def test_nobody_answers_the_request_of_their_own_unit(answer: Command) -> None:
    past = case(date(2021, 9, 23), HOUSED).given(fell_due(), asked())
    past.when(answer).then_refused("rectification.own-item")


def test_a_policy_that_became_stricter_in_between_binds_the_answer() -> None:
    past = case(date(2021, 9, 23), LAW_OFFICE).given(fell_due(), asked())
    past.under(Policy(extension_days_at_most=15)).when(GrantExtension()).then_refused(
        "rectification.extension-too-long"
    )
    past.under(Policy(extensions_at_most=0)).when(GrantExtension()).then_refused(
        "rectification.extended-often-enough"
    )


def test_a_feedback_ends_the_request() -> None:
    past = case(date(2021, 9, 29), LAW_OFFICE).given(fell_due(), asked(), fed_back())
    past.when(GrantExtension()).then_refused("rectification.not-allowed-now", situation="fed-back")


def test_an_extension_granted_after_the_date_takes_back_that_it_was_overdue() -> None:
    past = case(date(2021, 10, 11)).given(fell_due(), asked(on=DUE), fell_overdue())
    state = past.given(granted(requested_on=DUE, on=date(2021, 10, 11))).state
    assert isinstance(state, Open)
    assert state.overdue_since is None
    assert deadlines(state)["overdue"] == date(2021, 10, 30)


# ---- handover ----


def test_a_handover_is_recorded_and_the_duty_stays() -> None:
    command = RecordHandover("党委书记", "示例乙", date(2021, 11, 1))
    for past in (case().given(fell_due()), case().given(fell_due(), fed_back())):
        past.when(command).then(handed_over())
        state = past.given(handed_over()).state
        assert isinstance(state, Open | FedBack)
        assert (state.duty.person, state.duty.unit, state.duty.due_on) == ("示例乙", "langxia", DUE)


def test_the_same_handover_is_recorded_once() -> None:
    again = RecordHandover("党委书记", "示例乙", date(2021, 11, 1))
    case().given(fell_due(), handed_over()).when(again).then_nothing()


def test_a_handover_after_the_case_was_closed_is_no_longer_its_business() -> None:
    waiting_for_verification().given(verified()).when(
        RecordHandover("党委书记", "示例乙", date(2021, 11, 1))
    ).then_nothing()


# ---- overdue ----


def test_a_case_falls_overdue_on_the_first_day_after_the_date() -> None:
    past = case().by(DEADLINE).given(fell_due())
    assert deadlines(past.state)["overdue"] == date(2021, 10, 9)
    past.today(DUE).when(NoteOverdue()).then_nothing()
    past.today(date(2021, 10, 9)).when(NoteOverdue()).then(
        RectificationFellOverdue(DUE, overdue_since=date(2021, 10, 9), on=date(2021, 10, 9))
    )


def test_overdue_is_noted_once() -> None:
    past = case(date(2021, 10, 12), DEADLINE).given(fell_due(), fell_overdue())
    past.when(NoteOverdue()).then_nothing()
    assert "overdue" not in deadlines(past.state)


def test_a_case_that_waits_for_a_receipt_is_never_overdue() -> None:
    past = case(date(2021, 12, 1), DEADLINE).given(fell_due(), fed_back(), *receipted_by("party_office"))
    past.when(NoteOverdue()).then_nothing()
    assert deadlines(past.state) == {}


def test_a_return_starts_the_date_anew_and_an_extension_moves_it() -> None:
    back = waiting_for_verification().given(returned())
    assert deadlines(back.state)["overdue"] == date(2021, 11, 27)
    assert deadlines(case().given(fell_due(), asked(), granted()).state)["overdue"] == date(2021, 10, 30)


def test_late_stays_late_even_when_the_next_feedback_is_on_time() -> None:
    late = fed_back(date(2021, 10, 11))
    past = case(date(2021, 11, 30), LAW_OFFICE).given(fell_due(), fell_overdue(), late)
    past = past.given(*receipted_by(*BOTH, on=date(2021, 10, 12)), returned())
    past = past.given(fed_back(date(2021, 11, 24), due_on=date(2021, 11, 26)), *receipted_by(*BOTH))
    state = past.given(verified(on=date(2021, 11, 30))).state
    assert isinstance(state, Closed)
    assert state.duty.late_since == date(2021, 10, 9)
    assert not state.on_time


# ---- closed ----


@pytest.mark.parametrize(
    ("actor", "command"),
    [
        (LIAISON, FEEDBACK),
        (LAW_OFFICE, ReceiptFeedback("law_office")),
        (LAW_OFFICE, VerifyRectification("partly")),
        (LAW_OFFICE, RETURN),
        (LIAISON, ASK),
        (LAW_OFFICE, GrantExtension()),
        (LAW_OFFICE, RefuseExtension("迟了。")),
        (LAW_OFFICE, open_case()),
    ],
)
def test_a_closed_case_takes_nothing_more(actor: Actor, command: Command) -> None:
    waiting_for_verification().given(verified()).by(actor).when(command).then_refused(
        "rectification.case-closed", verified_on="2021-10-20"
    )


# ---- a year without a calendar ----


WITHOUT_2021 = Calendar({2020: published().years[2020]})
PRINTED = date(2021, 10, 7)


def provisional() -> Scenario[Case, Command, Event, Facts]:
    return case().given(fell_due(PRINTED, provisional=True))


def test_a_provisional_date_governs_while_the_calendar_is_missing() -> None:
    provisional().today(date(2021, 10, 8)).within(WITHOUT_2021).when(NoteOverdue()).then(
        fell_overdue(PRINTED)
    )


def test_a_provisional_date_moves_to_a_working_day_before_anything_is_judged_by_it() -> None:
    today = date(2021, 10, 8)
    moved = confirmed(PRINTED, DUE, on=today)
    provisional().today(today).when(NoteOverdue()).then(moved)
    provisional().today(today).when(FEEDBACK).then(moved, fed_back(today))
    assert deadlines(provisional().given(moved).state)["overdue"] == date(2021, 10, 9)


def test_a_confirmed_date_takes_back_that_the_provisional_one_was_missed() -> None:
    noted = provisional().given(fell_overdue(PRINTED)).today(date(2021, 10, 8))
    state = noted.given(confirmed(PRINTED, DUE, on=date(2021, 10, 8))).state
    assert isinstance(state, Open)
    assert state.overdue_since is None
    noted.today(date(2021, 10, 9)).when(NoteOverdue()).then(
        confirmed(PRINTED, DUE, on=date(2021, 10, 9)), fell_overdue()
    )


def test_a_provisional_date_that_is_a_working_day_is_confirmed_where_it_is() -> None:
    same = confirmed(DUE, DUE, on=date(2021, 9, 1))
    past = case().given(fell_due(DUE, provisional=True))
    past.when(RequestExtension("涉及企业较多。", date(2021, 10, 29))).then(
        same, ExtensionRequested(FreeText("涉及企业较多。"), date(2021, 10, 29), date(2021, 9, 1))
    )
    past.given(same).when(RecordHandover("党委书记", "示例甲", DUE)).then_nothing()
