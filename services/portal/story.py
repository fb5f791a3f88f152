"""One case from its roster to its evaluation: what was said of it, in the order it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.domain.due_dates import Told
from services.portal.views.timeline import timeline
from shared.contracts import CONTRACTS


@dataclass(frozen=True)
class Line:
    """One public event. ``content``: only for who may read the case's texts."""

    event: str
    on: date
    citation: str
    data: Mapping[str, Any]
    content: bool


_CONTENT = {name for (name, _), contract in CONTRACTS.items() if contract.event_class == "content"}

_FOR_EVERY_UNIT = (
    "SessionScheduled",
    "SessionRescheduled",
    "SessionCancelled",
    "SessionHeld",
    "MinutesIssued",
    "MinutesCorrected",
)
"""What is said of a session as a whole and is part of each of its cases."""


async def story_of(connection: AsyncConnection, tenant: str, case: str, row: Mapping[str, Any]) -> list[Line]:
    """Every line that is about the case, about its unit at its session, about that session as a whole; bulletins that
    tell of it, the sheet that counts it, and who took over its post. Oldest first."""
    t = timeline.c
    of_unit = t.unit == row["unit"]
    at_session = t.session == row["session"]
    line_of = {"BulletinIssued": "case", "EvaluationPublished": "subject"}
    told_in = [
        (t.event == event) & t.data["lines"].contains(sa.literal([{name: case}], JSONB))
        for event, name in line_of.items()
    ]
    took_over = (t.event == "PostHandedOver") & of_unit & (t.data["post"].astext == row["post"])
    substituted = (
        (t.event == "ReporterSubstituted") & at_session & (t.data["reporter"]["unit"].astext == row["unit"])
    )
    about = sa.or_(
        t.case == case,
        at_session & of_unit & t.case.is_(None),
        at_session & t.event.in_(_FOR_EVERY_UNIT),
        substituted,
        took_over,
        *told_in,
    )
    query = sa.select(timeline).where(t.tenant == tenant, about)
    found = await connection.execute(query.order_by(t.on, t.recorded_at, t.source, t.ledger_sequence, t.key))
    return [
        Line(
            one.event,
            one.on,
            f"{one.source}:{one.tenant}#{one.ledger_sequence}",
            one.data,
            one.event in _CONTENT,
        )
        for one in found
    ]


def told_of_dates(lines: Sequence[Line]) -> Told:
    """What the arithmetic of the case's dates needs and the register does not keep."""

    def on(line: Line, name: str) -> date:
        return date.fromisoformat(line.data[name])

    opened = next((line for line in lines if line.event == "RectificationDue"), None)
    return Told(
        before_rolling=on(opened, "due_before_rolling") if opened else None,
        suspended={
            on(line, "due_on"): (on(line, "suspended_from"), on(line, "suspended_until"))
            for line in lines
            if line.event == "RectificationSuspended"
        },
        confirmed=frozenset(
            on(line, "due_on") for line in lines if line.event == "RectificationDateConfirmed"
        ),
    )
