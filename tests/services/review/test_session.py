"""The rules of a session: roster, observers, agenda, end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.review.domain.facts import Facts
from services.review.domain.minutes import DraftMinutes, Held
from services.review.domain.proceedings import NoteBulletin, RecordSpeech
from services.review.domain.roster import Observer
from services.review.domain.session import (
    AgendaConfirmed,
    AgendaReopened,
    CloseSession,
    Command,
    ConfirmAgenda,
    Confirmed,
    Event,
    ExpectObserver,
    NotScheduled,
    ObserverExpected,
    OpenSession,
    ReceiveBulletin,
    ReopenAgenda,
    Rostered,
    Running,
)
from shared.decider import FreeText
from tests.services.review.telling import (
    BULLETIN,
    CHAIR,
    DAY_AFTER,
    DAY_BEFORE,
    HELD,
    LAW_OFFICE,
    OBSERVER,
    ORDER,
    QUWEI,
    ROSTER,
    SCHEDULED,
    SHILICUN,
    SessionScenario,
    a_session,
    agenda,
    bulletin,
    closed,
    held,
    named,
    opened,
    received,
    running,
    signed,
    spoke,
)

OPEN = OpenSession("2021-1", 2021, 1, HELD, ROSTER)
ALL_APPROVED = Facts(dict.fromkeys(ORDER, "approved"))
CONFIRM = ConfirmAgenda(ORDER, "副主任甲")

rostered: SessionScenario = a_session.by(LAW_OFFICE).knowing(ALL_APPROVED).given(opened())

# Roster and observers


def test_a_scheduled_session_opens_with_its_roster() -> None:
    a_session.today(SCHEDULED).when(OPEN).then(opened())


def test_a_session_opens_once() -> None:
    a_session.given(opened()).when(OPEN).then_refused("review.not-allowed-now", situation="rostered")


def test_an_observer_may_be_named_before_the_session_is_scheduled() -> None:
    a_session.today(SCHEDULED).when(ExpectObserver(OBSERVER)).then(named())
    early = a_session.given(named(), opened())
    assert isinstance(early.state, Rostered)
    assert early.state.roster.observers == (OBSERVER,)


@pytest.mark.parametrize("past", [(), (opened(),), (opened(), agenda()), running()])
def test_an_observer_is_expected_until_the_session_is_closed(past: tuple[Event, ...]) -> None:
    replacement = Observer("shilizhen", "示例镇", "secretary", "书记", "列席人乙", "2021-2")
    session = a_session.today(SCHEDULED).given(*past, named())
    session.when(ExpectObserver(OBSERVER)).then_nothing()
    session.when(ExpectObserver(replacement)).then(ObserverExpected(replacement, SCHEDULED))


def test_an_observer_named_again_replaces_the_one_of_that_unit() -> None:
    replacement = Observer("shilizhen", "示例镇", "secretary", "书记", "列席人乙", "2021-2")
    assert a_session.given(named(), named(replacement)).state == NotScheduled((replacement,))


def test_nobody_is_named_an_observer_of_a_session_that_is_over() -> None:
    a_session.given(*held()).when(ExpectObserver(OBSERVER)).then_refused(
        "review.not-allowed-now", situation="held"
    )


# Agenda


@pytest.mark.parametrize("order", [ORDER, ORDER[::-1]])
def test_the_agenda_calls_the_roster_in_any_order(order: tuple[str, ...]) -> None:
    [event] = rostered.today(DAY_BEFORE).when(ConfirmAgenda(order, "副主任甲")).events
    assert rostered.given(event).state != rostered.state


@pytest.mark.parametrize(
    ("order", "missing", "strangers", "twice"),
    [
        (ORDER[:2], ["langxia"], [], []),
        ((*ORDER, "sifaju"), [], ["sifaju"], []),
        ((*ORDER, "langxia"), [], [], ["langxia"]),
        ((), list(ORDER), [], []),
    ],
)
def test_the_agenda_is_the_roster(
    order: tuple[str, ...], missing: list[str], strangers: list[str], twice: list[str]
) -> None:
    rostered.when(ConfirmAgenda(order, "副主任甲")).then_refused(
        "review.agenda-is-not-the-roster", missing=missing, strangers=strangers, twice=twice
    )


@pytest.mark.parametrize("state", ["expected", "submitted", "returned"])
def test_the_agenda_waits_for_every_draft(state: str) -> None:
    waiting = rostered.knowing(Facts({**ALL_APPROVED.drafts, "langxia": state}))
    waiting.when(CONFIRM).then_refused("review.draft-not-approved", units=["langxia"], unit_names=["廊下镇"])


def test_a_draft_that_is_not_there_is_not_approved() -> None:
    rostered.knowing(Facts()).when(CONFIRM).then_refused("review.draft-not-approved", units=list(ORDER))


def test_the_agenda_is_confirmed_until_the_session_day() -> None:
    assert rostered.today(HELD).when(CONFIRM).events
    rostered.today(DAY_AFTER).when(CONFIRM).then_refused("review.session-day-passed", held_on="2021-06-24")


def test_the_agenda_names_who_tells_the_bulletin() -> None:
    rostered.when(ConfirmAgenda(ORDER, "")).then_refused("review.text-missing", field="deputy_director")


def test_an_agenda_can_be_reopened_until_something_is_said() -> None:
    confirmed = a_session.today(DAY_BEFORE).given(opened(), agenda())
    confirmed.when(ReopenAgenda("一份述法稿需要更正。")).then(
        AgendaReopened(FreeText("一份述法稿需要更正。"), DAY_BEFORE)
    )
    confirmed.when(ReopenAgenda("")).then_refused("review.text-missing", field="reason")
    a_session.given(*running()).when(ReopenAgenda("需要更正。")).then_refused(
        "review.not-allowed-now", situation="running"
    )


def test_a_reopened_agenda_is_confirmed_again() -> None:
    reopened = rostered.given(agenda(), AgendaReopened(FreeText("更正。"), DAY_BEFORE))
    assert reopened.state == rostered.state
    assert reopened.when(CONFIRM).events


# The chair's decision

REVIEWED = Facts({**ALL_APPROVED.drafts, "langxia": "returned"})
BY_DECISION = ConfirmAgenda(ORDER, "副主任甲", CHAIR)


def test_the_chair_passes_an_unapproved_draft_over_by_name() -> None:
    rostered.knowing(REVIEWED).today(DAY_BEFORE).when(BY_DECISION).then(
        AgendaConfirmed(ORDER, "副主任甲", DAY_BEFORE, CHAIR, ("langxia",))
    )
    rostered.knowing(REVIEWED).today(DAY_BEFORE).when(CONFIRM).then_refused("review.draft-not-approved")


def test_the_chair_has_an_agenda_entered_after_the_day() -> None:
    [event] = rostered.today(DAY_AFTER).when(BY_DECISION).events
    assert isinstance(event, AgendaConfirmed)
    assert (event.decision, event.passed_over) == (CHAIR, ())


def test_a_decision_about_nothing_is_not_kept() -> None:
    rostered.today(DAY_BEFORE).when(BY_DECISION).then(AgendaConfirmed(ORDER, "副主任甲", DAY_BEFORE))


def test_the_chair_gives_name_title_and_reason() -> None:
    nameless = ConfirmAgenda(ORDER, "副主任甲", replace(CHAIR, by=""))
    rostered.knowing(REVIEWED).when(nameless).then_refused("review.decision-incomplete", missing=["by"])


def test_no_decision_changes_who_reports() -> None:
    rostered.when(replace(BY_DECISION, order=ORDER[:2])).then_refused("review.agenda-is-not-the-roster")


# Who owes no draft


def test_the_agenda_does_not_wait_for_the_draft_of_a_lead_reporter() -> None:
    led = a_session.by(LAW_OFFICE).knowing(ALL_APPROVED).given(opened(*ROSTER, QUWEI))
    assert led.when(ConfirmAgenda(("quwei", *ORDER), "副主任甲")).events


@pytest.mark.parametrize(("drafts", "accepted"), [({}, True), ({"shilicun": "expected"}, False)])
def test_the_agenda_waits_for_a_villages_draft_only_where_one_was_asked_for(
    drafts: dict[str, str], accepted: bool
) -> None:
    village = a_session.by(LAW_OFFICE).knowing(Facts(drafts)).given(opened(SHILICUN))
    outcome = village.when(ConfirmAgenda(("shilicun",), "副主任甲"))
    if accepted:
        assert outcome.events
    else:
        outcome.then_refused("review.draft-not-approved", units=["shilicun"])


# The bulletin lies ready


@pytest.mark.parametrize("past", [(), (opened(),), (opened(), agenda()), running(), held()])
def test_the_bulletin_is_received_whenever_it_is_issued(past: tuple[Event, ...]) -> None:
    session = a_session.today(date(2021, 6, 21)).given(*past)
    session.when(ReceiveBulletin(BULLETIN)).then(received())
    session.given(received()).when(ReceiveBulletin(BULLETIN)).then_nothing()


def test_a_bulletin_issued_before_the_session_is_scheduled_is_not_lost() -> None:
    scheduled = a_session.given(received(), opened())
    assert isinstance(scheduled.state, Rostered)
    assert scheduled.state.roster.bulletin == BULLETIN


def test_a_bulletin_that_comes_after_the_signature_changes_nothing() -> None:
    a_session.given(*signed()).when(ReceiveBulletin(BULLETIN)).then_nothing()


# The session


def test_nothing_is_recorded_before_the_agenda_is_confirmed() -> None:
    a_session.given(opened()).when(RecordSpeech("langxia", "述法人丙", 505)).then_refused(
        "review.agenda-not-confirmed"
    )


def test_a_session_runs_when_the_first_thing_is_recorded() -> None:
    confirmed = a_session.given(opened(), agenda())
    assert isinstance(confirmed.state, Confirmed)
    assert isinstance(confirmed.given(bulletin()).state, Running)


def test_a_session_closes_and_says_who_was_heard() -> None:
    heard = a_session.given(*running(), spoke(ROSTER[2]), spoke(ROSTER[0]))
    heard.when(CloseSession()).then(closed("jiaotongwei", "langxia"))
    assert isinstance(heard.given(closed()).state, Held)


def test_a_session_is_closed_on_its_day_or_later() -> None:
    session = a_session.given(*running())
    session.today(DAY_BEFORE).when(CloseSession()).then_refused(
        "review.before-the-session-day", held_on="2021-06-24"
    )
    assert session.today(DAY_AFTER).when(CloseSession()).events


def test_a_session_does_not_close_without_a_word_on_the_bulletin() -> None:
    a_session.given(opened(), agenda()).when(CloseSession()).then_refused("review.bulletin-not-noted")


def test_a_told_bulletin_is_said_at_the_end() -> None:
    told = a_session.given(opened(), agenda(), bulletin(told=True), *map(spoke, ROSTER))
    told.when(CloseSession()).then(closed(told=True))


@pytest.mark.parametrize("command", [OPEN, CONFIRM, ReopenAgenda("更正。"), CloseSession()])
def test_what_was_before_the_end_has_no_meaning_after_it(command: Command) -> None:
    a_session.given(*held()).when(command).then_refused("review.not-allowed-now", situation="held")


@pytest.mark.parametrize("command", [CONFIRM, NoteBulletin(told=True), CloseSession(), DraftMinutes()])
def test_nothing_is_done_to_a_session_nobody_scheduled(command: Command) -> None:
    a_session.given(named()).when(command).then_refused("review.not-allowed-now", situation="not-scheduled")


def test_there_are_no_minutes_of_a_session_that_is_not_closed() -> None:
    a_session.given(*running()).when(DraftMinutes()).then_refused(
        "review.not-allowed-now", situation="running", command="draft-minutes"
    )
