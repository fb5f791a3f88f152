"""The tenants of the tree as they were registered: one row a tenant.

Not called ``tenants``: under that name the kernel keeps, in every service, which tenants exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.scheduling.domain.tenant import TenantRegistered
from shared.eventstore import Recorded, View, view_table

registered_tenants = view_table(
    "registered_tenants",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("division_code", sa.Text),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("registered_on", sa.Date, nullable=False),
)


def _rows(history: Sequence[Recorded[TenantRegistered]]) -> list[dict[str, Any]]:
    return [
        {
            "name": recorded.event.name,
            "tier": recorded.event.tier,
            "division_code": recorded.event.division_code,
            "official_order": recorded.event.official_order,
            "registered_on": recorded.event.on,
        }
        for recorded in history[-1:]
    ]


REGISTERED_TENANTS = View(
    registered_tenants, _rows, filters=("tier",), order_by=("official_order",), tier="progress"
)
