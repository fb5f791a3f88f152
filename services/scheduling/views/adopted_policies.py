"""Every version of the tenant's own policy values and the day from which it holds: one row a version.

Not called ``policies``: under that name the kernel keeps, in every service, what decisions are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.policy import Event
from shared.eventstore import Recorded, View, view_table

adopted_policies = view_table(
    "adopted_policies",
    sa.Column("policy_version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("holds_from", sa.Date, nullable=False),
    sa.Column("values", JSONB, nullable=False),
    sa.Column("adopted_on", sa.Date, nullable=False),
)
"""``values``: ``{name: value}``, as in shared.tenancy.Adopted."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "policy_version": recorded.event.policy_version,
            "holds_from": recorded.event.holds_from,
            "values": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in recorded.event.values.items()
            },
            "adopted_on": recorded.event.on,
        }
        for recorded in history
    ]


ADOPTED_POLICIES = View(adopted_policies, _rows, order_by=("policy_version",), tier="inherited")
