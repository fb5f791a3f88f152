"""A session: rostered, its agenda confirmed, running, closed, or cancelled. Its minutes go on in the same stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.review.domain import changes, minutes
from services.review.domain import proceedings as room
from services.review.domain.facts import Facts
from services.review.domain.minutes import Checked, Drafted, Held, Numbered, Sent, Signed
from services.review.domain.policies.agenda import (
    agenda_is_not_the_roster,
    agenda_not_confirmed,
    draft_not_approved,
    not_approved,
    session_day_passed,
)
from services.review.domain.policies.bulletin import bulletin_not_noted
from services.review.domain.policies.changes import session_cancelled
from services.review.domain.policies.entries import decision_incomplete, text_missing
from services.review.domain.policies.room import before_the_session_day
from services.review.domain.proceedings import Proceedings
from services.review.domain.roster import Bulletin, Observer, Reporter, Roster
from shared.decider import Decision, FreeText, Given, NotAllowedNow, refuse_if, replace

# Commands


@dataclass(frozen=True)
class OpenSession:
    """The session is scheduled, with its roster."""

    session: str
    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]


@dataclass(frozen=True)
class ExpectObserver:
    """An observer is named, perhaps before the session is scheduled."""

    observer: Observer


@dataclass(frozen=True)
class ReceiveBulletin:
    """Rectification has issued the bulletin that this session is to hear, perhaps before it is scheduled."""

    bulletin: Bulletin


@dataclass(frozen=True)
class ConfirmAgenda:
    """The units in the order in which they are called; the deputy director tells the bulletin.

    ``decision``: the chair's, where an unapproved draft is passed over or the agenda is entered after the day.
    ``classified`` 涉密: no text of the session is kept here.
    """

    order: tuple[str, ...]
    deputy_director: str
    decision: Decision | None = None
    classified: bool = False


@dataclass(frozen=True)
class ReopenAgenda:
    """Something changes before the session; the drafts can be edited again."""

    reason: str


@dataclass(frozen=True)
class CloseSession:
    """The session has ended."""


Command = (
    OpenSession
    | ExpectObserver
    | ReceiveBulletin
    | ConfirmAgenda
    | ReopenAgenda
    | CloseSession
    | changes.Command
    | room.Command
    | minutes.Command
)


# Events


@dataclass(frozen=True)
class SessionOpened:
    session: str
    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    opened_on: date


@dataclass(frozen=True)
class ObserverExpected:
    observer: Observer
    named_on: date


@dataclass(frozen=True)
class BulletinReceived:
    bulletin: Bulletin
    received_on: date


@dataclass(frozen=True)
class AgendaConfirmed:
    """``passed_over``: the units whose unapproved drafts the chair's ``decision`` passed over."""

    order: tuple[str, ...]
    deputy_director: str
    confirmed_on: date
    decision: Decision | None = None
    passed_over: tuple[str, ...] = ()
    classified: bool = False


@dataclass(frozen=True)
class AgendaReopened:
    reason: FreeText
    reopened_on: date


@dataclass(frozen=True)
class SessionClosed:
    """``units_heard`` are those that reported, in the order of the agenda."""

    held_on: date
    units_heard: tuple[str, ...]
    bulletin_told: bool
    closed_on: date


Event = (
    SessionOpened
    | ObserverExpected
    | BulletinReceived
    | AgendaConfirmed
    | AgendaReopened
    | SessionClosed
    | changes.Event
    | room.Event
    | minutes.Event
)


# Situations


@dataclass(frozen=True)
class NotScheduled:
    """No roster yet; observers of a session are named before it is scheduled, and its bulletin may be issued."""

    observers: tuple[Observer, ...] = ()
    bulletin: Bulletin | None = None


@dataclass(frozen=True)
class Rostered:
    roster: Roster


@dataclass(frozen=True)
class Confirmed:
    """The agenda stands, nothing has been said."""

    proceedings: Proceedings


@dataclass(frozen=True)
class Running:
    proceedings: Proceedings


@dataclass(frozen=True)
class Cancelled:
    """It was called off: nothing more is recorded."""

    cancelled: changes.SessionCancelled


Session = NotScheduled | Rostered | Confirmed | Running | Cancelled | minutes.Minutes

initial: Session = NotScheduled()


def decide(session: Session, command: Command, given: Given[Facts]) -> list[Event]:
    today = given.today
    match session, command:
        case (
            Cancelled(),
            ExpectObserver() | ReceiveBulletin() | changes.NoteHandover() | changes.CancelSession(),
        ):
            return []  # true, and of no consequence
        case Cancelled(cancelled), _:
            raise session_cancelled(cancelled.reason, cancelled.cancelled_on)

        case NotScheduled(), OpenSession(name, plan_year, number, held_on, reporters):
            return [SessionOpened(name, plan_year, number, held_on, reporters, opened_on=today)]

        case NotScheduled() | Rostered() | Confirmed() | Running(), ExpectObserver(observer):
            if observer in _observers(session):
                return []
            return [ObserverExpected(observer, named_on=today)]

        case _, ReceiveBulletin(bulletin):
            signed = isinstance(session, Signed | Numbered | Sent)
            if signed or bulletin == _bulletin(session):
                return []
            return [BulletinReceived(bulletin, received_on=today)]

        case Rostered() | Confirmed() | Running(), _ if isinstance(command, changes.Command):
            return [
                *changes.decide(_roster(session), _units_heard(session), command, today),
                *_observers_changed(session, command, today),
            ]
        case _, changes.NoteHandover():
            return []  # who has reported stays the reporter; rectification shows who took over since
        case NotScheduled(), changes.CancelSession():
            return []

        case Rostered(roster), ConfirmAgenda():
            return [_agenda_confirmed(roster, command, given)]

        case Rostered(), _ if isinstance(command, room.Command):
            raise agenda_not_confirmed()

        case Confirmed(), ReopenAgenda(reason):
            refuse_if(text_missing("reason", reason))
            return [AgendaReopened(FreeText(reason), reopened_on=today)]

        case Confirmed(proceedings) | Running(proceedings), CloseSession():
            held_on, noted = proceedings.roster.held_on, proceedings.bulletin
            refuse_if(before_the_session_day(held_on, today), bulletin_not_noted(proceedings))
            return [
                SessionClosed(
                    held_on=held_on,
                    units_heard=proceedings.units_heard,
                    bulletin_told=noted is not None and noted.told,
                    closed_on=today,
                )
            ]

        case Confirmed(proceedings) | Running(proceedings), _ if isinstance(command, room.Command):
            return [*room.decide(proceedings, command, given)]

        case Held() | Drafted() | Checked() | Signed() | Numbered() | Sent(), _ if isinstance(
            command, minutes.Command | room.Command
        ):
            return [*minutes.decide(session, command, given)]

        case _:
            raise NotAllowedNow(session, command)


def evolve(session: Session, event: Event) -> Session:
    match event:
        case SessionOpened():
            return Rostered(
                Roster(
                    session=event.session,
                    plan_year=event.plan_year,
                    number=event.number,
                    held_on=event.held_on,
                    reporters=event.reporters,
                    observers=_observers(session),
                    bulletin=_bulletin(session),
                )
            )
        case ObserverExpected(observer):
            return _with_observer(session, observer)
        case BulletinReceived(bulletin):
            return _with_bulletin(session, bulletin)
        case changes.SessionCancelled():
            return Cancelled(event)
        case changes.SessionRescheduled() | changes.ReporterSubstituted() | changes.ReporterChanged():
            return _changed(session, event)
        case AgendaConfirmed(order, deputy_director, classified=classified):
            assert isinstance(session, Rostered)  # only a roster is called in an order
            return Confirmed(Proceedings(session.roster, order, deputy_director, classified=classified))
        case AgendaReopened():
            return Rostered(_in_the_room(session).roster)
        case SessionClosed(closed_on=on):
            return Held(_in_the_room(session), on)
        case _ if isinstance(session, minutes.Minutes):
            return minutes.evolve(session, event)
        case _:
            assert isinstance(event, room.Event)  # minutes begin when the session is closed
            return Running(room.evolve(_in_the_room(session), event))


def _in_the_room(session: Session) -> Proceedings:
    # Proceedings begin with the agenda, and nothing is decided that would need them before.
    assert isinstance(session, Confirmed | Running)
    return session.proceedings


def _agenda_confirmed(roster: Roster, command: ConfirmAgenda, given: Given[Facts]) -> AgendaConfirmed:
    drafts, decision = given.facts.drafts, command.decision
    refuse_if(
        agenda_is_not_the_roster(command.order, roster.units),
        text_missing("deputy_director", command.deputy_director),
        decision_incomplete(decision),
    )
    passed_over = draft_not_approved(roster, drafts) or session_day_passed(roster.held_on, given.today)
    if decision is None:
        refuse_if(passed_over)
    return AgendaConfirmed(
        order=command.order,
        deputy_director=command.deputy_director,
        confirmed_on=given.today,
        decision=decision if passed_over else None,
        passed_over=tuple(one.unit for one in not_approved(roster, drafts)),
        classified=command.classified,
    )


def _changed(
    session: Session,
    event: changes.SessionRescheduled | changes.ReporterSubstituted | changes.ReporterChanged,
) -> Session:
    roster = changes.evolve(_roster(session), event)
    match session, event:
        case Running(proceedings), changes.ReporterSubstituted(unit_out, reporter):
            order = tuple(reporter.unit if unit == unit_out else unit for unit in proceedings.order)
            return Running(replace(proceedings, roster=roster, order=order))
        case Confirmed(), changes.ReporterSubstituted() | changes.ReporterChanged():
            return Rostered(roster)
        case _:
            return _with_roster(session, roster)


def _observers_changed(session: Session, command: changes.Command, today: date) -> list[ObserverExpected]:
    """An observer's post, too, is represented by whoever holds it on the day."""
    if not isinstance(command, changes.NoteHandover) or command.effective_on > _roster(session).held_on:
        return []
    return [
        ObserverExpected(replace(one, title=command.title, person=command.person), today)
        for one in _observers(session)
        if (one.unit, one.post) == (command.unit, command.post) and one.person != command.person
    ]


def _roster(session: Session) -> Roster:
    # A session has a roster from the moment it is scheduled until it is called off.
    assert not isinstance(session, NotScheduled | Cancelled)
    return session.roster if isinstance(session, Rostered) else session.proceedings.roster


def _units_heard(session: Session) -> tuple[str, ...]:
    return session.proceedings.units_heard if isinstance(session, Running) else ()


def _observers(session: Session) -> tuple[Observer, ...]:
    return session.observers if isinstance(session, NotScheduled) else _roster(session).observers


def _bulletin(session: Session) -> Bulletin | None:
    return session.bulletin if isinstance(session, NotScheduled) else _roster(session).bulletin


def _with_observer(session: Session, observer: Observer) -> Session:
    """Named again, an observer replaces the one named for the unit before."""
    observers = (*(one for one in _observers(session) if one.unit != observer.unit), observer)
    if isinstance(session, NotScheduled):
        return replace(session, observers=observers)
    return _with_roster(session, replace(_roster(session), observers=observers))


def _with_bulletin(session: Session, bulletin: Bulletin) -> Session:
    if isinstance(session, NotScheduled):
        return replace(session, bulletin=bulletin)
    return _with_roster(session, replace(_roster(session), bulletin=bulletin))


def _with_roster(session: Session, roster: Roster) -> Session:
    assert not isinstance(session, NotScheduled | Cancelled)
    if isinstance(session, Rostered):
        return Rostered(roster)
    return replace(session, proceedings=replace(session.proceedings, roster=roster))
