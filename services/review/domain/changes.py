"""What is changed about a session after it was scheduled: its day, a reporter, the holder of a post, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.review.domain.policies.changes import session_has_begun, substituted_after_the_speech
from services.review.domain.policies.room import unit_not_rostered
from services.review.domain.roster import Reporter, Roster
from shared.decider import refuse_if, replace

# Commands, all of them by reaction: scheduling decides. Reasons are published by it.


@dataclass(frozen=True)
class RescheduleSession:
    held_on: date
    reason: str


@dataclass(frozen=True)
class SubstituteReporter:
    """Another unit of its category steps in for ``unit_out``."""

    unit_out: str
    reporter: Reporter
    reason: str


@dataclass(frozen=True)
class NoteHandover:
    """A post has a new holder from that day on: before the session it is that head who reports."""

    unit: str
    post: str
    title: str
    person: str
    effective_on: date


@dataclass(frozen=True)
class CancelSession:
    reason: str


Command = RescheduleSession | SubstituteReporter | NoteHandover | CancelSession


# Events


@dataclass(frozen=True)
class SessionRescheduled:
    held_on_before: date
    held_on: date
    reason: str
    rescheduled_on: date


@dataclass(frozen=True)
class ReporterSubstituted:
    """A confirmed agenda falls; in the room the unit that steps in takes the place in the order. If it was to observe,
    it does not any more."""

    unit_out: str
    reporter: Reporter
    reason: str
    substituted_on: date


@dataclass(frozen=True)
class ReporterChanged:
    """The same unit and post, another head: a confirmed agenda falls, for the draft was the predecessor's."""

    unit: str
    post: str
    title: str
    person_before: str
    person: str
    effective_on: date
    changed_on: date


@dataclass(frozen=True)
class SessionCancelled:
    session: str
    reason: str
    cancelled_on: date


Event = SessionRescheduled | ReporterSubstituted | ReporterChanged | SessionCancelled


def decide(roster: Roster, units_heard: Sequence[str], command: Command, today: date) -> list[Event]:
    """What is heard again is nothing new."""
    match command:
        case RescheduleSession(held_on, reason):
            if held_on == roster.held_on:
                return []
            refuse_if(session_has_begun(units_heard))
            return [SessionRescheduled(roster.held_on, held_on, reason, today)]

        case SubstituteReporter(unit_out, reporter, reason):
            if unit_out not in roster.units and reporter in roster.reporters:
                return []
            refuse_if(
                unit_not_rostered(unit_out, roster), substituted_after_the_speech(unit_out, units_heard)
            )
            return [ReporterSubstituted(unit_out, reporter, reason, today)]

        case NoteHandover(unit, post, title, person, effective_on):
            return [
                ReporterChanged(unit, post, title, one.person, person, effective_on, today)
                for one in roster.reporters
                if (one.unit, one.post) == (unit, post)
                and one.person != person
                and effective_on <= roster.held_on
                and unit not in units_heard
            ]

        case CancelSession(reason):
            refuse_if(session_has_begun(units_heard))
            return [SessionCancelled(roster.session, reason, today)]

        case _ as unreachable:
            assert_never(unreachable)


def evolve(roster: Roster, event: SessionRescheduled | ReporterSubstituted | ReporterChanged) -> Roster:
    """The roster as it is called after the change."""
    match event:
        case SessionRescheduled(held_on=held_on):
            return replace(roster, held_on=held_on)
        case ReporterSubstituted(unit_out, reporter):
            observers = tuple(one for one in roster.observers if one.unit != reporter.unit)
            return _with(replace(roster, observers=observers), unit_out, reporter)
        case ReporterChanged(unit, title=title, person=person):
            return _with(roster, unit, replace(roster.reporter(unit), title=title, person=person))
        case _ as unreachable:
            assert_never(unreachable)


def _with(roster: Roster, unit: str, reporter: Reporter) -> Roster:
    reporters = tuple(reporter if one.unit == unit else one for one in roster.reporters)
    return replace(roster, reporters=reporters)
