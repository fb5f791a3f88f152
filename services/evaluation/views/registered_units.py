"""The units that the registry has told of, with their posts: one row a unit, in official order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.evaluation.domain.unit import Event, Known, evolve, initial, name_on
from shared.eventstore import Recorded, View, view_table

registered_units = view_table(
    "registered_units",
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("names", JSONB, nullable=False),
    sa.Column("posts", JSONB, nullable=False),
    sa.Column("former_heads", JSONB, nullable=False),
)
"""``name`` as last heard; ``names``: ``[{valid_from, name}]``; ``posts``: ``[{post, title, person}]``;
``former_heads``: persons who held one of the posts before."""


def known_unit(history: Sequence[Recorded[Event]]) -> Known | None:
    """The unit after its history; None where only its handovers or names were heard."""
    unit = initial
    for recorded in history:
        unit = evolve(unit, recorded.event)
    return unit if isinstance(unit, Known) else None


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    unit = known_unit(history)
    if unit is None:
        return []
    return [
        {
            "unit": history[0].id,
            "name": name_on(unit.names, history[-1].business_date),
            "category": unit.category,
            "official_order": unit.official_order,
            "names": [{"valid_from": one.valid_from.isoformat(), "name": one.name} for one in unit.names],
            "posts": [vars(post) for post in unit.posts],
            "former_heads": list(unit.former),
        }
    ]


REGISTERED_UNITS = View(
    registered_units, _rows, filters=("category",), order_by=("official_order",), tier="inherited"
)
