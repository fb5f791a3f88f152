"""A session: rostered, its agenda confirmed, running, closed. From then on its minutes go on in the same stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.review.domain import minutes
from services.review.domain import proceedings as room
from services.review.domain.minutes import Checked, Drafted, Held, Numbered, Sent, Signed
from services.review.domain.policies.agenda import (
    agenda_is_not_the_roster,
    agenda_not_confirmed,
    draft_not_approved,
    session_day_passed,
)
from services.review.domain.policies.entries import text_missing
from services.review.domain.policies.room import before_the_session_day, bulletin_not_noted
from services.review.domain.proceedings import Proceedings
from services.review.domain.roster import Observer, Reporter, Roster
from shared.decider import FreeText, Given, NotAllowedNow, refuse_if

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
class ConfirmAgenda:
    """The units in the order in which they are called; the deputy director tells the bulletin."""

    order: tuple[str, ...]
    deputy_director: str


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
    | ConfirmAgenda
    | ReopenAgenda
    | CloseSession
    | room.Command
    | minutes.Command
)


@dataclass(frozen=True)
class Facts:
    """What lies outside the stream: the state of each unit's draft."""

    drafts: Mapping[str, str] = field(default_factory=dict)


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
class AgendaConfirmed:
    order: tuple[str, ...]
    deputy_director: str
    confirmed_on: date


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
    | AgendaConfirmed
    | AgendaReopened
    | SessionClosed
    | room.Event
    | minutes.Event
)


# Situations


@dataclass(frozen=True)
class NotScheduled:
    """No roster yet; observers of a session are named before it is scheduled."""

    observers: tuple[Observer, ...] = ()


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


Session = NotScheduled | Rostered | Confirmed | Running | minutes.Minutes

initial: Session = NotScheduled()


def decide(session: Session, command: Command, given: Given[Facts]) -> list[Event]:
    today = given.today
    match session, command:
        case NotScheduled(), OpenSession(name, plan_year, number, held_on, reporters):
            return [SessionOpened(name, plan_year, number, held_on, reporters, opened_on=today)]

        case NotScheduled() | Rostered() | Confirmed() | Running(), ExpectObserver(observer):
            if observer in _observers(session):
                return []
            return [ObserverExpected(observer, named_on=today)]

        case Rostered(roster), ConfirmAgenda(order, deputy_director):
            refuse_if(
                agenda_is_not_the_roster(order, roster.units),
                draft_not_approved(roster, given.facts.drafts),
                session_day_passed(roster.held_on, today),
                text_missing("deputy_director", deputy_director),
            )
            return [AgendaConfirmed(order, deputy_director, confirmed_on=today)]

        case Rostered(), _ if isinstance(command, room.Command):
            raise agenda_not_confirmed()

        case Confirmed(), ReopenAgenda(reason):
            refuse_if(text_missing("reason", reason))
            return [AgendaReopened(FreeText(reason), reopened_on=today)]

        case Confirmed(proceedings) | Running(proceedings), CloseSession():
            held_on, bulletin = proceedings.roster.held_on, proceedings.bulletin
            refuse_if(before_the_session_day(held_on, today), bulletin_not_noted(proceedings))
            return [
                SessionClosed(
                    held_on=held_on,
                    units_heard=proceedings.units_heard,
                    bulletin_told=bulletin is not None and bulletin.told,
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
                )
            )
        case ObserverExpected(observer):
            return _with_observer(session, observer)
        case AgendaConfirmed(order, deputy_director):
            assert isinstance(session, Rostered)  # only a roster is called in an order
            return Confirmed(Proceedings(session.roster, order, deputy_director))
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


def _observers(session: Session) -> tuple[Observer, ...]:
    match session:
        case NotScheduled(observers):
            return observers
        case Rostered(roster):
            return roster.observers
        case _:
            return session.proceedings.roster.observers


def _with_observer(session: Session, observer: Observer) -> Session:
    """Named again, an observer replaces the one named for the unit before."""
    observers = (*(one for one in _observers(session) if one.unit != observer.unit), observer)
    match session:
        case NotScheduled():
            return NotScheduled(observers)
        case Rostered(roster):
            return Rostered(replace(roster, observers=observers))
        case _:
            proceedings = session.proceedings
            roster = replace(proceedings.roster, observers=observers)
            return replace(session, proceedings=replace(proceedings, roster=roster))
