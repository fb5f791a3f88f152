"""The units that the registry has told of: one row a unit, as it is now, in official order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.review.domain.unit import Event, Handover, Head, Known, evolve, initial
from shared.eventstore import Recorded, View, view_table

registered_units = view_table(
    "registered_units",
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("houses_offices", JSONB, nullable=False),
    sa.Column("heads", JSONB, nullable=False),
    sa.Column("handovers", JSONB, nullable=False),
)
"""``houses_offices`` ``[office]``; ``heads`` ``[{post, title, person}]``, the first post first;
``handovers`` ``[{post, from_person, effective_on}]``, the earliest first."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    unit = reduce(evolve, (recorded.event for recorded in history), initial)
    if not isinstance(unit, Known):
        return []
    return [
        {
            "unit": history[0].id,
            "name": unit.name,
            "category": unit.category,
            "official_order": unit.official_order,
            "houses_offices": list(unit.houses_offices),
            "heads": [asdict(head) for head in unit.heads],
            "handovers": [
                asdict(one) | {"effective_on": one.effective_on.isoformat()} for one in unit.handovers
            ],
        }
    ]


def known(row: sa.RowMapping) -> Known:
    """The unit of a row, for the decisions of other streams."""
    return Known(
        name=row["name"],
        category=row["category"],
        official_order=row["official_order"],
        houses_offices=tuple(row["houses_offices"]),
        heads=tuple(Head(**head) for head in row["heads"]),
        handovers=tuple(
            Handover(one["post"], one["from_person"], date.fromisoformat(one["effective_on"]))
            for one in row["handovers"]
        ),
    )


REGISTERED_UNITS = View(
    registered_units, _rows, filters=("category",), order_by=("official_order",), tier="inherited"
)
