"""The units that the registry has told of: one row a unit, in official order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.unit import Event
from shared.eventstore import Recorded, View, view_table

registered_units = view_table(
    "registered_units",
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
)


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "unit": recorded.id,
            "name": recorded.event.name,
            "category": recorded.event.category,
            "official_order": recorded.event.official_order,
        }
        for recorded in history[-1:]
    ]


REGISTERED_UNITS = View(
    registered_units, _rows, filters=("category",), order_by=("official_order",), tier="inherited"
)
