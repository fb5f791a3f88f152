"""The heads that are to report, as coverage counts them: one row a unit and person, whatever posts they hold there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from services.evaluation.domain.unit import Event, name_on
from services.evaluation.views.registered_units import known_unit
from shared.eventstore import Recorded, View, view_table

coverage_heads = view_table(
    "coverage_heads",
    sa.Column("person", sa.Text(collation="C"), primary_key=True),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("posts", ARRAY(sa.Text), nullable=False),
    sa.Column("titles", ARRAY(sa.Text), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
)
"""One person who holds both posts of a village 一肩挑 reports once and is one row, with both posts."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    unit = known_unit(history)
    if unit is None:
        return []
    return [
        {
            "person": person,
            "unit": history[0].id,
            "unit_name": name_on(unit.names, history[-1].business_date),
            "category": unit.category,
            "official_order": unit.official_order,
            "posts": [post.post for post in unit.posts if post.person == person],
            "titles": [post.title for post in unit.posts if post.person == person],
            "valid_from": min(name.valid_from for name in unit.names),
            "valid_until": unit.valid_until,
        }
        for person in dict.fromkeys(post.person for post in unit.posts)
    ]


COVERAGE_HEADS = View(coverage_heads, _rows, tier="progress")
