"""The sessions with their rosters, from the first draft until the minutes are sent: one row a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.roster import Reporter
from services.scheduling.domain.session import evolve, initial
from services.scheduling.domain.session_events import (
    AbsenceNoted,
    AbsenceWaived,
    AbsenceWithdrawn,
    AttendanceNoted,
    Event,
    HoldingNoted,
    MinutesNoted,
    ObserversNamed,
    PastSessionRecorded,
    ReporterMovedIn,
    ReporterSubstituted,
    RosterDrafted,
    SessionCancelled,
    SessionRescheduled,
    SessionScheduled,
)
from services.scheduling.domain.situations import Drafted
from services.scheduling.views.warned import in_words
from shared.calendar import Calendar
from shared.decider import Decision
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import Policy

sessions = view_table(
    "sessions",
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("provisional", sa.Boolean, nullable=False),
    sa.Column("held_on", sa.Date),
    sa.Column("minutes_sent_on", sa.Date),
    sa.Column("reporters", JSONB, nullable=False),
    sa.Column("observers_for", sa.Text),
    sa.Column("observers", JSONB, nullable=False),
    sa.Column("absences", JSONB, nullable=False),
    sa.Column("moved", JSONB, nullable=False),
    sa.Column("moved_in", JSONB, nullable=False),
    sa.Column("rescheduled", JSONB, nullable=False),
    sa.Column("cancelled", sa.Text),
    sa.Column("duties", JSONB, nullable=False),
    sa.Column("decisions", JSONB, nullable=False),
    sa.Column("warnings", JSONB, nullable=False),
)
"""``status``: drafted, scheduled, held, minutes_sent, cancelled, past (held before the system was there).

``reporters`` and ``observers``: ``[{unit, unit_name, category, official_order, post, title, person, lead,
houses_offices}]``. ``absences``: of its own people from the session they were to observe, ``[{unit, person, session,
reason, waived: {by, title, reason} | null}]``. ``moved``: who did not report in person, ``[{unit, unit_name, post,
person, to, replaced_by, reason, on}]``; ``moved_in``: who came from an earlier round so, ``[{unit, post,
from_session, instead_of}]``. ``rescheduled``: ``[{held_on_before, held_on, reason, on}]``; ``cancelled``: the reason.
``duties``: the units of which the minutes ask something. ``decisions``: by whom a rule was passed over, ``[{command,
by, title, reason, on}]``. ``warnings``: of the last roster or day, ``["<code>:<subject>"]``."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = {
        "session": history[0].id,
        "held_on": None,
        "minutes_sent_on": None,
        "reporters": [],
        "observers_for": None,
        "observers": [],
        "absences": _absences(history),
        "moved": [],
        "moved_in": [],
        "rescheduled": [],
        "cancelled": None,
        "duties": [],
        "decisions": [],
    }
    for recorded in history:
        row |= _changed(row, recorded.event)
    return [row]


def _changed(row: dict[str, Any], event: Event) -> dict[str, Any]:
    match event:
        case RosterDrafted():
            return {
                "plan_year": event.plan_year,
                "number": event.number,
                "status": "drafted",
                "provisional": event.provisional,
                "reporters": _people(event.reporters),
                "warnings": list(event.warnings),
                "decisions": row["decisions"] + _decided("draft-roster", event.decision, event.on),
            }
        case ObserversNamed():
            return {"observers_for": event.for_session, "observers": _people(event.observers)}
        case SessionScheduled():
            return {
                "status": "scheduled",
                "held_on": event.held_on,
                "reporters": _people(event.reporters),
                "observers": _people(event.observers),
                "warnings": list(event.warnings),
                "decisions": row["decisions"] + _decided("schedule-session", event.decision, event.on),
            }
        case SessionRescheduled():
            move = {
                "held_on_before": event.held_on_before.isoformat(),
                "held_on": event.held_on.isoformat(),
                "reason": event.reason,
                "on": event.on.isoformat(),
            }
            return {
                "held_on": event.held_on,
                "rescheduled": [*row["rescheduled"], move],
                "warnings": list(event.warnings),
            }
        case SessionCancelled():
            return {"status": "cancelled", "cancelled": event.reason}
        case ReporterSubstituted():
            return _substituted(row, event)
        case ReporterMovedIn():
            came = {
                "unit": event.reporter.unit,
                "post": event.reporter.post,
                "from_session": event.from_session,
                "instead_of": event.instead_of,
            }
            gone = {event.reporter.unit, event.instead_of}
            return {
                "provisional": True,
                "reporters": _in_order([*_without(row["reporters"], gone), *_people([event.reporter])]),
                "moved_in": [*row["moved_in"], came],
            }
        case AbsenceWaived():
            return {"decisions": row["decisions"] + _decided("waive-absence", event.decision, event.on)}
        case AbsenceNoted() | AbsenceWithdrawn() | AttendanceNoted():
            return {}  # absences are read from the situation; attendance is in the view of observers
        case PastSessionRecorded():
            return {
                "plan_year": event.plan_year,
                "number": event.number,
                "status": "past",
                "provisional": False,
                "held_on": event.held_on,
                "reporters": _people(event.reporters),
                "warnings": [],
            }
        case HoldingNoted():
            return {"status": "held", "held_on": event.held_on}
        case MinutesNoted():
            return {
                "status": "minutes_sent",
                "minutes_sent_on": event.sent_on,
                "duties": list(event.duties),
            }
        case _ as unreachable:
            assert_never(unreachable)


def _substituted(row: dict[str, Any], event: ReporterSubstituted) -> dict[str, Any]:
    out, into = event.out, event.reporter
    moved = {
        "unit": out.unit,
        "unit_name": out.unit_name,
        "post": out.post,
        "person": out.person,
        "to": event.moved_to,
        "replaced_by": into.unit,
        "reason": event.reason,
        "on": event.on.isoformat(),
    }
    return {
        "reporters": _in_order([*_without(row["reporters"], {out.unit}), *_people([into])]),
        "observers": _without(row["observers"], {into.unit}),
        "moved": [*row["moved"], moved],
        "warnings": [*row["warnings"], *event.warnings],
        "decisions": row["decisions"] + _decided("substitute-reporter", event.decision, event.on),
    }


def _absences(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """As they stood while the roster was drafted: once its people are called nothing is added."""
    situation = initial
    found: list[dict[str, Any]] = []
    for recorded in history:
        situation = evolve(situation, recorded.event)
        if isinstance(situation, Drafted):
            found = [asdict(one) for one in situation.absences]
    return found


def _people(reporters: Sequence[Reporter]) -> list[dict[str, Any]]:
    return [asdict(one) | {"houses_offices": list(one.houses_offices)} for one in reporters]


def _without(people: list[dict[str, Any]], units: set[str | None]) -> list[dict[str, Any]]:
    return [one for one in people if one["unit"] not in units]


def _in_order(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(people, key=lambda one: (one["official_order"], one["unit"], one["post"]))


def _decided(command: str, decision: Decision | None, on: date) -> list[dict[str, Any]]:
    if decision is None:
        return []
    return [{"command": command, **asdict(decision), "on": on.isoformat()}]


def present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """The row as it is read: with what its warnings say."""
    names = {one["unit"]: one["unit_name"] for one in row["reporters"]}
    return row | {"warned": in_words(row["warnings"], names)}


SESSIONS_VIEW = View(
    sessions,
    _rows,
    filters=("plan_year", "status"),
    order_by=("plan_year", "number"),
    tier="progress",
    present=present,
)
