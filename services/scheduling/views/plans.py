"""The adopted plans, each as it is now with the versions before: one row a year.

The plan year, a round's number in it and the day it is held are separate facts: here the day is the planned one, the
day held is in ``sessions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.plan import Event, PlanAdopted, PlannedRound
from services.scheduling.views.warned import in_words
from shared.calendar import Calendar
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import Policy

plans = view_table(
    "plans",
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("rounds", JSONB, nullable=False),
    sa.Column("warnings", JSONB, nullable=False),
    sa.Column("versions", JSONB, nullable=False),
    sa.Column("adopted_on", sa.Date, nullable=False),
)
"""``rounds``: ``[{number, planned_on}]``; ``warnings``: ``["<code>:<subject>"]``; ``versions``: every version from the
first, ``[{plan_version, rounds, reason, on}]``; ``adopted_on``: the day of the version that holds."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    versions = [_version(recorded.event) for recorded in history]
    return [
        {
            "plan_year": last.plan_year,
            "plan_version": versions[-1]["plan_version"],
            "rounds": _rounds(last.rounds),
            "warnings": list(last.warnings),
            "versions": versions,
            "adopted_on": last.on,
        }
        for last in [recorded.event for recorded in history[-1:]]
    ]


def _version(event: Event) -> dict[str, Any]:
    number, reason = (1, None) if isinstance(event, PlanAdopted) else (event.plan_version, event.reason)
    return {
        "plan_version": number,
        "rounds": _rounds(event.rounds),
        "reason": reason,
        "on": event.on.isoformat(),
    }


def _rounds(rounds: Sequence[PlannedRound]) -> list[dict[str, Any]]:
    return [{"number": one.number, "planned_on": one.planned_on.isoformat()} for one in rounds]


def present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """The row as it is read: with what its warnings say."""
    return row | {"warned": in_words(row["warnings"], {})}


PLANS_VIEW = View(
    plans, _rows, filters=("plan_year",), order_by=("plan_year",), tier="progress", present=present
)
