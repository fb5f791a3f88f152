"""Who holds which role in the tenant by the ledger: one row a person and role, also of what ended or was taken back.

Not called ``grants``: under that name the kernel keeps, in every service, what a caller's roles are computed from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.scheduling.domain.access import Event, RoleGranted
from shared.calendar import Calendar
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import Policy

granted_roles = view_table(
    "granted_roles",
    sa.Column("role", sa.Text(collation="C"), primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("unit", sa.Text),
    sa.Column("subtree", sa.Boolean, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_until", sa.Date),
    sa.Column("reason", sa.Text),
    sa.Column("given_by", sa.Text),
    sa.Column("given_on", sa.Date),
    sa.Column("revoked_on", sa.Date),
    sa.Column("revoked_by", sa.Text),
    sa.Column("revoked_because", sa.Text),
)
"""``given_by`` and ``revoked_by`` are ids. A role that only the token gave has no grant, just its revocation."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for recorded in history:
        event = recorded.event
        if isinstance(event, RoleGranted):
            rows[event.role] = {
                "role": event.role,
                "person": event.person,
                "name": event.name,
                "unit": event.unit,
                "subtree": event.subtree,
                "valid_from": event.valid_from,
                "valid_until": event.valid_until,
                "reason": event.reason,
                "given_by": recorded.actor.id,
                "given_on": event.on,
                "revoked_on": None,
                "revoked_by": None,
                "revoked_because": None,
            }
        else:
            rows[event.role] = {
                **_NEVER_GRANTED,
                "role": event.role,
                "person": event.person,
                "unit": event.unit,
                **rows.get(event.role, {}),
                "revoked_on": event.on,
                "revoked_by": recorded.actor.id,
                "revoked_because": event.reason,
            }
    return list(rows.values())


_NEVER_GRANTED: dict[str, Any] = {
    "name": None,
    "subtree": False,
    "valid_from": None,
    "valid_until": None,
    "reason": None,
    "given_by": None,
    "given_on": None,
}


def _present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    held = row["revoked_on"] is None and row["valid_from"] is not None
    in_force = held and row["valid_from"] <= today <= (row["valid_until"] or date.max)
    return row | {"in_force": in_force}


GRANTED_ROLES = View(
    granted_roles, _rows, filters=("person", "role", "unit"), order_by=("role",), present=_present
)
