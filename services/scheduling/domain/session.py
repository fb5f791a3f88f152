"""A session before it is held: its roster, the observers that the next round sends, and its day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies import (
    calendar_year_missing,
    category_missing,
    date_outside_plan_year,
    entry_listed_twice,
    next_roster_missing,
    observed_for_no_later_round,
    observers_are_not_the_next_roster,
    observers_not_named,
    post_not_registered,
    roster_quota_missed,
    roster_still_provisional,
    round_not_planned,
    session_in_the_past,
    session_named_otherwise,
    unit_not_registered,
)
from services.scheduling.domain.roster import Facts, Reporter, RosterEntry, reporters
from services.scheduling.domain.warnings import gap_too_short, lead_time_too_short, unit_rostered_again
from shared.decider import Given, NotAllowedNow, refuse_if


@dataclass(frozen=True)
class NotDrafted:
    """It has no roster."""


@dataclass(frozen=True)
class Drafted:
    """It has a roster, which may still be drafted anew; observers once they are named."""

    plan_year: int
    number: int
    reporters: tuple[Reporter, ...]
    provisional: bool
    observers: tuple[Reporter, ...] = ()
    observers_for: str | None = None


@dataclass(frozen=True)
class Scheduled:
    """Its people are called for that day: the roster stands."""

    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    observers: tuple[Reporter, ...]


@dataclass(frozen=True)
class MinutesSent:
    """It was held and its minutes went out on that day: the next round's gap counts from here."""

    held_on: date
    sent_on: date


Session = NotDrafted | Drafted | Scheduled | MinutesSent
initial: Session = NotDrafted()


@dataclass(frozen=True)
class DraftRoster:
    """Who is to report; ``provisional`` (拟参加) while the round before is still to come."""

    plan_year: int
    number: int
    reporters: tuple[RosterEntry, ...]
    provisional: bool


@dataclass(frozen=True)
class NameObservers:
    """The people of the later session ``for_session`` observe this one."""

    for_session: str
    observers: tuple[RosterEntry, ...]


@dataclass(frozen=True)
class ScheduleSession:
    """Call the roster for that day."""

    held_on: date


@dataclass(frozen=True)
class NoteMinutes:
    """Review says that the session's minutes were sent."""

    document_number: str
    sent_on: date


Command = DraftRoster | NameObservers | ScheduleSession | NoteMinutes


@dataclass(frozen=True)
class RosterDrafted:
    plan_year: int
    number: int
    reporters: tuple[Reporter, ...]
    provisional: bool
    warnings: tuple[str, ...]
    on: date


@dataclass(frozen=True)
class ObserversNamed:
    for_session: str
    observers: tuple[Reporter, ...]
    on: date


@dataclass(frozen=True)
class SessionScheduled:
    """The people are those who hold the posts on the day it was scheduled."""

    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    observers: tuple[Reporter, ...]
    observers_for: str
    warnings: tuple[str, ...]
    on: date


@dataclass(frozen=True)
class MinutesNoted:
    document_number: str
    sent_on: date
    on: date


Event = RosterDrafted | ObserversNamed | SessionScheduled | MinutesNoted


def decide(session: Session, command: Command, given: Given[Facts]) -> list[Event]:
    """A roster may be drafted anew until its session is scheduled, and a session is scheduled once."""
    match session, command:
        case NotDrafted() | Drafted(), DraftRoster():
            drafted = _roster_drafted(command, given)
            return [] if _same_roster(session, drafted) else [drafted]
        case Drafted(), NameObservers():
            named = _observers_named(session, command, given)
            same = (session.observers_for, session.observers) == (named.for_session, named.observers)
            return [] if same else [named]
        case Drafted(), ScheduleSession():
            return [_scheduled(session, command, given)]
        case Scheduled(), NoteMinutes():
            return [MinutesNoted(command.document_number, command.sent_on, on=given.today)]
        case MinutesSent(sent_on=sent_on), NoteMinutes() if sent_on == command.sent_on:
            return []
        case _:
            raise NotAllowedNow(session, command)


def _roster_drafted(command: DraftRoster, given: Given[Facts]) -> RosterDrafted:
    facts, entries = given.facts, command.reporters
    refuse_if(
        session_named_otherwise(facts.session, command.plan_year, command.number),
        entry_listed_twice(entries),
        unit_not_registered(entries, facts.units),
        post_not_registered(entries, facts.units),
        roster_quota_missed(entries, given.policy),
        category_missing(entries, facts.units, facts.tier),
    )
    # The day is not fixed yet: the plan's is the best known, and the warning is given again with the real one.
    about = (facts.rounds or {}).get(command.number, given.today)
    return RosterDrafted(
        command.plan_year,
        command.number,
        reporters(entries, facts.units),
        command.provisional,
        unit_rostered_again(entries, about, facts.sessions, given.policy),
        on=given.today,
    )


def _same_roster(session: NotDrafted | Drafted, drafted: RosterDrafted) -> bool:
    return isinstance(session, Drafted) and (session.reporters, session.provisional) == (
        drafted.reporters,
        drafted.provisional,
    )


def _observers_named(session: Drafted, command: NameObservers, given: Given[Facts]) -> ObserversNamed:
    facts, entries = given.facts, command.observers
    refuse_if(
        observed_for_no_later_round(command.for_session, session.plan_year, session.number),
        entry_listed_twice(entries),
        unit_not_registered(entries, facts.units),
        post_not_registered(entries, facts.units),
        next_roster_missing(command.for_session, facts),
        observers_are_not_the_next_roster(entries, command.for_session, facts),
    )
    return ObserversNamed(command.for_session, reporters(entries, facts.units), on=given.today)


def _scheduled(session: Drafted, command: ScheduleSession, given: Given[Facts]) -> SessionScheduled:
    facts, held_on = given.facts, command.held_on
    refuse_if(
        roster_still_provisional(session.provisional),
        observers_not_named(session.observers),
        round_not_planned(session.number, session.plan_year, facts.rounds),
        date_outside_plan_year(held_on, session.plan_year),
        session_in_the_past(held_on, given.today),
        calendar_year_missing(given.calendar, held_on, given.policy),
    )
    assert session.observers_for is not None  # set with the observers
    return SessionScheduled(
        session.plan_year,
        session.number,
        held_on,
        reporters((one.entry for one in session.reporters), facts.units),
        reporters((one.entry for one in session.observers), facts.units),
        session.observers_for,
        tuple(_warnings(session, held_on, given)),
        on=given.today,
    )


def _warnings(session: Drafted, held_on: date, given: Given[Facts]) -> Iterator[str]:
    facts, calendar, policy = given.facts, given.calendar, given.policy
    rostered = [reporter.entry for reporter in session.reporters]
    yield from unit_rostered_again(rostered, held_on, facts.sessions, policy)
    before = [
        other.minutes_sent_on or other.held_on
        for other in facts.sessions
        if other.held_on is not None and other.held_on < held_on
    ]
    last = max((day for day in before if day is not None), default=None)
    yield from gap_too_short(last, held_on, calendar, policy)
    yield from lead_time_too_short(held_on, given.today, calendar, policy)


def evolve(session: Session, event: Event) -> Session:
    match event:
        case RosterDrafted():
            drafted = Drafted(event.plan_year, event.number, event.reporters, event.provisional)
            if isinstance(session, Drafted):
                return replace(drafted, observers=session.observers, observers_for=session.observers_for)
            return drafted
        case ObserversNamed():
            assert isinstance(session, Drafted)  # observers are named for a session that has a roster
            return replace(session, observers=event.observers, observers_for=event.for_session)
        case SessionScheduled():
            return Scheduled(event.plan_year, event.number, event.held_on, event.reporters, event.observers)
        case MinutesNoted():
            assert isinstance(session, Scheduled)  # minutes are those of a scheduled session
            return MinutesSent(session.held_on, event.sent_on)
        case _ as unreachable:
            assert_never(unreachable)
