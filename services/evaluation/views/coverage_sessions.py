"""The sessions of each tenant and year, as coverage counts them: scheduled, held or cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.session import Event, Known, Session, evolve, initial
from shared.eventstore import Recorded, View, view_table

coverage_sessions = view_table(
    "coverage_sessions",
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
)
"""``year`` is the plan year, ``held_on`` the day it was held or is to be."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    session: Session = initial
    for recorded in history:
        session = evolve(session, recorded.event)
    if not isinstance(session, Known):
        return []
    return [{"year": session.plan_year, "held_on": session.held_on, "standing": session.standing}]


COVERAGE_SESSIONS = View(coverage_sessions, _rows, tier="progress")
