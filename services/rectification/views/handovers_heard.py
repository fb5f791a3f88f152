"""Every handover of a post that was heard: asked when a case opens, not shown to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.rectification.domain.holder import Event
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "handovers_heard",
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False, comment="in the order heard"),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("post", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("to_person", sa.Text, nullable=False),
    sa.Column("effective_on", sa.Date, nullable=False),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """One row a handover."""
    return [
        {
            "place": recorded.version,
            "unit": recorded.event.unit,
            "post": recorded.event.post,
            "title": recorded.event.title,
            "to_person": recorded.event.to_person,
            "effective_on": recorded.event.effective_on,
        }
        for recorded in history
    ]


HANDOVERS_HEARD = View(TABLE, rows, order_by=("effective_on",))
