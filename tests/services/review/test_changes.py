"""What scheduling changes about a session after it was called: its day, who reports, who holds a post, or all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.review.domain.changes import (
    CancelSession,
    Command,
    NoteHandover,
    ReporterChanged,
    ReporterSubstituted,
    RescheduleSession,
    SessionCancelled,
    SessionRescheduled,
    SubstituteReporter,
)
from services.review.domain.facts import Facts
from services.review.domain.minutes import DraftMinutes
from services.review.domain.proceedings import RecordSpeech
from services.review.domain.session import (
    Cancelled,
    CloseSession,
    ConfirmAgenda,
    Confirmed,
    Event,
    ExpectObserver,
    ObserverExpected,
    OpenSession,
    ReceiveBulletin,
    Rostered,
    Running,
)
from services.review.domain.session import Command as SessionCommand
from tests.services.review.telling import (
    BULLETIN,
    HELD,
    LANGXIA,
    LAW_OFFICE,
    OBSERVER,
    ORDER,
    ROSTER,
    SHILICUN,
    SIFAJU,
    SessionScenario,
    a_session,
    agenda,
    drafted,
    held,
    named,
    not_held,
    opened,
    running,
    spoke,
)

ON = date(2021, 6, 21)
LATER = date(2021, 7, 8)
MOVED = SessionRescheduled(HELD, LATER, "防汛。", ON)
STEPPED_IN = ReporterSubstituted("langxia", SIFAJU, "书记外出。", ON)
NEW_HEAD = ReporterChanged("jiaotongwei", "head", "主任", "述法人甲", "继任甲", date(2021, 6, 20), ON)
CALLED_OFF = SessionCancelled("2021-1", "防汛。", ON)

RESCHEDULE = RescheduleSession(LATER, "防汛。")
SUBSTITUTE = SubstituteReporter("langxia", SIFAJU, "书记外出。")
HANDOVER = NoteHandover("jiaotongwei", "head", "主任", "继任甲", date(2021, 6, 20))
CANCEL = CancelSession("防汛。")

on_that_day: SessionScenario = a_session.today(ON)
called: SessionScenario = on_that_day.given(opened(), named())
confirmed: SessionScenario = called.given(agenda())
begun: SessionScenario = on_that_day.given(*running(), spoke(LANGXIA))

# The day


@pytest.mark.parametrize("past", [(opened(),), (opened(), agenda()), running()])
def test_a_session_is_moved_until_somebody_has_reported(past: tuple[Event, ...]) -> None:
    on_that_day.given(*past).when(RESCHEDULE).then(MOVED)
    begun.when(RESCHEDULE).then_refused("review.session-has-begun", units_heard=["langxia"])


def test_a_session_moved_to_its_own_day_is_not_moved() -> None:
    called.when(RescheduleSession(HELD, "误发。")).then_nothing()


def test_the_agenda_stands_when_only_the_day_changes() -> None:
    moved = confirmed.given(MOVED)
    assert isinstance(moved.state, Confirmed)
    moved.today(HELD).when(RecordSpeech("langxia", "述法人丙", 505)).then_refused(
        "review.before-the-session-day", held_on="2021-07-08"
    )
    assert moved.today(LATER).when(RecordSpeech("langxia", "述法人丙", 505)).events


# Another unit


def test_another_unit_steps_in() -> None:
    called.when(SUBSTITUTE).then(STEPPED_IN)
    after = called.given(STEPPED_IN)
    assert isinstance(after.state, Rostered)
    assert after.state.roster.units == (*ORDER[:2], "sifaju")
    after.when(SUBSTITUTE).then_nothing()


def test_a_confirmed_agenda_falls_with_the_reporter_it_calls() -> None:
    fallen = confirmed.given(STEPPED_IN)
    assert isinstance(fallen.state, Rostered)
    facts = Facts({**dict.fromkeys(ORDER, "approved"), "sifaju": "approved"})
    again = fallen.by(LAW_OFFICE).knowing(facts)
    assert again.when(ConfirmAgenda((*ORDER[:2], "sifaju"), "副主任甲")).events


def test_in_the_room_who_steps_in_takes_the_place_in_the_order() -> None:
    room = on_that_day.given(*running(), not_held("langxia", "speech"), STEPPED_IN)
    assert isinstance(room.state, Running)
    assert room.state.proceedings.order == (*ORDER[:2], "sifaju")
    assert room.today(HELD).when(RecordSpeech("sifaju", "述法人丁", 470)).events


def test_who_steps_in_observes_no_longer() -> None:
    observer = replace(SIFAJU, unit="shilizhen", unit_name="示例镇")
    after = called.given(ReporterSubstituted("langxia", observer, "书记外出。", ON))
    assert isinstance(after.state, Rostered)
    assert after.state.roster.observers == ()


def test_who_has_reported_is_not_substituted() -> None:
    begun.when(SUBSTITUTE).then_refused("review.substituted-after-the-speech", unit="langxia")


def test_nobody_steps_in_for_who_does_not_report() -> None:
    called.when(SubstituteReporter("sifaju", SHILICUN, "误发。")).then_refused(
        "review.unit-not-rostered", unit="sifaju"
    )


# Another head


def test_it_is_the_new_head_who_reports() -> None:
    called.when(HANDOVER).then(NEW_HEAD)
    changed = called.given(NEW_HEAD, agenda()).today(HELD)
    changed.when(RecordSpeech("jiaotongwei", "述法人甲", 460)).then_refused(
        "review.deputy-may-not-read", rostered="继任甲"
    )
    assert changed.when(RecordSpeech("jiaotongwei", "继任甲", 460)).events


def test_a_handover_heard_again_is_nothing_new() -> None:
    called.given(NEW_HEAD).when(HANDOVER).then_nothing()


@pytest.mark.parametrize(
    "handover",
    [
        replace(HANDOVER, effective_on=date(2021, 6, 25)),  # after the session
        replace(HANDOVER, post="deputy"),
        replace(HANDOVER, unit="sifaju"),
    ],
)
def test_a_handover_of_something_else_changes_no_reporter(handover: NoteHandover) -> None:
    called.when(handover).then_nothing()


def test_who_has_reported_stays_the_reporter() -> None:
    heard = on_that_day.given(*running(), spoke(ROSTER[0]))
    heard.when(HANDOVER).then_nothing()


@pytest.mark.parametrize("past", [held(), drafted()])
def test_a_handover_after_the_session_changes_nothing_of_it(past: tuple[Event, ...]) -> None:
    on_that_day.given(*past).when(HANDOVER).then_nothing()


def test_a_confirmed_agenda_falls_with_the_draft_of_the_predecessor() -> None:
    assert isinstance(confirmed.given(NEW_HEAD).state, Rostered)


def test_an_observers_post_is_represented_by_the_new_holder() -> None:
    handover = NoteHandover("shilizhen", "secretary", "书记", "列席人乙", date(2021, 6, 20))
    called.when(handover).then(ObserverExpected(replace(OBSERVER, person="列席人乙"), ON))
    called.when(replace(handover, effective_on=date(2021, 6, 25))).then_nothing()


# No session


@pytest.mark.parametrize("past", [(opened(),), (opened(), agenda()), running()])
def test_a_session_is_called_off_until_somebody_has_reported(past: tuple[Event, ...]) -> None:
    on_that_day.given(*past).when(CANCEL).then(CALLED_OFF)
    begun.when(CANCEL).then_refused("review.session-has-begun")


@pytest.mark.parametrize(
    "command",
    [
        OpenSession("2021-1", 2021, 1, HELD, ROSTER),
        ConfirmAgenda(ORDER, "副主任甲"),
        RecordSpeech("langxia", "述法人丙", 505),
        CloseSession(),
        DraftMinutes(),
        RESCHEDULE,
        SUBSTITUTE,
    ],
)
def test_nothing_is_recorded_of_a_session_that_was_called_off(command: SessionCommand) -> None:
    off = called.given(CALLED_OFF)
    assert isinstance(off.state, Cancelled)
    off.when(command).then_refused("review.session-cancelled", reason="防汛。", cancelled_on="2021-06-21")


@pytest.mark.parametrize("command", [CANCEL, HANDOVER, ExpectObserver(OBSERVER), ReceiveBulletin(BULLETIN)])
def test_what_is_heard_of_it_later_is_of_no_consequence(command: SessionCommand) -> None:
    called.given(CALLED_OFF).when(command).then_nothing()


def test_a_session_that_nobody_scheduled_is_not_called_off() -> None:
    on_that_day.given(named()).when(CANCEL).then_nothing()


@pytest.mark.parametrize("command", [RESCHEDULE, SUBSTITUTE, CANCEL])
@pytest.mark.parametrize(("past", "situation"), [(held(), "held"), (drafted(), "drafted")])
def test_a_session_that_is_over_is_not_changed(
    command: Command, past: tuple[Event, ...], situation: str
) -> None:
    on_that_day.given(*past).when(command).then_refused("review.not-allowed-now", situation=situation)
