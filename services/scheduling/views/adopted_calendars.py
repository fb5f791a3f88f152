"""The holiday calendars the tenant has entered, each as it holds now with what it corrects: one row a year.

Not called ``calendars``: under that name the kernel keeps, in every service, what decisions are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.scheduling.domain.calendar import Event
from shared.eventstore import Recorded, View, view_table

adopted_calendars = view_table(
    "adopted_calendars",
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("holidays", JSONB, nullable=False),
    sa.Column("working_weekend_days", JSONB, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("adopted_on", sa.Date, nullable=False),
    sa.Column("versions", JSONB, nullable=False),
)
"""``versions``: every adoption from the first, ``[{document, on}]``; the days are those of the last."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "year": last.year,
            "holidays": [day.isoformat() for day in last.holidays],
            "working_weekend_days": [day.isoformat() for day in last.working_weekend_days],
            "document": last.document,
            "adopted_on": last.on,
            "versions": [{"document": one.event.document, "on": one.event.on.isoformat()} for one in history],
        }
        for last in [recorded.event for recorded in history[-1:]]
    ]


ADOPTED_CALENDARS = View(adopted_calendars, _rows, filters=("year",), order_by=("year",), tier="inherited")
