"""On which sheet a case counts: events of a case name the case and the unit, not the year it was due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.notes import DutyNoted
from services.evaluation.domain.sheet import Event
from shared.eventstore import Recorded, View, view_table

sheet_cases = view_table(
    "sheet_cases",
    sa.Column("case", sa.Text(collation="C"), primary_key=True),
    sa.Column("due_on", sa.Date, nullable=False),
)


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for event in (recorded.event for recorded in history):
        if isinstance(event, DutyNoted):
            found.setdefault(event.case, {"case": event.case, "due_on": event.due_on})
    return list(found.values())


SHEET_CASES = View(sheet_cases, _rows, tier="private")
