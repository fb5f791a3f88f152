"""What other services hear of a case, event by event."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import reduce

import pytest

from services.rectification.application import BULLETINS, CASES
from services.rectification.domain.bulletin import BulletinIssued, Line
from services.rectification.domain.events import (
    Event,
    InspectionRecorded,
    ItemsCorrected,
    MinutesCorrectionNoted,
    ProgressNoted,
    RecordCorrected,
    RectificationSuspended,
    ReminderSent,
    SupervisionClosed,
)
from services.rectification.domain.evolve import evolve, initial
from services.rectification.domain.situations import Case
from shared.contracts import Contract
from shared.contracts import rectification as public
from shared.contracts.base import TextLink
from shared.decider import FreeText
from shared.eventstore import Recorded
from tests.services.rectification.telling import (
    BOTH,
    DECISION,
    DUE,
    LIAISON,
    SENT,
    asked,
    confirmed,
    fed_back,
    fell_due,
    fell_overdue,
    granted,
    handed_over,
    opened_notice,
    receipted_by,
    refused,
    returned,
    suspension_noted,
    verified,
    withdrawn,
)

SHA = "0123456789abcdef" * 4


def told(*past: Event) -> list[Contract]:
    """What is published for the last of these events."""
    state: Case = reduce(evolve, past, initial)
    last = CASES.codec.encode(past[-1]).event
    recorded = Recorded(last, "shanghai.jinshan", "case-2021-1-langxia", len(past), SENT, LIAISON)
    return list(CASES.publish(recorded, state))


def test_the_duty_is_told_with_its_items_and_its_date() -> None:
    [due] = told(fell_due())
    assert isinstance(due, public.RectificationDue)
    assert (due.case, due.unit, due.session) == ("2021-1-langxia", "langxia", "2021-1")
    assert (due.sent_on, due.due_before_rolling, due.due_on) == (SENT, date(2021, 10, 7), DUE)
    assert [item.item for item in due.items] == ["langxia-1", "langxia-2"]


def test_of_a_feedback_only_hash_and_link_are_told() -> None:
    [submitted] = told(fell_due(), fed_back())
    assert isinstance(submitted, public.FeedbackSubmitted)
    assert submitted.on_time is True
    assert submitted.offices == list(BOTH)
    assert submitted.text.href.startswith("/tenants/shanghai.jinshan/texts/")
    assert "已完成" not in submitted.model_dump_json()


def test_a_sealed_text_is_linked_by_its_reference() -> None:
    sealed: Recorded[Event] = Recorded(
        replace(fed_back(), text=FreeText(ref="abc", sha256=SHA)),
        "shanghai.jinshan",
        "case-2021-1-langxia",
        2,
        SENT,
        LIAISON,
    )
    past: list[Event] = [fell_due(), fed_back()]
    [submitted] = CASES.publish(sealed, reduce(evolve, past, initial))
    assert isinstance(submitted, public.FeedbackSubmitted)
    assert submitted.text == TextLink(sha256=SHA, href="/tenants/shanghai.jinshan/texts/abc")


def test_a_receipt_tells_which_offices_are_missing() -> None:
    [first] = told(fell_due(), fed_back(), *receipted_by("party_office"))
    [second] = told(fell_due(), fed_back(), *receipted_by(*BOTH))
    assert isinstance(first, public.FeedbackReceipted)
    assert isinstance(second, public.FeedbackReceipted)
    assert (first.offices_missing, second.offices_missing) == (["law_office"], [])


def test_returns_and_extensions_tell_both_dates() -> None:
    [back] = told(fell_due(), fed_back(), *receipted_by(*BOTH), returned())
    [more] = told(fell_due(), asked(), granted())
    assert isinstance(back, public.RectificationReturned)
    assert isinstance(more, public.RectificationExtended)
    assert (back.due_on_before, back.due_on, back.by_office) == (DUE, date(2021, 11, 26), "law_office")
    assert (more.due_on_before, more.due_on, more.requested_on) == (
        DUE,
        date(2021, 10, 29),
        date(2021, 9, 22),
    )


def test_a_missed_date_is_told() -> None:
    [overdue] = told(fell_due(), fell_overdue())
    assert isinstance(overdue, public.RectificationOverdue)
    assert (overdue.due_on, overdue.overdue_since) == (DUE, date(2021, 10, 9))


def test_a_verification_tells_when_it_was_due_and_whether_it_was_on_time() -> None:
    late = fed_back(date(2021, 10, 11))
    [done] = told(
        fell_due(), fell_overdue(), late, *receipted_by(*BOTH), verified("partly", unfinished=("langxia-2",))
    )
    assert isinstance(done, public.RectificationVerified)
    assert (done.original_due_on, done.due_on, done.fed_back_on) == (DUE, DUE, date(2021, 10, 11))
    assert (done.outcome, done.on_time, done.by_office) == ("partly", False, "law_office")
    assert done.unfinished == ["langxia-2"]


def test_a_rectification_counts_in_the_year_it_first_fell_due() -> None:
    before, after = date(2021, 12, 31), date(2022, 1, 14)
    extended = granted(after, before=before, on=date(2021, 12, 20))
    fed = fed_back(date(2022, 1, 10), due_on=after)
    [done] = told(fell_due(before), asked(after), extended, fed, *receipted_by(*BOTH), verified())
    assert isinstance(done, public.RectificationVerified)
    assert (done.counts_in, done.due_on, done.on_time) == (2021, after, True)


def test_the_duty_tells_the_unit_s_category_and_its_place() -> None:
    [due] = told(replace(fell_due(), category="town", official_order=7))
    assert isinstance(due, public.RectificationDue)
    assert (due.category, due.official_order) == ("town", 7)
    [unknown] = told(fell_due())
    assert isinstance(unknown, public.RectificationDue)
    assert unknown.category == ""


def test_whatever_moves_a_date_tells_both_dates() -> None:
    moved = date(2021, 10, 14)
    [sure] = told(fell_due(provisional=True), confirmed(DUE, moved, on=SENT))
    assert sure == public.RectificationDateConfirmed(
        case="2021-1-langxia", unit="langxia", due_on_before=DUE, due_on=moved, confirmed_on=SENT
    )
    period = RectificationSuspended("s", SENT, SENT, 6, DUE, moved, False, SENT)
    [stopped] = told(fell_due(), period)
    assert isinstance(stopped, public.RectificationSuspended)
    assert (stopped.days, stopped.due_on_before, stopped.due_on) == (6, DUE, moved)


def test_a_withdrawn_feedback_is_told_with_the_date_that_runs_again() -> None:
    [back] = told(fell_due(), fed_back(), withdrawn())
    assert isinstance(back, public.FeedbackWithdrawn)
    assert (back.sent_on, back.due_on) == (date(2021, 9, 28), DUE)


def test_a_short_form_says_that_it_is_one() -> None:
    [form] = told(fell_due(), replace(fed_back(), entered_for="示例村书记主任"))
    [ordinary] = told(fell_due(), fed_back())
    assert isinstance(form, public.FeedbackSubmitted)
    assert isinstance(ordinary, public.FeedbackSubmitted)
    assert (form.short_form, ordinary.short_form) == (True, False)


def test_corrected_task_lines_are_told() -> None:
    past = fell_due()
    event = ItemsCorrected(past.items[:1], "金委办〔2021〕33号", FreeText("笔误。"), SENT, SENT)
    [lines] = told(past, event)
    assert isinstance(lines, public.RectificationItemsCorrected)
    assert [item.item for item in lines.items] == ["langxia-1"]


def test_reminders_and_notices_are_told_without_their_text() -> None:
    [reminder] = told(fell_due(), ReminderSent("yellow", DUE, SENT))
    [opened] = told(fell_due(), fell_overdue(), opened_notice())
    [closed] = told(
        fell_due(), fell_overdue(), opened_notice(), SupervisionClosed("督〔2021〕2号", None, SENT)
    )
    assert isinstance(reminder, public.ReminderSent)
    assert isinstance(opened, public.SupervisionOpened)
    assert isinstance(closed, public.SupervisionClosed)
    assert (reminder.kind, reminder.due_on) == ("yellow", DUE)
    assert (opened.notice_number, opened.due_on) == ("督〔2021〕2号", date(2021, 11, 5))
    assert "逾期未反馈" not in opened.model_dump_json()


def test_a_correction_tells_what_was_wrong_and_how_it_is_judged_now() -> None:
    late: list[Event] = [
        fell_due(),
        fell_overdue(),
        fed_back(date(2021, 10, 11)),
        *receipted_by(*BOTH),
        verified(),
    ]
    event = RecordCorrected(
        "sent_on", 1, date(2021, 10, 11), DUE, False, True, FreeText("误。"), DECISION, date(2022, 3, 10)
    )
    [corrected] = told(*late, event)
    assert corrected == public.RecordCorrected(
        case="2021-1-langxia",
        unit="langxia",
        session="2021-1",
        plan_year=2021,
        corrected_on=date(2022, 3, 10),
        what="sent_on",
        value_before=date(2021, 10, 11),
        value=DUE,
        due_on=DUE,
        fed_back_on=DUE,
        on_time=True,
        counts_in=2021,
        by=DECISION.by,
        by_title=DECISION.title,
        reason=DECISION.reason,
    )
    [not_judged] = told(
        fell_due(), replace(event, what="due_on", feedback=None, value_before=DUE, value=date(2021, 11, 1))
    )
    assert isinstance(not_judged, public.RecordCorrected)
    assert (not_judged.on_time, not_judged.fed_back_on) == (None, None)


def test_a_bulletin_is_told_as_it_was_issued() -> None:
    line = Line("2021-1-langxia", "langxia", "廊下镇", "overdue", DUE, True)
    event = BulletinIssued("2021-2", (line,), date(2022, 7, 1))
    recorded = Recorded(event, "shanghai.jinshan", "bulletin-2022-1", 1, date(2022, 7, 1), LIAISON)
    [bulletin] = BULLETINS.publish(recorded, BULLETINS.fold([event]))
    assert isinstance(bulletin, public.BulletinIssued)
    assert (bulletin.bulletin, bulletin.session, bulletin.about_session) == ("2022-1", "2022-1", "2021-2")
    assert [(one.unit, one.state, one.carried_on) for one in bulletin.lines] == [("langxia", "overdue", True)]


@pytest.mark.parametrize(
    "past",
    [
        [fell_due(), asked()],
        [fell_due(), asked(), refused()],
        [fell_due(), handed_over()],
        [fell_due(), suspension_noted()],
        [fell_due(), ProgressNoted(FreeText("已起草。"), None, SENT)],
        [fell_due(), InspectionRecorded("7", FreeText("已张贴。"), "supervision_office", SENT, SENT)],
        [fell_due(), MinutesCorrectionNoted("金委办〔2021〕33号", FreeText("笔误。"), SENT, SENT)],
    ],
)
def test_what_is_of_no_use_to_others_stays_inside(past: list[Event]) -> None:
    assert told(*past) == []


def test_every_public_event_carries_the_case_as_its_partition_key() -> None:
    for past in ([fell_due()], [fell_due(), fed_back()], [fell_due(), fell_overdue()]):
        assert all(getattr(contract, "case", None) == "2021-1-langxia" for contract in told(*past))
