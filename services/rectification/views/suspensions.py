"""One row a suspension: the period, how many days it has, and who decided it with which reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.rectification.domain.suspension import Event
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "suspensions",
    sa.Column("suspended_from", sa.Date, nullable=False),
    sa.Column("suspended_until", sa.Date, nullable=False),
    sa.Column("days", sa.Integer, nullable=False, comment="of the period, both ends included"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """A suspension is decided once."""
    return [
        {
            "suspended_from": event.suspended_from,
            "suspended_until": event.suspended_until,
            "days": (event.suspended_until - event.suspended_from).days + 1,
            "by": event.decision.by,
            "title": event.decision.title,
            "reason": event.decision.reason,
            "decided_on": event.on,
        }
        for event in (recorded.event for recorded in history)
    ]


SUSPENSIONS_VIEW = View(TABLE, rows, order_by=("suspended_from",), tier="progress")
