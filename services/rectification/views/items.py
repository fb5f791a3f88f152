"""Every task line by itself: what was asked, by whom, of which unit, and how its case stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.rectification.domain.events import Event
from services.rectification.domain.evolve import evolve, initial
from services.rectification.domain.situations import Case, Closed, NotOpened, standing
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "items",
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("task_line", sa.Text, nullable=False),
    sa.Column("focus_area", sa.Text),
    sa.Column("comment", sa.Text, nullable=False, comment="the comment it comes from"),
    sa.Column("by", sa.Text, nullable=False, comment="the leader who asked"),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="its case's"),
    sa.Column("finished", sa.Boolean, comment="null until verified, and where that is not on record"),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """One row a task line, in the order of the minutes."""
    case = initial
    for recorded in history:
        case = evolve(case, recorded.event)
    if isinstance(case, NotOpened):
        return []
    duty = case.duty
    return [
        {
            "item": item.item,
            "session": duty.session,
            "plan_year": duty.plan_year,
            "unit": duty.unit,
            "unit_name": duty.unit_name,
            "task_line": item.task_line,
            "focus_area": item.focus_area,
            "comment": item.comment,
            "by": item.by,
            "due_on": duty.due_on,
            "state": standing(case),
            "finished": _finished(item.item, case),
        }
        for item in duty.items
    ]


def _finished(item: str, case: Case) -> bool | None:
    if isinstance(case, Closed) and case.unfinished is not None:
        return item not in case.unfinished
    return None


ITEMS = View(
    TABLE,
    rows,
    filters=("session", "plan_year", "unit", "focus_area", "state"),
    order_by=("due_on",),
    tier="progress",
)
