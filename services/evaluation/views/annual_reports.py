"""The register of the heads' written annual reports 年终述职: one row a year, unit and head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.annual_report import Event
from shared.eventstore import Recorded, View, view_table

annual_reports = view_table(
    "annual_reports",
    sa.Column("person", sa.Text(collation="C"), primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False),
    sa.Column("filed_on", sa.Date, nullable=False),
)


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    year, _, unit = history[0].id.partition("-")
    return [
        {
            "person": event.person,
            "year": int(year),
            "unit": unit,
            "document_number": event.document_number,
            "filed_on": event.filed_on,
        }
        for event in (recorded.event for recorded in history)
    ]


ANNUAL_REPORTS_VIEW = View(
    annual_reports, _rows, filters=("year", "unit"), order_by=("year", "filed_on"), tier="private"
)
