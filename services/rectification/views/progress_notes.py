"""One row a note of progress: of which item, when, and where its text lies. Nobody has to write one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.rectification.domain.events import Event, ProgressNoted, RectificationFellDue
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "progress_notes",
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False, comment="in the case's history"),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("item", sa.Text, comment="null: of the whole case"),
    sa.Column("noted_on", sa.Date, nullable=False),
    sa.Column("text_ref", sa.Text),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """The notes of one case, in the order they were made."""
    found: list[dict[str, Any]] = []
    unit = ""
    for recorded in history:
        match recorded.event:
            case RectificationFellDue() as event:
                unit = event.unit
            case ProgressNoted(text, item, on):
                found.append(
                    {
                        "place": recorded.version,
                        "unit": unit,
                        "item": item,
                        "noted_on": on,
                        "text_ref": text.ref,
                    }
                )
            case _:
                pass
    return found


PROGRESS_NOTES = View(TABLE, rows, filters=("unit", "item"), order_by=("noted_on",))
