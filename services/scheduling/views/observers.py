"""Who observes which session, for which later round they are rostered, and whether they came: one row a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.scheduling.domain.session_events import (
    AttendanceNoted,
    Event,
    ObserversNamed,
    ReporterSubstituted,
    SessionCancelled,
    SessionScheduled,
)
from shared.eventstore import Recorded, View, view_table

observers = view_table(
    "observers",
    sa.Column("unit", sa.Text(collation="C"), primary_key=True),
    sa.Column("post", sa.Text(collation="C"), primary_key=True),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("for_session", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("named_on", sa.Date, nullable=False),
    sa.Column("attended", sa.Boolean),
    sa.Column("absence_reason", sa.Text),
)
"""``attended``: null until review says so."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for recorded in history:
        event = recorded.event
        if isinstance(event, ObserversNamed):
            rows = [
                {
                    "unit": one.unit,
                    "post": one.post,
                    "session": recorded.id,
                    "for_session": event.for_session,
                    "official_order": one.official_order,
                    "unit_name": one.unit_name,
                    "category": one.category,
                    "title": one.title,
                    "person": one.person,
                    "named_on": event.on,
                    "attended": None,
                    "absence_reason": None,
                }
                for one in event.observers
            ]
        elif isinstance(event, SessionScheduled):
            people = {(one.unit, one.post): one.person for one in event.observers}
            rows = [row | {"person": people[row["unit"], row["post"]]} for row in rows]
        elif isinstance(event, ReporterSubstituted):
            rows = [row for row in rows if row["unit"] != event.reporter.unit]
        elif isinstance(event, AttendanceNoted):
            came = {"attended": event.attended, "absence_reason": event.reason}
            rows = [row | came if row["unit"] == event.unit else row for row in rows]
        elif isinstance(event, SessionCancelled):
            rows = []
    return rows


OBSERVERS = View(
    observers,
    _rows,
    filters=("session", "for_session", "unit"),
    order_by=("session", "official_order", "post"),
    tier="progress",
)
