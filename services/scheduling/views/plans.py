"""The adopted plans, each with its rounds and what was warned of: one row a year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.plan import Event
from shared.eventstore import Recorded, View, view_table

plans = view_table(
    "plans",
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("rounds", JSONB, nullable=False),
    sa.Column("warnings", JSONB, nullable=False),
    sa.Column("adopted_on", sa.Date, nullable=False),
)
"""``rounds``: ``[{number, planned_on}]``; ``warnings``: ``["<code>:<subject>"]``."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "plan_year": recorded.event.plan_year,
            "rounds": [
                {"number": one.number, "planned_on": one.planned_on.isoformat()}
                for one in recorded.event.rounds
            ],
            "warnings": list(recorded.event.warnings),
            "adopted_on": recorded.event.on,
        }
        for recorded in history[-1:]
    ]


PLANS_VIEW = View(plans, _rows, filters=("plan_year",), order_by=("plan_year",), tier="progress")
