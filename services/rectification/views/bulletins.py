"""One row a bulletin: at which session it was told, about which, and its lines in the order they were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.rectification.domain.bulletin import Event
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "bulletins",
    sa.Column("session", sa.Text, nullable=False, comment="the session it is told at"),
    sa.Column("about_session", sa.Text, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("lines", JSONB, nullable=False, comment="[{case, unit, unit_name, state, due_on, carried_on}]"),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """A bulletin is issued once."""
    return [
        {
            "session": recorded.id,
            "about_session": recorded.event.about_session,
            "issued_on": recorded.event.on,
            "lines": [asdict(line) | {"due_on": line.due_on.isoformat()} for line in recorded.event.lines],
        }
        for recorded in history
    ]


BULLETINS_VIEW = View(
    TABLE,
    rows,
    filters=("session", "about_session"),
    order_by=("issued_on",),
    tier="progress",
)
