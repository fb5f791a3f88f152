"""The tenants of the tree, as coverage counts them: one row a tenant, seen by every tier above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.evaluation.domain.tenant import Event
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import parent

coverage_tenants = view_table(
    "coverage_tenants",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("parent", sa.Text(collation="C")),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("closed_on", sa.Date),
)
"""``official_order`` among siblings; ``parent`` the tier above, ``token`` the last part of the path, by which a town
registers the village as a unit."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "name": recorded.event.name,
            "tier": recorded.event.tier,
            "official_order": recorded.event.official_order,
            "parent": parent(recorded.tenant),
            "token": recorded.tenant.rpartition(".")[2],
            "closed_on": recorded.event.closed_on,
        }
        for recorded in history[-1:]
    ]


COVERAGE_TENANTS = View(coverage_tenants, _rows, tier="progress")
