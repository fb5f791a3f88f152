"""The tenant's units, each with its posts and who held them since when: one row a unit, in official order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.unit import (
    Closed,
    Event,
    HeldPost,
    Name,
    NotRegistered,
    Registered,
    evolve,
    initial,
)
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
    sa.Column("terms", JSONB, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    sa.Column("closed_because", sa.Text),
)
"""``name`` is the one it bears, ``names`` all it bore, ``[{name, valid_from}]``; ``posts`` as they are held, ``terms``
all who held them, ``[{post, title, person, since}]``; ``valid_from``: since when it is in the registry;
``valid_until``: its last day, where it was dissolved, and ``closed_because`` why."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    unit = reduce(evolve, (recorded.event for recorded in history), initial)
    if isinstance(unit, NotRegistered):
        return []
    registered = unit.registered if isinstance(unit, Closed) else unit
    return [
        {
            "unit": history[0].id,
            "name": registered.name.name,
            "names": [
                {"name": one.name, "valid_from": one.valid_from.isoformat()} for one in registered.names
            ],
            "category": registered.category,
            "official_order": registered.official_order,
            "houses_offices": list(registered.houses_offices),
            "posts": [_held(one) for one in registered.posts],
            "terms": [_held(one) for one in registered.terms],
            "valid_from": registered.valid_from,
            "valid_until": unit.valid_until if isinstance(unit, Closed) else None,
            "closed_because": unit.reason if isinstance(unit, Closed) else None,
        }
    ]


def _held(one: HeldPost) -> dict[str, str]:
    return {"post": one.post, "title": one.title, "person": one.person, "since": one.since.isoformat()}


def registered_unit(row: Mapping[Any, Any]) -> Registered | Closed:
    """The unit of a row, as its stream would tell it."""
    registered = Registered(
        tuple(Name(one["name"], date.fromisoformat(one["valid_from"])) for one in row["names"]),
        row["category"],
        row["official_order"],
        tuple(row["houses_offices"]),
        tuple(
            HeldPost(one["post"], one["title"], one["person"], date.fromisoformat(one["since"]))
            for one in row["terms"]
        ),
    )
    if row["valid_until"] is None:
        return registered
    return Closed(registered, row["valid_until"], row["closed_because"])


UNITS_VIEW = View(units, _rows, filters=("category",), order_by=("official_order",), tier="inherited")
