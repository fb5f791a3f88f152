"""Feedback beyond the ordinary: withdrawn in time, a village's short form, a classified case, notes of progress."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.rectification.domain.commands import (
    NoteProgress,
    OpenSupervision,
    ReceiptFeedback,
    RecordInspection,
    ReturnRectification,
    SubmitFeedback,
    SubmitShortForm,
    WithdrawFeedback,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import FeedbackReceipted, ProgressNoted
from services.rectification.domain.situations import Open, on_time
from shared.decider import FreeText
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    BOTH,
    DUE,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    STRANGER,
    SUPERVISION,
    asked,
    case,
    fed_back,
    fell_due,
    fell_overdue,
    receipted_by,
    returned,
    verified,
    withdrawn,
)

TODAY = date(2021, 9, 28)
WITHDRAW = WithdrawFeedback("误报。")
sent = case(TODAY).given(fell_due(), fed_back())

# ---- withdrawal ----


def test_a_feedback_sent_in_error_is_withdrawn_before_the_first_receipt() -> None:
    sent.when(WITHDRAW).then(withdrawn())
    sent.given(*receipted_by("law_office", on=TODAY)).when(WITHDRAW).then_refused(
        "rectification.receipted-before-withdrawal", office="law_office", on="2021-09-28"
    )


def test_a_withdrawal_has_a_reason_and_is_the_unit_s_own() -> None:
    sent.when(WithdrawFeedback("  ")).then_refused("rectification.reason-missing")
    sent.by(STRANGER).when(WITHDRAW).then_refused("rectification.not-own-unit")
    sent.by(LAW_OFFICE).when(WITHDRAW).then_refused("rectification.not-own-unit")


def test_only_what_was_sent_is_withdrawn() -> None:
    case().given(fell_due()).when(WITHDRAW).then_refused("rectification.not-allowed-now", situation="open")
    sent.given(withdrawn()).when(WITHDRAW).then_refused("rectification.not-allowed-now", situation="open")
    sent.given(*receipted_by(*BOTH), verified()).when(WITHDRAW).then_refused("rectification.case-closed")


def test_after_a_withdrawal_the_case_stands_as_it_stood_before() -> None:
    before = case(TODAY).given(fell_due(), asked())
    state = before.given(fed_back(), withdrawn()).state
    assert isinstance(state, Open)
    assert isinstance(before.state, Open)
    assert state.asked == before.state.asked
    assert deadlines(state) == deadlines(before.state)
    sent.given(withdrawn()).when(SubmitFeedback("已完成。", "示例甲")).then(fed_back())
    back = case(TODAY).given(fell_due(), fed_back(), *receipted_by(*BOTH), returned())
    again = back.given(fed_back(date(2021, 11, 24), due_on=date(2021, 11, 26)), withdrawn(date(2021, 11, 24)))
    assert isinstance(again.state, Open)
    assert again.state.returned_on == date(2021, 10, 26)


def test_nothing_is_receipted_once_it_was_withdrawn() -> None:
    sent.given(withdrawn()).by(LAW_OFFICE).when(ReceiptFeedback("law_office")).then_refused(
        "rectification.not-allowed-now"
    )


def test_a_late_feedback_that_is_withdrawn_was_late_all_the_same() -> None:
    late = date(2021, 10, 11)
    past = case(late).given(fell_due(), fell_overdue(), fed_back(late), withdrawn(late, late))
    assert isinstance(past.state, Open)
    assert past.state.duty.late_since == date(2021, 10, 9)
    # A paper with an earlier date does not undo it: that is what correct-record is for.
    backdated = replace(fed_back(DUE), on=late)
    past.when(SubmitFeedback("已完成。", "示例甲", sent_on=DUE)).then(backdated)
    assert on_time(past.given(backdated).state) is False


# ---- the short form of villages ----

FORM = SubmitShortForm("已张贴村规民约。", "示例村书记主任")
village = replace(fell_due(), category="village")
filled = replace(
    fed_back(TODAY), text=FreeText(FORM.text), signer=FORM.entered_for, entered_for=FORM.entered_for
)


def test_the_town_enters_a_village_s_short_form_on_its_behalf() -> None:
    case(TODAY, LAW_OFFICE).given(village).when(FORM).then(filled)
    case(TODAY, PARTY_OFFICE).given(village).when(FORM).then(filled)
    entered_later = case(date(2021, 10, 11), LAW_OFFICE).given(village)
    entered_later.when(replace(FORM, sent_on=TODAY)).then(replace(filled, on=date(2021, 10, 11)))


def test_the_short_form_is_for_villages_alone() -> None:
    case(TODAY, LAW_OFFICE).given(fell_due()).when(FORM).then_refused(
        "rectification.not-a-village", unit="langxia"
    )


def test_the_short_form_says_what_was_done_and_for_whom_it_is_entered() -> None:
    past = case(TODAY, LAW_OFFICE).given(village)
    past.when(replace(FORM, text=" ")).then_refused("rectification.feedback-empty")
    past.when(replace(FORM, entered_for="")).then_refused("rectification.entered-for-missing")
    past.when(replace(FORM, sent_on=date(2021, 9, 29))).then_refused("rectification.sent-in-future")
    past.when(replace(FORM, sent_on=date(2021, 7, 6))).then_refused("rectification.sent-before-asked")


def test_the_town_s_two_offices_receipt_a_short_form_like_any_feedback() -> None:
    past = case(TODAY, LAW_OFFICE).given(village, filled)
    past.when(ReceiptFeedback("law_office")).then(FeedbackReceipted("law_office", TODAY))


def test_who_enters_for_a_village_may_withdraw_for_it() -> None:
    case(TODAY, LAW_OFFICE).given(village, filled).when(WITHDRAW).then(withdrawn())
    case(TODAY, SUPERVISION).given(village, filled).when(WITHDRAW).then_refused("rectification.not-own-unit")


def test_policy_names_the_offices_that_enter_for_a_village() -> None:
    law_office_alone = Policy(village_entry_offices=("law_office",))
    past = case(TODAY, PARTY_OFFICE).given(village).under(law_office_alone)
    past.when(FORM).then_refused("rectification.not-an-entering-office", offices=["law_office"])
    past.given(filled).when(WITHDRAW).then_refused("rectification.not-own-unit")
    past.by(LAW_OFFICE).when(FORM).then(filled)


def test_where_policy_closes_the_short_form_a_village_reports_like_any_unit() -> None:
    closed = Policy(village_short_form=False)
    past = case(TODAY, LAW_OFFICE).given(village).under(closed)
    past.when(FORM).then_refused("rectification.short-form-not-open")
    assert past.by(LIAISON).when(SubmitFeedback("已完成。", "示例甲")).events


# ---- classified minutes ----

secret = replace(fell_due(), classified=True)
PAPER = SubmitFeedback("", "示例甲", document_number="廊委〔2021〕机5号")


def test_of_a_classified_case_the_paper_governs_and_no_text_is_kept() -> None:
    past = case(TODAY).given(secret)
    past.when(PAPER).then(replace(fed_back(TODAY), text=FreeText(""), document_number="廊委〔2021〕机5号"))
    past.when(replace(PAPER, text="已完成。")).then_refused("rectification.classified")
    past.when(replace(PAPER, document_number=None)).then_refused("rectification.document-number-missing")
    past.when(NoteProgress("已起草。")).then_refused("rectification.classified")


def test_of_a_classified_case_the_offices_write_no_text_either() -> None:
    back = case(date(2021, 10, 26), LAW_OFFICE).given(secret, fed_back(), *receipted_by(*BOTH))
    back.when(ReturnRectification("未完成。", date(2021, 11, 26))).then_refused("rectification.classified")
    back.when(ReturnRectification("", date(2021, 11, 26))).then(replace(returned(), remarks=FreeText("")))
    late = case(date(2021, 10, 26), SUPERVISION).given(secret, fell_overdue())
    late.when(OpenSupervision("督〔2021〕2号", "逾期。")).then_refused("rectification.classified")
    assert len(late.when(OpenSupervision("督〔2021〕2号", "")).events) == 1
    late.when(RecordInspection("第3项", "无台账。")).then_refused("rectification.classified")
    assert len(late.when(RecordInspection("第3项", "")).events) == 1


# ---- notes of progress ----


def test_a_unit_may_note_how_far_it_is() -> None:
    past = case(TODAY, LIAISON).given(fell_due())
    past.when(NoteProgress("已完成初稿。")).then(ProgressNoted(FreeText("已完成初稿。"), None, TODAY))
    past.when(NoteProgress("已完成初稿。", "langxia-2")).then(
        ProgressNoted(FreeText("已完成初稿。"), "langxia-2", TODAY)
    )


def test_progress_is_the_unit_s_own_says_something_and_is_of_an_item_of_the_case() -> None:
    past = case(TODAY, LIAISON).given(fell_due())
    past.by(STRANGER).when(NoteProgress("已完成。")).then_refused("rectification.not-own-unit")
    past.when(NoteProgress(" ")).then_refused("rectification.progress-empty")
    past.when(NoteProgress("已完成。", "langxia-3")).then_refused(
        "rectification.unknown-item", items=["langxia-1", "langxia-2"]
    )
    past.given(fed_back()).when(NoteProgress("已完成。")).then_refused("rectification.not-allowed-now")
    past.given(fed_back(), *receipted_by(*BOTH), verified()).when(NoteProgress("已完成。")).then_refused(
        "rectification.case-closed"
    )
