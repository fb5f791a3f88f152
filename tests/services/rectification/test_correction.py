"""Corrections: of the minutes' task lines while a case runs, and of a wrongly recorded date at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

import pytest

from services.rectification.domain.commands import Command, CorrectItems, CorrectRecord
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import (
    Event,
    ItemsCorrected,
    MinutesCorrectionNoted,
    RecordCorrected,
)
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case, Closed, FedBack, Open, on_time
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import FreeText
from shared.testing.given import Scenario
from tests.services.rectification.telling import (
    BOTH,
    DECISION,
    DUE,
    HOUSED,
    ITEMS,
    LAW_OFFICE,
    PARTY_OFFICE,
    case,
    fed_back,
    fell_due,
    fell_overdue,
    receipted_by,
    reminded_of,
    returned,
    verified,
    withdrawn,
)

TODAY = date(2022, 3, 10)
LATE = date(2021, 10, 11)

# ---- task lines ----

LINES = (replace(ITEMS[0], task_line="各村议事程序统一经法律审核"), ITEMS[1])
CORRECT = CorrectItems(LINES, "金委办〔2021〕33号", "第一项笔误。", date(2021, 8, 2))
HEARD = date(2021, 8, 3)


def test_a_running_case_gets_the_task_lines_as_the_corrected_minutes_have_them() -> None:
    event = ItemsCorrected(LINES, "金委办〔2021〕33号", FreeText("第一项笔误。"), date(2021, 8, 2), HEARD)
    for past in (case(HEARD).given(fell_due()), case(HEARD).given(fell_due(), fed_back())):
        past.when(CORRECT).then(event)
        state = past.given(event).state
        assert isinstance(state, Open | FedBack)
        assert (state.duty.items, state.duty.due_on) == (LINES, DUE)
        past.given(event).when(CORRECT).then_nothing()


def test_lines_that_did_not_change_are_no_correction() -> None:
    case(HEARD).given(fell_due()).when(replace(CORRECT, items=ITEMS)).then_nothing()


def test_in_a_closed_case_the_correction_is_noted_and_changes_nothing() -> None:
    closed = case(TODAY).given(fell_due(), fed_back(), *receipted_by(*BOTH), verified())
    noted = MinutesCorrectionNoted("金委办〔2021〕33号", FreeText("第一项笔误。"), date(2021, 8, 2), TODAY)
    closed.when(CORRECT).then(noted)
    assert closed.given(noted).state == closed.state


def test_a_correction_opens_no_case_and_empties_none() -> None:
    case(HEARD).when(CORRECT).then_nothing()
    noted = MinutesCorrectionNoted("金委办〔2021〕33号", FreeText("第一项笔误。"), date(2021, 8, 2), HEARD)
    case(HEARD).given(fell_due()).when(replace(CORRECT, items=())).then(noted)


# ---- a wrong date ----


def correct(what: Literal["sent_on", "due_on"], value: date, feedback: int | None = None) -> CorrectRecord:
    return CorrectRecord(what, value, "登记日期误作报送日期", DECISION, feedback)


def corrected(
    what: Literal["sent_on", "due_on"],
    before: date,
    value: date,
    judged: bool | None,
    feedback: int | None = None,
    on: date = TODAY,
) -> RecordCorrected:
    event = RecordCorrected(
        what, feedback, before, value, False, judged, FreeText("登记日期误作报送日期"), DECISION, on
    )
    return replace(event, reminders=reminded_of(value, on)) if what == "due_on" else event


late = case(TODAY, LAW_OFFICE).given(fell_due(), fell_overdue(), fed_back(LATE))
closed_late = late.given(*receipted_by(*BOTH), verified(on=date(2021, 10, 20)))


@pytest.mark.parametrize("past", [late, closed_late])
def test_late_stays_late_until_the_wrong_record_is_corrected(
    past: Scenario[Case, Command, Event, Facts],
) -> None:
    assert on_time(past.state) is False
    event = corrected("sent_on", LATE, DUE, True, feedback=1)
    past.when(correct("sent_on", DUE)).then(event)
    after = past.given(event).state
    assert on_time(after) is True
    assert isinstance(after, FedBack | Closed)
    assert (after.sent_on if isinstance(after, FedBack) else after.fed_back_on) == DUE


def test_a_correction_may_also_make_it_late() -> None:
    punctual = case(TODAY, LAW_OFFICE).given(fell_due(), fed_back(DUE), *receipted_by(*BOTH), verified())
    punctual.when(correct("sent_on", LATE)).then(corrected("sent_on", DUE, LATE, False, feedback=1))


def test_a_wrong_due_date_is_corrected_and_what_was_judged_by_it_is_judged_again() -> None:
    event = corrected("due_on", DUE, LATE, True)
    closed_late.when(correct("due_on", LATE)).then(event)
    after = closed_late.given(event).state
    assert isinstance(after, Closed)
    assert [due.due_on for due in after.duty.dates] == [DUE, LATE]
    assert after.duty.original_due_on == DUE


def test_a_feedback_judged_by_another_date_is_not_touched() -> None:
    past = late.given(*receipted_by(*BOTH), returned())
    again = past.given(
        fed_back(date(2021, 11, 29), due_on=date(2021, 11, 26)), *receipted_by(*BOTH), verified()
    )
    event = corrected("due_on", date(2021, 11, 26), date(2021, 11, 29), False)
    again.when(correct("due_on", date(2021, 11, 29))).then(event)
    assert on_time(again.given(event).state) is False, "the first feedback was late by its own date"
    first = corrected("sent_on", LATE, DUE, False, feedback=1)
    again.when(correct("sent_on", DUE, feedback=1)).then(first)
    again.given(first).when(correct("due_on", date(2021, 11, 29))).then(
        corrected("due_on", date(2021, 11, 26), date(2021, 11, 29), True)
    )
    after = again.given(first).state
    assert isinstance(after, Closed)
    assert after.fed_back_on == date(2021, 11, 29)


def test_an_open_case_goes_on_by_the_corrected_date() -> None:
    missed = case(LATE, LAW_OFFICE).given(fell_due(), fell_overdue())
    right = date(2021, 10, 18)
    event = corrected("due_on", DUE, right, None, on=LATE)
    missed.when(correct("due_on", right)).then(event)
    state = missed.given(event).state
    assert isinstance(state, Open)
    assert state.overdue_since is None
    assert deadlines(state)["overdue"] == date(2021, 10, 19)
    earlier = corrected("due_on", DUE, date(2021, 9, 30), None, on=LATE)
    still = missed.given(earlier).state
    assert isinstance(still, Open)
    assert still.overdue_since == date(2021, 10, 1)


def test_a_withdrawn_feedback_may_have_been_recorded_wrongly_too() -> None:
    past = case(LATE, LAW_OFFICE).given(fell_due(), fell_overdue(), fed_back(LATE), withdrawn(LATE, LATE))
    assert on_time(past.state) is False
    event = corrected("sent_on", LATE, DUE, None, feedback=1, on=LATE)
    past.when(correct("sent_on", DUE)).then(event)


def test_a_correction_names_who_decided_it_and_why() -> None:
    command = correct("sent_on", DUE)
    late.when(replace(command, reason=" ")).then_refused("rectification.reason-missing")
    late.when(replace(command, decision=replace(DECISION, by=""))).then_refused(
        "rectification.decision-incomplete"
    )
    late.by(PARTY_OFFICE).when(command).then(corrected("sent_on", LATE, DUE, True, feedback=1))


def test_nobody_corrects_the_record_of_their_own_unit() -> None:
    late.by(HOUSED).when(correct("sent_on", DUE)).then_refused("rectification.own-item")


def test_a_correction_corrects_something_that_was_recorded() -> None:
    late.when(correct("sent_on", LATE)).then_refused("rectification.nothing-to-correct")
    late.when(correct("due_on", DUE)).then_refused("rectification.nothing-to-correct")
    late.when(correct("sent_on", DUE, feedback=2)).then_refused("rectification.no-such-feedback", sent=1)
    late.when(correct("sent_on", DUE, feedback=0)).then_refused("rectification.no-such-feedback")
    case(TODAY, LAW_OFFICE).given(fell_due()).when(correct("sent_on", DUE)).then_refused(
        "rectification.no-such-feedback", sent=0
    )
    late.when(correct("due_on", LATE, feedback=1)).then_refused("rectification.feedback-not-meant")
    case(TODAY, LAW_OFFICE).when(correct("due_on", LATE)).then_refused("rectification.not-allowed-now")


def test_a_corrected_date_obeys_the_rules_of_its_kind() -> None:
    late.when(correct("sent_on", date(2022, 3, 11))).then_refused("rectification.sent-in-future")
    late.when(correct("sent_on", date(2021, 7, 6))).then_refused("rectification.sent-before-asked")
    late.when(correct("due_on", date(2021, 10, 10))).then_refused(
        "rectification.not-a-working-day", next="2021-10-11"
    )
    late.when(correct("due_on", date(2021, 7, 7))).then_refused("rectification.due-before-asked")


def test_a_date_corrected_into_a_year_without_a_calendar_is_provisional() -> None:
    known = Calendar({2021: published().years[2021]})
    past = case(LATE, LAW_OFFICE).within(known).given(fell_due())
    [event] = past.when(correct("due_on", date(2022, 1, 8))).events
    assert isinstance(event, RecordCorrected)
    assert event.due_provisional
