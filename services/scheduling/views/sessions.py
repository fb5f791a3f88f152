"""The sessions with their rosters, from the first draft until the minutes are sent: one row a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.session import (
    Event,
    MinutesNoted,
    ObserversNamed,
    RosterDrafted,
    SessionScheduled,
)
from shared.eventstore import Recorded, View, view_table

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
    sa.Column("warnings", JSONB, nullable=False),
)
"""``status``: drafted, scheduled, minutes_sent. ``reporters`` and ``observers``: ``[{unit, unit_name, category,
official_order, post, title, person}]``. ``warnings``: of the last roster or schedule, ``["<code>:<subject>"]``."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = {
        "session": history[0].id,
        "held_on": None,
        "minutes_sent_on": None,
        "observers_for": None,
        "observers": [],
    }
    for recorded in history:
        row |= _changed(recorded.event)
    return [row]


def _changed(event: Event) -> dict[str, Any]:
    match event:
        case RosterDrafted():
            return {
                "plan_year": event.plan_year,
                "number": event.number,
                "status": "drafted",
                "provisional": event.provisional,
                "reporters": [asdict(one) for one in event.reporters],
                "warnings": list(event.warnings),
            }
        case ObserversNamed():
            return {
                "observers_for": event.for_session,
                "observers": [asdict(one) for one in event.observers],
            }
        case SessionScheduled():
            return {
                "status": "scheduled",
                "held_on": event.held_on,
                "reporters": [asdict(one) for one in event.reporters],
                "observers": [asdict(one) for one in event.observers],
                "warnings": list(event.warnings),
            }
        case MinutesNoted():
            return {"status": "minutes_sent", "minutes_sent_on": event.sent_on}
        case _ as unreachable:
            assert_never(unreachable)


SESSIONS_VIEW = View(
    sessions,
    _rows,
    filters=("plan_year", "status"),
    order_by=("plan_year", "number"),
    tier="progress",
)
