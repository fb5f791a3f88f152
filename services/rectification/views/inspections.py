"""One row an inspection: which line of the year's inspection plan led to it, when, and where its finding lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.rectification.domain.events import Event, InspectionRecorded, RectificationFellDue
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "inspections",
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False, comment="in the case's history"),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("plan_line", sa.Text, nullable=False),
    sa.Column("inspected_on", sa.Date, nullable=False),
    sa.Column("by_office", sa.Text, nullable=False),
    sa.Column("finding_ref", sa.Text, comment="its text"),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """The inspections of one case, in the order they were recorded."""
    found: list[dict[str, Any]] = []
    unit: dict[str, Any] = {}
    for recorded in history:
        match recorded.event:
            case RectificationFellDue() as event:
                unit = {"unit": event.unit, "unit_name": event.unit_name}
            case InspectionRecorded() as event:
                found.append(
                    unit
                    | {
                        "place": recorded.version,
                        "plan_line": event.plan_line,
                        "inspected_on": event.inspected_on,
                        "by_office": event.by_office,
                        "finding_ref": event.finding.ref,
                    }
                )
            case _:
                pass
    return found


INSPECTIONS = View(TABLE, rows, filters=("unit", "plan_line"), order_by=("inspected_on",))
