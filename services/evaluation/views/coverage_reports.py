"""Who was rostered and who has reported, as coverage counts them: one row a sheet and session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.notes import ReportNoted, RosterNoted, WithdrawalNoted
from services.evaluation.domain.sheet import Event
from shared.eventstore import Recorded, View, view_table

coverage_reports = view_table(
    "coverage_reports",
    sa.Column("session", sa.Text(collation="C"), primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("post", sa.Text),
    sa.Column("standing", sa.Text, nullable=False),
)
"""``standing``: rostered, withdrawn or reported."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    year, _, unit = history[0].id.partition("-")
    found: dict[str, dict[str, Any]] = {}
    for event in (recorded.event for recorded in history):
        match event:
            case RosterNoted() | ReportNoted():
                row, standing = {"post": event.post}, _STANDING[type(event)]
            case WithdrawalNoted():
                row, standing = {}, "withdrawn"
            case _:
                continue
        before = found.get(event.session, {"session": event.session, "post": None, "standing": standing})
        kept = "reported" if before["standing"] == "reported" else standing
        found[event.session] = before | row | {"standing": kept, "year": int(year), "unit": unit}
    return list(found.values())


_STANDING = {RosterNoted: "rostered", ReportNoted: "reported"}

COVERAGE_REPORTS = View(coverage_reports, _rows, tier="progress")
