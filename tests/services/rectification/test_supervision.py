"""Supervision: reminders once for each date, a notice only after the date is missed, inspections by plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.rectification.domain.commands import (
    CloseSupervision,
    OpenSupervision,
    RecordInspection,
    SendReminder,
    VerifyRectification,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import (
    InspectionRecorded,
    ReminderSent,
    SupervisionClosed,
)
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Closed, Open
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Actor, FreeText
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    BOTH,
    DEADLINE,
    DUE,
    LAW_OFFICE,
    PARTY_OFFICE,
    SUPERVISION,
    asked,
    case,
    fed_back,
    fell_due,
    fell_overdue,
    granted,
    opened_notice,
    receipted_by,
    returned,
    verified,
)

YELLOW, ORANGE = date(2021, 9, 23), date(2021, 9, 26)
running = case(YELLOW, DEADLINE).given(fell_due())


# ---- reminders ----


def test_each_reminder_is_a_deadline_of_its_own() -> None:
    assert deadlines(running.state) == {
        "remind-yellow": YELLOW,
        "remind-orange": ORANGE,
        "overdue": date(2021, 10, 9),
    }


def test_a_reminder_is_sent_on_its_day_and_once() -> None:
    sent = ReminderSent("yellow", DUE, YELLOW)
    running.today(date(2021, 9, 22)).when(SendReminder("yellow")).then_nothing()
    running.when(SendReminder("yellow")).then(sent)
    running.given(sent).when(SendReminder("yellow")).then_nothing()
    assert "remind-yellow" not in deadlines(running.given(sent).state)
    running.given(sent).today(ORANGE).when(SendReminder("orange")).then(ReminderSent("orange", DUE, ORANGE))


def test_a_reminder_that_comes_too_late_says_nothing() -> None:
    running.today(ORANGE).when(SendReminder("yellow")).then_nothing()
    running.today(date(2021, 10, 9)).when(SendReminder("orange")).then_nothing()


def test_nobody_is_reminded_who_has_fed_back() -> None:
    back = running.given(fed_back(date(2021, 9, 20)))
    back.when(SendReminder("yellow")).then_nothing()
    assert deadlines(back.state) == {}
    back.given(*receipted_by(*BOTH), verified()).when(SendReminder("orange")).then_nothing()
    case(YELLOW, DEADLINE).when(SendReminder("yellow")).then_nothing()


def test_a_moved_date_has_reminders_of_its_own() -> None:
    moved = running.given(ReminderSent("yellow", DUE, YELLOW), asked(), granted())
    assert deadlines(moved.state)["remind-yellow"] == date(2021, 10, 14)
    moved.today(date(2021, 10, 14)).when(SendReminder("yellow")).then(
        ReminderSent("yellow", date(2021, 10, 29), date(2021, 10, 14))
    )


def test_a_return_to_the_same_date_brings_no_second_reminder() -> None:
    sent = ReminderSent("orange", DUE, ORANGE)
    back = running.given(sent, fed_back(date(2021, 9, 27)), *receipted_by(*BOTH))
    again = back.given(returned(DUE, on=date(2021, 9, 28)))
    assert deadlines(again.state) == {"overdue": date(2021, 10, 9)}


# ---- the notice ----

MISSED = date(2021, 10, 22)
OPEN = OpenSupervision("督〔2021〕2号", "逾期未反馈。")
missed = case(MISSED, SUPERVISION).given(fell_due(), fell_overdue())
village = replace(fell_due(), category="village")


def test_a_notice_comes_only_after_the_date_is_missed() -> None:
    missed.when(OPEN).then(opened_notice())
    missed.today(date(2021, 10, 9)).when(OPEN).then(
        replace(opened_notice(on=date(2021, 10, 9)), reply_by=date(2021, 10, 22))
    )
    case(DUE, SUPERVISION).given(fell_due()).when(OPEN).then_refused(
        "rectification.date-not-missed", due_on="2021-10-08", today="2021-10-08"
    )


def test_a_notice_asks_for_a_reply_in_so_many_working_days_or_on_the_day_it_names() -> None:
    missed.under(Policy(supervision_reply_working_days=3)).when(OPEN).then(
        replace(opened_notice(), reply_by=date(2021, 10, 27))
    )
    missed.when(replace(OPEN, reply_by=date(2021, 11, 1))).then(
        replace(opened_notice(), reply_by=date(2021, 11, 1))
    )
    missed.when(replace(OPEN, reply_by=MISSED)).then_refused("rectification.reply-not-ahead")


def test_working_days_of_an_unknown_year_are_not_guessed() -> None:
    unknown = missed.within(Calendar({2020: published().years[2020]}))
    unknown.when(OPEN).then_refused("rectification.calendar-year-missing", year=2021)
    unknown.when(replace(OPEN, reply_by=date(2021, 11, 5))).then(opened_notice())


@pytest.mark.parametrize("actor", [LAW_OFFICE, PARTY_OFFICE])
def test_only_the_supervision_office_supervises(actor: Actor) -> None:
    missed.by(actor).when(OPEN).then_refused(
        "rectification.not-supervising-office", office="supervision_office"
    )


def test_which_office_supervises_is_policy() -> None:
    missed.by(PARTY_OFFICE).under(Policy(supervising_office="party_office")).when(OPEN).then(
        replace(opened_notice(), by_office="party_office")
    )


def test_the_supervision_office_does_not_supervise_its_own_unit() -> None:
    inside = Actor("u", "督查室", frozenset({"supervision_office"}), "langxia")
    for command in (OPEN, RecordInspection("第3项", "现场无台账。")):
        missed.by(inside).when(command).then_refused("rectification.own-item")
    missed.given(opened_notice()).by(inside).when(CloseSupervision("已办。")).then_refused(
        "rectification.own-item"
    )


def test_one_notice_at_a_time() -> None:
    open_notice = missed.given(opened_notice())
    open_notice.when(replace(OPEN, notice_number="督〔2021〕3号")).then_refused(
        "rectification.notice-already-open", notice_number="督〔2021〕2号"
    )
    closed = SupervisionClosed("督〔2021〕2号", FreeText("已回复。"), MISSED)
    open_notice.given(closed).when(replace(OPEN, notice_number="督〔2021〕3号")).then(
        opened_notice("督〔2021〕3号")
    )


def test_a_notice_has_a_number_of_its_own_and_one_matter() -> None:
    missed.when(replace(OPEN, notice_number=" ")).then_refused("rectification.notice-number-missing")
    missed.when(replace(OPEN, matter="")).then_refused("rectification.matter-missing")
    missed.knowing(Facts(notice_taken_by="2021-1-shilizhen")).when(OPEN).then_refused(
        "rectification.notice-number-taken", case="2021-1-shilizhen"
    )


def test_villages_get_no_notice() -> None:
    case(MISSED, SUPERVISION).given(village, fell_overdue()).when(OPEN).then_refused(
        "rectification.village-not-supervised", unit="langxia"
    )


def test_there_is_no_notice_to_a_unit_that_has_fed_back() -> None:
    missed.given(fed_back(date(2021, 10, 20))).when(OPEN).then_refused(
        "rectification.not-allowed-now", situation="fed-back"
    )


def test_a_notice_stays_open_through_feedback_and_return_and_closes_with_the_verification() -> None:
    back = missed.given(opened_notice(), fed_back(date(2021, 10, 25)), *receipted_by(*BOTH))
    still = back.given(returned(on=date(2021, 10, 26))).state
    assert isinstance(still, Open)
    assert still.duty.notice is not None
    today = date(2021, 10, 28)
    closing = SupervisionClosed("督〔2021〕2号", reason=None, on=today)
    back.today(today).by(LAW_OFFICE).when(VerifyRectification("passed")).then(verified(on=today), closing)
    state = back.given(verified(on=today), closing).state
    assert isinstance(state, Closed)
    assert state.duty.notice is None


def test_the_office_may_close_its_notice_before_with_a_reason() -> None:
    open_notice = missed.given(opened_notice())
    open_notice.when(CloseSupervision("已书面回复。")).then(
        SupervisionClosed("督〔2021〕2号", FreeText("已书面回复。"), MISSED)
    )
    open_notice.when(CloseSupervision(" ")).then_refused("rectification.reason-missing")
    open_notice.by(LAW_OFFICE).when(CloseSupervision("已回复。")).then_refused(
        "rectification.not-supervising-office"
    )
    missed.when(CloseSupervision("已回复。")).then_refused("rectification.no-notice-open")


# ---- inspections ----

INSPECT = RecordInspection("年度督查检查计划第3项", "村民小组尚未张贴议事规则。", date(2021, 9, 15))
inspected = case(date(2021, 9, 16), SUPERVISION).given(fell_due())


def test_an_inspection_names_its_line_in_the_plan() -> None:
    inspected.when(INSPECT).then(
        InspectionRecorded(
            INSPECT.plan_line,
            FreeText(INSPECT.finding),
            "supervision_office",
            date(2021, 9, 15),
            date(2021, 9, 16),
        )
    )
    inspected.when(replace(INSPECT, plan_line="")).then_refused("rectification.plan-line-missing")
    inspected.when(replace(INSPECT, finding=" ")).then_refused("rectification.finding-missing")


def test_an_inspection_was_held_after_the_minutes_and_not_in_the_future() -> None:
    inspected.when(replace(INSPECT, on=date(2021, 9, 17))).then_refused("rectification.inspected-in-future")
    inspected.when(replace(INSPECT, on=date(2021, 7, 6))).then_refused("rectification.inspected-before-asked")
    assert len(inspected.when(replace(INSPECT, on=None)).events) == 1


def test_only_the_supervision_office_inspects_and_only_a_running_case() -> None:
    inspected.by(PARTY_OFFICE).when(INSPECT).then_refused("rectification.not-supervising-office")
    assert len(inspected.given(fed_back(date(2021, 9, 10))).when(INSPECT).events) == 1
    inspected.given(fed_back(), *receipted_by(*BOTH), verified()).when(INSPECT).then_refused(
        "rectification.case-closed"
    )


def test_a_village_is_inspected_like_any_unit() -> None:
    assert len(case(date(2021, 9, 16), SUPERVISION).given(village).when(INSPECT).events) == 1
