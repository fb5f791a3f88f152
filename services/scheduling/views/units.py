"""The tenant's registry of units, each with its posts and who holds them now: one row a unit, in official order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.unit import Event, Registered, evolve, initial
from shared.eventstore import Recorded, View, view_table

units = view_table(
    "units",
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("names", JSONB, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("houses_offices", JSONB, nullable=False),
    sa.Column("posts", JSONB, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
)
"""``name`` is the one it bears, ``names`` all it bore, ``[{name, valid_from}]``; ``posts``: ``[{post, title, person,
since}]``; ``valid_from``: since when it is in the registry."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    unit = reduce(evolve, (recorded.event for recorded in history), initial)
    if not isinstance(unit, Registered):
        return []
    return [
        {
            "unit": history[0].id,
            "name": unit.name.name,
            "names": [{"name": one.name, "valid_from": one.valid_from.isoformat()} for one in unit.names],
            "category": unit.category,
            "official_order": unit.official_order,
            "houses_offices": list(unit.houses_offices),
            "posts": [
                {
                    "post": post.post,
                    "title": post.title,
                    "person": post.person,
                    "since": post.since.isoformat(),
                }
                for post in unit.posts
            ],
            "valid_from": unit.valid_from,
        }
    ]


UNITS_VIEW = View(units, _rows, filters=("category",), order_by=("official_order",), tier="inherited")
