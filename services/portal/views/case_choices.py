"""What the register may be narrowed to: the sessions and the units that have a case."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from shared.contracts.rectification import RectificationDue
from shared.eventstore.projection import Cause, Projection

_META = sa.MetaData()
case_sessions = sa.Table(
    "case_sessions",
    _META,
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("session", sa.Text(collation="C"), primary_key=True),
    sa.Column("plan_year", sa.Integer, nullable=False),
)
case_units = sa.Table(
    "case_units",
    _META,
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("unit", sa.Text(collation="C"), primary_key=True),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
)
"""A unit as its last case names it."""


def _session(event: RectificationDue, cause: Cause) -> dict[str, Any]:
    return {"session": event.session, "plan_year": event.plan_year}


def _unit(event: RectificationDue, cause: Cause) -> dict[str, Any]:
    return {"unit": event.unit, "unit_name": event.unit_name, "official_order": event.official_order}


CASE_SESSIONS = Projection(case_sessions, (RectificationDue,), _session)
CASE_UNITS = Projection(case_units, (RectificationDue,), _unit)
