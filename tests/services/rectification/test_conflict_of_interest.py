"""A unit that houses an office of the chain: that office's steps in its case pass to the one that policy names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.rectification.domain.commands import (
    GrantExtension,
    OpenSupervision,
    ReceiptFeedback,
    RefuseExtension,
    ReturnRectification,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.events import FeedbackReceipted, RectificationVerified
from shared.decider import Actor
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    BOTH,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    SUPERVISION,
    asked,
    case,
    fed_back,
    fell_due,
    fell_overdue,
    granted,
    receipted_by,
    returned,
)

housing_the_law_office = replace(fell_due(), houses_offices=("law_office",))
"""As 区司法局 does."""
STAND_INS = ("party_office", "supervision_office")
TODAY = date(2021, 10, 20)


def test_its_feedback_is_sent_to_the_office_that_stands_in() -> None:
    case(date(2021, 9, 28), LIAISON).given(housing_the_law_office).when(
        SubmitFeedback("已完成。", "示例甲")
    ).then(fed_back(offices=STAND_INS))
    case(date(2021, 9, 28), LIAISON).given(fell_due()).when(SubmitFeedback("已完成。", "示例甲")).then(
        fed_back(offices=BOTH)
    )


def test_the_office_that_stands_in_receipts_and_the_housed_one_does_not() -> None:
    sent = case(TODAY).given(housing_the_law_office, fed_back(offices=STAND_INS))
    sent.by(SUPERVISION).when(ReceiptFeedback("supervision_office")).then(
        FeedbackReceipted("supervision_office", TODAY)
    )
    sent.by(LAW_OFFICE).when(ReceiptFeedback("law_office")).then_refused("rectification.not-a-receipt-office")


def test_the_office_that_stands_in_verifies_and_returns() -> None:
    waiting = case(TODAY).given(
        housing_the_law_office, fed_back(offices=STAND_INS), *receipted_by(*STAND_INS)
    )
    waiting.by(SUPERVISION).when(VerifyRectification("passed")).then(
        RectificationVerified("passed", "supervision_office", (), TODAY)
    )
    waiting.by(LAW_OFFICE).when(VerifyRectification("passed")).then_refused(
        "rectification.not-verifying-office", office="supervision_office"
    )
    back = ReturnRectification("程序尚未覆盖各村。", date(2021, 11, 26))
    waiting.by(LAW_OFFICE).when(back).then_refused("rectification.not-verifying-office")
    waiting.by(SUPERVISION).today(date(2021, 10, 26)).when(back).then(
        replace(returned(), by_office="supervision_office")
    )


def test_the_office_that_stands_in_answers_a_request_for_more_time() -> None:
    waiting = case(date(2021, 9, 23)).given(housing_the_law_office, asked())
    waiting.by(LAW_OFFICE).when(GrantExtension()).then_refused(
        "rectification.not-extending-office", office="supervision_office"
    )
    waiting.by(LAW_OFFICE).when(RefuseExtension("时间充足。")).then_refused(
        "rectification.not-extending-office"
    )
    waiting.by(SUPERVISION).when(GrantExtension()).then(granted())


def test_an_ordinary_case_stays_with_its_offices() -> None:
    waiting = case(date(2021, 9, 23), SUPERVISION).given(fell_due(), asked())
    waiting.when(GrantExtension()).then_refused("rectification.not-extending-office", office="law_office")


def test_which_office_stands_in_is_policy() -> None:
    waiting = case(TODAY, PARTY_OFFICE).given(
        housing_the_law_office, fed_back(offices=("party_office",)), *receipted_by("party_office")
    )
    waiting.under(Policy(standing_in_office="party_office")).when(VerifyRectification("passed")).then(
        RectificationVerified("passed", "party_office", (), TODAY)
    )


def test_where_the_stand_in_is_housed_too_the_next_office_of_the_chain_acts() -> None:
    both = replace(fell_due(), houses_offices=("party_office", "supervision_office"))  # as 区委办 may
    case(date(2021, 9, 28), LIAISON).given(both).when(SubmitFeedback("已完成。", "示例甲")).then(
        fed_back(offices=("law_office",))
    )
    missed = case(date(2021, 10, 22), LAW_OFFICE).given(both, fell_overdue())
    [notice] = missed.when(OpenSupervision("督〔2021〕2号", "逾期未反馈。")).events
    assert getattr(notice, "by_office", None) == "law_office"
    missed.by(SUPERVISION).when(OpenSupervision("督〔2021〕2号", "逾期未反馈。")).then_refused(
        "rectification.not-supervising-office", office="law_office"
    )


def test_where_the_unit_houses_every_office_policy_has_to_name_another() -> None:
    everything = replace(fell_due(), houses_offices=(*BOTH, "supervision_office"))
    feedback = SubmitFeedback("已完成。", "示例甲")
    past = case(date(2021, 9, 28), LIAISON).given(everything)
    past.when(feedback).then_refused("rectification.no-office-may-act", office="party_office")
    past.under(Policy(standing_in_office="organization_department")).when(feedback).then(
        fed_back(offices=("organization_department",))
    )


def test_nobody_of_the_unit_stands_in_for_it() -> None:
    inside = Actor("u", "示例", frozenset({"supervision_office"}), "langxia")
    waiting = case(TODAY, inside).given(
        housing_the_law_office, fed_back(offices=STAND_INS), *receipted_by(*STAND_INS)
    )
    waiting.when(VerifyRectification("passed")).then_refused("rectification.own-item")
