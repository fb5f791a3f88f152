"""The tenants of the tree as they were registered, named anew and closed: one row a tenant.

Not called ``tenants``: under that name the kernel keeps, in every service, which tenants exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.tenant import (
    Event,
    RegistryImported,
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
)
from shared.eventstore import Recorded, View, view_table

registered_tenants = view_table(
    "registered_tenants",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("names", JSONB, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("reporting_body", sa.Text),
    sa.Column("division_code", sa.Text),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("registered_on", sa.Date, nullable=False),
    sa.Column("closed_on", sa.Date),
    sa.Column("closed_because", sa.Text),
)
"""``name`` is the one it bears, ``names`` all it bore, ``[{name, valid_from}]``."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = {}
    for recorded in history:
        match recorded.event:
            case TenantRegistered() as event:
                row = {
                    "name": event.name,
                    "names": [{"name": event.name, "valid_from": event.on.isoformat()}],
                    "tier": event.tier,
                    "reporting_body": event.reporting_body,
                    "division_code": event.division_code,
                    "official_order": event.official_order,
                    "registered_on": event.on,
                    "closed_on": None,
                    "closed_because": None,
                }
            case TenantRenamed() as event:
                borne = {"name": event.name, "valid_from": event.valid_from.isoformat()}
                row = row | {"name": event.name, "names": [*row["names"], borne]}
            case TenantClosed() as event:
                row = row | {"closed_on": event.on, "closed_because": event.reason}
            case RegistryImported():
                pass
            case _ as unreachable:
                assert_never(unreachable)
    return [row] if row else []


REGISTERED_TENANTS = View(
    registered_tenants, _rows, filters=("tier",), order_by=("official_order",), tier="progress"
)
