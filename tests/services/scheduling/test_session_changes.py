"""The rules of what changes once people are called: another day, no session, another reporter, absent observers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from services.scheduling.domain.registry import Post, RegisteredUnit
from services.scheduling.domain.roster import Absence, Facts, OtherSession, Reporter
from services.scheduling.domain.session_commands import (
    CancelSession,
    Command,
    DraftRoster,
    MoveReporterIn,
    NameObservers,
    NoteAbsence,
    NoteAttendance,
    PastReporter,
    RecordPastSession,
    RescheduleSession,
    ScheduleSession,
    SubstituteReporter,
    WaiveAbsence,
)
from services.scheduling.domain.session_events import (
    AbsenceNoted,
    AbsenceWaived,
    AbsenceWithdrawn,
    AttendanceNoted,
    Event,
    PastSessionRecorded,
    ReporterMovedIn,
    ReporterSubstituted,
    SessionCancelled,
    SessionRescheduled,
)
from services.scheduling.domain.situations import Cancelled, Drafted, Past, Scheduled, Session
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Decision
from shared.tenancy import Policy
from shared.testing.given import Scenario
from tests.services.scheduling.telling import (
    CHAIR,
    FACTS,
    HELD_ON,
    NEXT_ROUND,
    OBSERVERS,
    REPORTERS,
    THIS_ROUND,
    TODAY,
    UNITS,
    drafted,
    entries,
    holding_noted,
    minutes_noted,
    observers_named,
    rostered,
    scheduled,
    session_2021_1,
)

LATER = date(2021, 6, 29)
RESCHEDULE = RescheduleSession(LATER, "防汛")
CANCEL = CancelSession("机构改革")
SUBSTITUTE = SubstituteReporter("langxia", "shilizhen", "secretary", "书记出差，不得由副职代述")
OUT = next(one for one in REPORTERS if one.unit == "langxia")
[IN] = rostered("shilizhen")


def called() -> Scenario[Session, Command, Event, Facts]:
    return session_2021_1().given(drafted(), observers_named(), scheduled())


# ---- another day ----


def rescheduled(
    held_on: date = LATER, warnings: tuple[str, ...] = (), on: date = TODAY
) -> SessionRescheduled:
    return SessionRescheduled(HELD_ON, held_on, "防汛", warnings, on)


def test_a_scheduled_session_is_moved_to_another_day_with_a_reason() -> None:
    called().when(RESCHEDULE).then(rescheduled())
    state = called().given(rescheduled()).state
    assert isinstance(state, Scheduled)
    assert (state.held_on, state.reporters) == (LATER, REPORTERS)


def test_the_day_it_has_is_no_new_day() -> None:
    called().when(replace(RESCHEDULE, held_on=HELD_ON)).then_nothing()


def test_a_session_may_be_moved_on_the_day_and_after_it_while_it_was_not_held() -> None:
    outcome = called().today(date(2021, 6, 25)).when(RescheduleSession(date(2021, 12, 1), "防汛"))
    outcome.then(rescheduled(date(2021, 12, 1), on=date(2021, 6, 25)))


@pytest.mark.parametrize(
    "command", [replace(RESCHEDULE, reason=" "), CancelSession(""), replace(SUBSTITUTE, reason="")]
)
def test_those_who_were_called_are_told_why(command: Command) -> None:
    called().when(command).then_refused("scheduling.reason-missing")


def test_the_other_day_keeps_to_the_rules_of_the_first() -> None:
    called().when(replace(RESCHEDULE, held_on=date(2022, 2, 1))).then_refused(
        "scheduling.date-outside-plan-year", plan_year=2021
    )
    called().when(replace(RESCHEDULE, held_on=date(2021, 3, 31))).then_refused(
        "scheduling.session-in-the-past", held_on="2021-03-31"
    )
    only_2021 = Calendar({2021: published().years[2021]})
    called().within(only_2021).when(replace(RESCHEDULE, held_on=date(2022, 1, 12))).then_refused(
        "scheduling.calendar-year-missing", year=2022
    )


def test_what_was_warned_of_is_looked_at_again() -> None:
    late = called().today(date(2021, 6, 3))
    late.when(RESCHEDULE).then(rescheduled(on=date(2021, 6, 3)))
    late.when(replace(RESCHEDULE, held_on=date(2021, 6, 23))).then(
        rescheduled(date(2021, 6, 23), ("scheduling.draft-due-passed:2021-06-01",), on=date(2021, 6, 3))
    )


# ---- no session ----


def test_a_session_is_cancelled_before_or_after_its_people_were_called() -> None:
    called().when(CANCEL).then(SessionCancelled(HELD_ON, "机构改革", TODAY))
    session_2021_1().given(drafted()).when(CANCEL).then(SessionCancelled(None, "机构改革", TODAY))
    assert called().given(SessionCancelled(HELD_ON, "机构改革", TODAY)).state == Cancelled("机构改革")


@pytest.mark.parametrize("command", [CANCEL, RESCHEDULE, SUBSTITUTE, ScheduleSession(HELD_ON)])
def test_what_is_cancelled_stays_so(command: Command) -> None:
    called().given(SessionCancelled(HELD_ON, "机构改革", TODAY)).when(command).then_refused(
        "scheduling.not-allowed-now", situation="cancelled"
    )


@pytest.mark.parametrize("command", [CANCEL, RESCHEDULE, SUBSTITUTE])
def test_what_was_held_is_not_changed(command: Command) -> None:
    held = called().given(holding_noted())
    held.when(command).then_refused("scheduling.not-allowed-now", situation="held")
    held.given(minutes_noted()).when(command).then_refused(
        "scheduling.not-allowed-now", situation="minutes-sent"
    )


@pytest.mark.parametrize("command", [RESCHEDULE, SUBSTITUTE])
def test_before_people_are_called_the_roster_is_drafted_anew_instead(command: Command) -> None:
    session_2021_1().given(drafted()).when(command).then_refused(
        "scheduling.not-allowed-now", situation="drafted"
    )


# ---- another reporter ----


def substituted(
    out: Reporter = OUT,
    into: Reporter = IN,
    moved_to: str | None = "2021-2",
    warnings: tuple[str, ...] = (),
    on: date = HELD_ON,
    decision: Decision | None = None,
) -> ReporterSubstituted:
    return ReporterSubstituted(out, into, SUBSTITUTE.reason, moved_to, warnings, on, decision)


def on_the_day() -> Scenario[Session, Command, Event, Facts]:
    return called().today(HELD_ON)


def test_another_of_its_category_steps_in_and_the_unit_moves_to_the_next_round() -> None:
    on_the_day().when(SUBSTITUTE).then(substituted())
    state = on_the_day().given(substituted()).state
    assert isinstance(state, Scheduled)
    assert [one.unit for one in state.reporters] == ["gongshanglian", "jiaotongwei", "shilizhen"]
    assert [one.unit for one in state.observers] == ["shilibu", "shichangjianguan"]


def test_another_category_does_not_step_in_unless_it_is_decided_by_name() -> None:
    other = replace(SUBSTITUTE, unit_in="shilibu", post="head")
    on_the_day().when(other).then_refused(
        "scheduling.other-category-steps-in", unit="shilibu", category="party_or_mass", needed="town"
    )
    [shilibu] = rostered("shilibu")
    on_the_day().when(replace(other, decision=CHAIR)).then(substituted(into=shilibu, decision=CHAIR))
    on_the_day().when(replace(other, decision=replace(CHAIR, by=""))).then_refused(
        "scheduling.decision-incomplete", missing=["by"]
    )


def test_only_a_reporter_of_this_session_is_replaced() -> None:
    on_the_day().when(replace(SUBSTITUTE, unit_out="shilibu")).then_refused(
        "scheduling.unit-not-on-the-roster", unit="shilibu"
    )


def test_a_lead_report_is_given_by_nobody_else() -> None:
    leading = replace(
        scheduled(), reporters=tuple(replace(one, lead=one.unit == "langxia") for one in REPORTERS)
    )
    session_2021_1().given(drafted(), observers_named(), leading).when(SUBSTITUTE).then_refused(
        "scheduling.unit-not-on-the-roster", rostered=["gongshanglian", "jiaotongwei"]
    )


def test_who_steps_in_is_registered_and_reports_once() -> None:
    on_the_day().when(replace(SUBSTITUTE, unit_in="wairen")).then_refused("scheduling.unit-not-registered")
    on_the_day().when(replace(SUBSTITUTE, post="mayor")).then_refused("scheduling.post-not-registered")
    on_the_day().when(replace(SUBSTITUTE, unit_in="jiaotongwei", post="head")).then_refused(
        "scheduling.unit-already-on-the-roster", unit="jiaotongwei"
    )


def test_a_unit_that_was_dissolved_does_not_step_in() -> None:
    gone = replace(FACTS.units["shilizhen"], valid_until=date(2021, 3, 31))
    facts = replace(FACTS, units={**FACTS.units, "shilizhen": gone})
    on_the_day().knowing(facts).when(SUBSTITUTE).then_refused(
        "scheduling.unit-dissolved", units=["shilizhen"]
    )


def test_who_steps_in_again_inside_two_years_is_warned_of() -> None:
    before = OtherSession("2020-2", entries("shilizhen"), date(2020, 12, 1), date(2020, 12, 20))
    facts = replace(FACTS, sessions=(*FACTS.sessions, before))
    on_the_day().knowing(facts).when(SUBSTITUTE).then(
        substituted(warnings=("scheduling.unit-rostered-again:shilizhen",))
    )


@pytest.mark.parametrize(
    ("sessions", "moved_to"),
    [
        pytest.param((), None, id="no later roster yet"),
        pytest.param((("2021-2", date(2021, 12, 1)),), None, id="its people are called"),
        pytest.param((("2022-1", None), ("2021-2", None)), "2021-2", id="the first of the later ones"),
        pytest.param((("2020-2", None),), None, id="an earlier one that was never held"),
    ],
)
def test_a_unit_moves_to_the_first_later_round_that_is_still_drafted(
    sessions: tuple[tuple[str, date | None], ...], moved_to: str | None
) -> None:
    others = tuple(OtherSession(id, entries("shilibu"), held_on) for id, held_on in sessions)
    on_the_day().knowing(replace(FACTS, sessions=others)).when(SUBSTITUTE).then(
        substituted(moved_to=moved_to)
    )


def next_round(*events: Event) -> Scenario[Session, Command, Event, Facts]:
    """Session 2021-2, provisionally rostered, in whose eyes 2021-1 is the other session."""
    other = OtherSession("2021-1", entries(*THIS_ROUND), HELD_ON)
    roster = replace(drafted(provisional=True), number=2, reporters=OBSERVERS)
    return session_2021_1(session="2021-2", sessions=(other,)).given(roster, *events)


def test_who_moves_takes_the_place_of_who_stepped_in() -> None:
    move = MoveReporterIn("langxia", "secretary", "2021-1", "shilizhen")
    moved = ReporterMovedIn(OUT, "2021-1", "shilizhen", on=TODAY)
    next_round().when(move).then(moved)
    assert next_round(moved).state == Drafted(
        2021, 2, rostered("shilibu", "shichangjianguan", "langxia"), True
    )


def test_where_nobody_stepped_in_from_there_who_moves_is_added_and_the_roster_is_settled_anew() -> None:
    settled = replace(drafted(), number=2, reporters=OBSERVERS)
    move = MoveReporterIn("langxia", "secretary", "2021-1", "fengjing")
    moved = ReporterMovedIn(OUT, "2021-1", None, on=TODAY)
    next_round(settled).when(move).then(moved)
    state = next_round(settled, moved).state
    assert isinstance(state, Drafted)
    assert (len(state.reporters), state.provisional) == (4, True)


# ---- absent observers ----

ABSENT = NoteAttendance("shilizhen", IN.person, False, "年休假")
ABSENT_NEXT = NoteAbsence("shilizhen", IN.person, "2021-1", False, "年休假")
ABSENCE = AbsenceNoted("shilizhen", IN.person, "2021-1", "年休假", on=TODAY)
BLOCKS = Policy(observer_absence_blocks=True)
DRAFT_NEXT = DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=False)


def test_who_observed_is_noted_with_the_reason_of_an_absence() -> None:
    came = AttendanceNoted("shilibu", "示例部负责人", True, None, "2021-2", HELD_ON)
    on_the_day().when(NoteAttendance("shilibu", "示例部负责人", True, None)).then(came)
    on_the_day().when(ABSENT).then(
        AttendanceNoted("shilizhen", IN.person, False, "年休假", "2021-2", HELD_ON)
    )
    held = on_the_day().given(holding_noted())
    assert held.when(ABSENT).refusal is None


def test_somebody_who_was_not_named_to_observe_was_not_absent() -> None:
    on_the_day().when(replace(ABSENT, unit="sifaju")).then_nothing()
    on_the_day().given(substituted()).when(ABSENT).then_nothing()


def test_an_absence_is_shown_at_the_roster_the_person_was_to_come_from() -> None:
    next_round().when(ABSENT_NEXT).then(ABSENCE)
    state = next_round(ABSENCE).state
    assert isinstance(state, Drafted)
    assert state.absences == (Absence("shilizhen", IN.person, "2021-1", "年休假"),)
    next_round(ABSENCE).when(ABSENT_NEXT).then_nothing()


def test_an_absence_recorded_in_error_is_withdrawn() -> None:
    came = replace(ABSENT_NEXT, attended=True, reason=None)
    next_round(ABSENCE).when(came).then(AbsenceWithdrawn("shilizhen", "2021-1", on=TODAY))
    next_round().when(came).then_nothing()
    state = next_round(ABSENCE, AbsenceWithdrawn("shilizhen", "2021-1", on=TODAY)).state
    assert isinstance(state, Drafted)
    assert state.absences == ()


def test_the_reason_of_an_absence_may_be_put_right() -> None:
    next_round(ABSENCE).when(replace(ABSENT_NEXT, reason="公务出差")).then(
        replace(ABSENCE, reason="公务出差")
    )


def test_an_absence_says_nothing_to_a_session_whose_people_are_called_already() -> None:
    called().when(replace(ABSENT_NEXT, session="2020-2")).then_nothing()


def test_an_absent_observer_is_called_all_the_same_unless_policy_says_otherwise() -> None:
    absent = next_round(ABSENCE)
    assert absent.when(DRAFT_NEXT).refusal is None
    absent.under(BLOCKS).when(DRAFT_NEXT).then_refused(
        "scheduling.absent-observer-not-waived", units=["shilizhen"]
    )


def test_a_decision_on_the_roster_waives_no_absence() -> None:
    next_round(ABSENCE).under(BLOCKS).when(replace(DRAFT_NEXT, decision=CHAIR)).then_refused(
        "scheduling.absent-observer-not-waived"
    )


def test_a_settled_roster_with_an_absent_observer_is_not_called() -> None:
    settled = replace(drafted(), number=2, reporters=OBSERVERS)
    named = replace(observers_named(), for_session="2022-1", observers=REPORTERS)
    coming = OtherSession("2022-1", entries(*THIS_ROUND))
    ready = next_round(ABSENCE, settled, named).knowing(replace(FACTS, session="2021-2", sessions=(coming,)))
    schedule = ScheduleSession(date(2022, 1, 12))
    assert ready.when(schedule).refusal is None
    ready.under(BLOCKS).when(schedule).then_refused(
        "scheduling.absent-observer-not-waived", units=["shilizhen"]
    )


def test_an_absence_is_waived_by_name() -> None:
    waived = AbsenceWaived("shilizhen", CHAIR, on=TODAY)
    next_round(ABSENCE).when(WaiveAbsence("shilizhen", CHAIR)).then(waived)
    after = next_round(ABSENCE, waived)
    assert after.under(BLOCKS).when(DRAFT_NEXT).refusal is None
    after.when(WaiveAbsence("shilizhen", CHAIR)).then_nothing()
    next_round(ABSENCE).when(WaiveAbsence("shilizhen", replace(CHAIR, reason=""))).then_refused(
        "scheduling.decision-incomplete", missing=["reason"]
    )


def test_there_is_nothing_to_waive_where_nobody_was_absent() -> None:
    next_round(ABSENCE).when(WaiveAbsence("shilibu", CHAIR)).then_refused(
        "scheduling.no-absence-recorded", unit="shilibu"
    )


def test_whoever_took_the_post_since_was_not_absent() -> None:
    successor = replace(UNITS["shilizhen"], posts=(Post("secretary", "书记", "新任书记"),))
    after = next_round(ABSENCE).under(BLOCKS)
    facts = replace(after.context.facts, units={**UNITS, "shilizhen": successor})
    assert after.knowing(facts).when(DRAFT_NEXT).refusal is None


def test_somebody_rostered_later_was_not_absent() -> None:
    fengjing = RegisteredUnit("fengjing", "枫泾镇", "town", 52, (Post("secretary", "书记", "示例"),))
    after = next_round(ABSENCE).under(BLOCKS)
    facts = replace(after.context.facts, units={**UNITS, "fengjing": fengjing})
    with_fengjing = (*entries("shichangjianguan", "shilibu"), replace(entries("langxia")[0], unit="fengjing"))
    assert after.knowing(facts).when(replace(DRAFT_NEXT, reporters=with_fengjing)).refusal is None


# ---- sessions from before the system ----

PAST = RecordPastSession(2017, 1, date(2017, 9, 20), (PastReporter("langxia", "secretary", "当时书记"),))
RECORDED = PastSessionRecorded(2017, 1, date(2017, 9, 20), (replace(OUT, person="当时书记"),), on=TODAY)


def past() -> Scenario[Session, Command, Event, Facts]:
    return session_2021_1(session="2017-1")


def test_a_session_from_before_the_system_is_entered_with_who_reported_then() -> None:
    past().when(PAST).then(RECORDED)
    assert past().given(RECORDED).state == Past(date(2017, 9, 20), RECORDED.reporters)


def test_the_same_past_session_again_is_nothing_new_and_another_account_of_it_replaces_it() -> None:
    past().given(RECORDED).when(PAST).then_nothing()
    past().given(RECORDED).when(replace(PAST, held_on=date(2017, 9, 21))).then(
        replace(RECORDED, held_on=date(2017, 9, 21))
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (replace(PAST, number=2), "scheduling.session-named-otherwise"),
        (replace(PAST, held_on=TODAY), "scheduling.past-session-not-past"),
        (replace(PAST, held_on=date(2018, 3, 1)), "scheduling.date-outside-plan-year"),
        (replace(PAST, reporters=PAST.reporters * 2), "scheduling.entry-listed-twice"),
        (replace(PAST, reporters=(PastReporter("wairen", "head", "某"),)), "scheduling.unit-not-registered"),
        (
            replace(PAST, reporters=(PastReporter("langxia", "mayor", "某"),)),
            "scheduling.post-not-registered",
        ),
        (replace(PAST, reporters=(PastReporter("langxia", "secretary", " "),)), "scheduling.name-blank"),
    ],
)
def test_what_is_entered_of_the_past_makes_sense(changed: RecordPastSession, code: str) -> None:
    past().when(changed).then_refused(code)


def test_what_is_past_is_not_called_and_what_is_called_is_not_past() -> None:
    past().given(RECORDED).when(ScheduleSession(HELD_ON)).then_refused(
        "scheduling.not-allowed-now", situation="past"
    )
    called().when(replace(PAST, plan_year=2021)).then_refused(
        "scheduling.not-allowed-now", situation="scheduled"
    )
    past().given(RECORDED).when(NameObservers("2021-2", ())).then_refused("scheduling.not-allowed-now")


# ---- all of them ----


def test_every_event_leads_somewhere() -> None:
    waived = AbsenceWaived("shilizhen", CHAIR, on=TODAY)
    moved = ReporterMovedIn(OUT, "2021-1", "shilizhen", on=TODAY)
    came = AttendanceNoted("shilibu", "示例部负责人", True, None, "2021-2", HELD_ON)
    stories: list[tuple[Event, ...]] = [
        (
            drafted(),
            observers_named(),
            scheduled(),
            rescheduled(),
            substituted(),
            came,
            holding_noted(),
            minutes_noted(),
        ),
        (drafted(), ABSENCE, waived, AbsenceWithdrawn("shilizhen", "2021-1", on=TODAY), moved),
        (drafted(), SessionCancelled(None, "机构改革", TODAY)),
        (RECORDED,),
    ]
    for story in stories:
        assert session_2021_1().given(*story).state != session_2021_1().state
    assert {type(event) for story in stories for event in story} == set(get_args(Event))
