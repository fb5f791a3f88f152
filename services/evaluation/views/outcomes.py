"""The outcomes, each with whether it is confirmed: one row an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.outcome import Event
from shared.eventstore import Recorded, View, view_table

outcomes = view_table(
    "outcomes",
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("unit", sa.Text),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("number", sa.Double),
    sa.Column("measured_in", sa.Text),
    sa.Column("period", sa.Text),
    sa.Column("evidence", sa.Text),
    sa.Column("honour", sa.Boolean, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("recorded_on", sa.Date, nullable=False),
)
"""``unit`` is null for an honour, which belongs to none."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "outcome": recorded.id,
            "unit": recorded.event.unit,
            "what": recorded.event.what,
            "number": recorded.event.number,
            "measured_in": recorded.event.measured_in,
            "period": recorded.event.period,
            "evidence": recorded.event.evidence,
            "honour": recorded.event.honour,
            "confirmed": recorded.event.confirmed,
            "recorded_on": recorded.event.on,
        }
        for recorded in history[-1:]
    ]


OUTCOMES_VIEW = View(
    outcomes,
    _rows,
    filters=("unit", "confirmed", "honour"),
    order_by=("recorded_on",),
    tier="progress",
    own_only=("evidence",),
)
