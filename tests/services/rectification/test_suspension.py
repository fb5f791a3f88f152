"""All work stops for a while: which cases move, by how much, and what is only kept in mind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.rectification.domain import suspension
from services.rectification.domain.commands import (
    ConfirmDueDate,
    GrantExtension,
    NoteOverdue,
    RequestExtension,
    SubmitFeedback,
    SuspendCase,
    WithdrawFeedback,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import (
    DueDateConfirmed,
    FeedbackWithdrawn,
    RectificationSuspended,
    ReminderSent,
)
from services.rectification.domain.situations import DueDate, Open
from services.rectification.domain.suspension import CasesSuspended, SuspendCases
from services.rectification.domain.terms import reminders
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Decision, FreeText
from shared.tenancy import Policy
from shared.testing.given import Scenario, scenario
from tests.services.rectification.telling import (
    BOTH,
    DEADLINE,
    EMERGENCY,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    asked,
    case,
    fed_back,
    fell_due,
    fell_overdue,
    granted,
    receipted_by,
    returned,
    suspension_noted,
    verified,
)

SENT, DUE, MOVED = date(2022, 1, 30), date(2022, 5, 5), date(2022, 7, 5)
TODAY = date(2022, 4, 1)
SUSPEND = SuspendCase(*EMERGENCY)
opened = replace(
    fell_due(DUE, before_rolling=date(2022, 4, 30)),
    minutes_sent_on=SENT,
    reminders=reminders(DUE, SENT, Policy(), published()),
)
"""A case of the round 2021/2: minutes sent on a make-up working Sunday, due after the Labour Day holiday."""


def suspended(
    due_on: date = MOVED,
    *,
    name: str = EMERGENCY[0],
    first: date = EMERGENCY[1],
    last: date = EMERGENCY[2],
    days: int = 61,
    before: date = DUE,
    on: date = TODAY,
) -> RectificationSuspended:
    return RectificationSuspended(name, first, last, days, before, due_on, False, on)


past = case(TODAY, PARTY_OFFICE).given(opened)


# ---- the decision ----

COMMITTEE = Decision("区委常委会", "区委", "全区转入应急状态")


decided: Scenario[suspension.Suspension, suspension.Command, suspension.Event, None] = scenario(
    suspension.decide, suspension.evolve, suspension.initial, today=TODAY, actor=PARTY_OFFICE
)


def test_a_suspension_is_decided_by_name_with_its_reason() -> None:
    command = SuspendCases(*EMERGENCY[1:], COMMITTEE)
    decided.when(command).then(CasesSuspended(*EMERGENCY[1:], COMMITTEE, on=TODAY))
    for wrong in (replace(COMMITTEE, by=" "), replace(COMMITTEE, reason=""), replace(COMMITTEE, title="")):
        decided.when(replace(command, decision=wrong)).then_refused("rectification.decision-incomplete")


def test_a_suspension_has_at_least_a_day_and_is_for_a_time() -> None:
    one_day = SuspendCases(TODAY, TODAY, COMMITTEE)
    decided.when(one_day).then(CasesSuspended(TODAY, TODAY, COMMITTEE, on=TODAY))
    decided.when(replace(one_day, suspended_until=date(2022, 3, 31))).then_refused(
        "rectification.suspension-without-days"
    )
    decided.when(replace(one_day, suspended_until=date(2202, 5, 31))).then_refused(
        "rectification.suspension-too-long", days_at_most=366
    )
    decided.under(Policy(suspension_days_at_most=61)).when(
        replace(one_day, suspended_until=date(2022, 6, 1))
    ).then_refused("rectification.suspension-too-long", days=62, days_at_most=61)


def test_a_suspension_is_decided_once() -> None:
    command = SuspendCases(*EMERGENCY[1:], COMMITTEE)
    done = CasesSuspended(*EMERGENCY[1:], COMMITTEE, on=TODAY)
    decided.given(done).when(command).then_refused("rectification.not-allowed-now", situation="decided")


# ---- the cases ----


def test_an_open_case_gets_the_days_that_were_suspended() -> None:
    past.when(SUSPEND).then(
        replace(
            suspended(),
            reminders=reminders(MOVED, TODAY, Policy(), published()),
        )
    )
    state = past.given(suspended()).state
    assert isinstance(state, Open)
    assert state.duty.original_due_on == DUE
    assert state.duty.dates[-1] == DueDate(MOVED, "suspension", TODAY, days_added=61)


def test_the_moved_date_is_rolled_like_every_last_day() -> None:
    two = SuspendCase("s", TODAY, date(2022, 4, 2))  # 05-07 is a make-up working Saturday
    [event] = past.when(two).events
    assert isinstance(event, RectificationSuspended)
    assert (event.days, event.due_on) == (2, date(2022, 5, 7))
    three = SuspendCase("s", TODAY, date(2022, 4, 3))  # 05-08 is a Sunday
    [event] = past.when(three).events
    assert isinstance(event, RectificationSuspended)
    assert (event.days, event.due_on) == (3, date(2022, 5, 9))


def test_a_suspension_reaches_a_case_once() -> None:
    past.given(suspended()).when(SUSPEND).then_nothing()
    past.given(suspension_noted()).when(SUSPEND).then_nothing()


def test_a_second_suspension_adds_only_the_days_that_the_first_had_not() -> None:
    again = SuspendCase("2022-summer", date(2022, 5, 20), date(2022, 6, 10))
    [event] = past.given(suspended()).when(again).events
    assert isinstance(event, RectificationSuspended)
    assert (event.days, event.due_on_before, event.due_on) == (10, MOVED, date(2022, 7, 15))


def test_a_date_that_lies_before_the_period_stays_missed() -> None:
    late = SuspendCase("s", date(2022, 5, 6), date(2022, 5, 31))
    noted = suspension_noted(date(2022, 5, 6), on=date(2022, 5, 6))
    missed = past.given(fell_overdue(DUE)).today(date(2022, 5, 6))
    missed.when(late).then(replace(noted, suspension="s"))
    state = missed.given(noted).state
    assert isinstance(state, Open)
    assert (state.duty.due_on, state.overdue_since) == (DUE, date(2022, 5, 6))


def test_a_suspension_that_is_decided_afterwards_takes_back_that_the_date_was_missed() -> None:
    missed = past.given(fell_overdue(DUE)).today(date(2022, 5, 10))
    missed.when(SUSPEND).then(
        replace(
            suspended(on=date(2022, 5, 10)),
            reminders=reminders(MOVED, date(2022, 5, 10), Policy(), published()),
        )
    )
    state = missed.given(suspended(on=date(2022, 5, 10))).state
    assert isinstance(state, Open)
    assert state.overdue_since is None
    assert deadlines(state)["overdue"] == date(2022, 7, 6)
    missed.given(suspended(on=date(2022, 5, 10))).by(DEADLINE).when(NoteOverdue()).then_nothing()


def test_a_case_that_is_fed_back_keeps_its_date_and_the_period_in_mind() -> None:
    back = fed_back(date(2022, 3, 20), due_on=DUE)
    past.given(back).when(SUSPEND).then(suspension_noted())
    past.given(back, suspension_noted()).when(SUSPEND).then_nothing()


def test_a_closed_case_and_one_never_opened_have_no_date_to_move() -> None:
    closed = past.given(fed_back(date(2022, 3, 20), due_on=DUE), *receipted_by(*BOTH), verified())
    closed.when(SUSPEND).then_nothing()
    case(TODAY, PARTY_OFFICE).when(SUSPEND).then_nothing()


def test_a_feedback_that_is_withdrawn_has_not_stopped_the_date_and_the_period_counts() -> None:
    back = past.given(fed_back(date(2022, 3, 20), due_on=DUE), suspension_noted())
    today = date(2022, 4, 6)
    back.today(today).by(LIAISON).when(WithdrawFeedback("误报。")).then(
        FeedbackWithdrawn(FreeText("误报。"), date(2022, 3, 20), on=today),
        replace(suspended(on=today), reminders=reminders(MOVED, today, Policy(), published())),
    )


def test_a_return_sets_its_date_knowing_of_the_suspension() -> None:
    back = past.given(fed_back(date(2022, 3, 20), due_on=DUE), suspension_noted(), *receipted_by(*BOTH))
    new = returned(date(2022, 7, 15), on=date(2022, 5, 10), before=DUE)
    again = SuspendCase("2022-summer", date(2022, 5, 20), date(2022, 6, 10))
    [event] = back.given(new).today(date(2022, 5, 20)).when(again).events
    assert isinstance(event, RectificationSuspended)
    assert (event.days, event.due_on) == (10, date(2022, 7, 25))  # 06-01 to 06-10


def test_an_extension_is_counted_from_the_date_that_was_moved() -> None:
    later = past.given(suspended()).by(LIAISON).today(date(2022, 6, 20))
    later.when(RequestExtension("涉及企业较多。", date(2022, 8, 4))).then(
        asked(date(2022, 8, 4), date(2022, 6, 20))
    )
    later.when(RequestExtension("涉及企业较多。", date(2022, 8, 5))).then_refused(
        "rectification.extension-too-long", latest="2022-08-04"
    )


def test_a_second_extension_is_counted_from_the_date_before_the_first_moved_by_the_suspension() -> None:
    first = granted(date(2022, 6, 2), requested_on=date(2022, 3, 1), before=DUE, on=date(2022, 3, 2))
    extended = past.given(asked(date(2022, 6, 2), date(2022, 3, 1)), first).under(
        Policy(extensions_at_most=2)
    )
    [event] = extended.when(SUSPEND).events
    assert isinstance(event, RectificationSuspended)
    assert event.due_on == date(2022, 8, 2)
    more = extended.given(event).by(LIAISON)
    more.when(RequestExtension("涉及企业较多。", date(2022, 8, 5))).then_refused(
        "rectification.extension-too-long", latest="2022-08-04"
    )


def test_a_request_that_the_suspension_has_overtaken_cannot_be_granted() -> None:
    waiting = past.given(asked(date(2022, 6, 2), date(2022, 3, 1)), suspended()).by(LAW_OFFICE)
    waiting.when(GrantExtension()).then_refused(
        "rectification.extension-not-later", due_on="2022-06-02", governing="2022-07-05"
    )


def test_reminders_of_the_old_date_say_nothing_about_the_new_one() -> None:
    reminded = past.given(ReminderSent("yellow", DUE, date(2022, 4, 20)))
    state = reminded.given(suspended_with_reminders()).state
    assert deadlines(state) == {
        "remind-yellow": date(2022, 6, 20),
        "remind-orange": date(2022, 6, 28),
        "overdue": date(2022, 7, 6),
    }


def suspended_with_reminders() -> RectificationSuspended:
    return replace(suspended(), reminders=reminders(MOVED, TODAY, Policy(), published()))


def test_on_time_is_judged_by_the_moved_date() -> None:
    moved = past.given(suspended()).by(LIAISON).today(MOVED)
    moved.when(SubmitFeedback("已办。", "示例甲")).then(
        replace(fed_back(MOVED, due_on=MOVED), text=FreeText("已办。"))
    )


# ---- a year without a calendar ----

WITHOUT_2022 = Calendar({2021: published().years[2021]})


@pytest.mark.parametrize("base_provisional", [True, False])
def test_a_date_moved_into_a_year_without_a_calendar_is_provisional_until_it_is_known(
    base_provisional: bool,
) -> None:
    printed = replace(opened, due_provisional=base_provisional)
    unknown = case(TODAY, PARTY_OFFICE).within(WITHOUT_2022).given(printed)
    [event] = unknown.when(SuspendCase("s", TODAY, date(2022, 4, 3))).events
    assert isinstance(event, RectificationSuspended)
    assert (event.due_on, event.due_provisional) == (date(2022, 5, 8), True)
    known = unknown.within(published()).given(event).today(date(2022, 4, 6))
    [confirmed] = known.when(ConfirmDueDate()).events
    assert isinstance(confirmed, DueDateConfirmed)
    assert (confirmed.due_on_before, confirmed.due_on) == (date(2022, 5, 8), date(2022, 5, 9))
    known.given(confirmed).when(ConfirmDueDate()).then_nothing()


def test_a_date_that_is_confirmed_to_a_later_day_may_reach_into_a_suspension() -> None:
    printed = replace(opened, due_on=date(2022, 4, 30), due_provisional=True)
    noted = suspension_noted(date(2022, 5, 1), date(2022, 5, 10))
    known = case(TODAY, PARTY_OFFICE).given(printed, noted)
    confirmed, moved = known.when(ConfirmDueDate()).events
    assert isinstance(confirmed, DueDateConfirmed)
    assert isinstance(moved, RectificationSuspended)
    assert (confirmed.due_on, moved.days, moved.due_on) == (DUE, 10, date(2022, 5, 16))  # 05-15 is a Sunday
