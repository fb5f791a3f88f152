"""The annual sheets, each line with the events it rests on: one row a unit and year, in the official order of units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.evaluation.domain.lines import Handover, Line
from services.evaluation.domain.sheet import (
    Event,
    NotOpened,
    Published,
    SheetOpened,
    SheetPublished,
    initial,
)
from services.evaluation.domain.sheet import evolve as evolved
from services.evaluation.domain.told import attributed
from shared.eventstore import Recorded, View, view_table

NO_PLACE_YET = 0
"""The official order of a unit that the registry had not been heard of: a list's order needs a number."""

sheets = view_table(
    "sheets",
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("published_on", sa.Date),
    sa.Column("changed_since", sa.Boolean, nullable=False),
    sa.Column("lines", JSONB, nullable=False),
    sa.Column("handovers", JSONB, nullable=False),
    sa.Column("published_lines", JSONB),
)
"""``status``: open, published. ``lines`` as they stand now, ``published_lines`` as last published: ``[{kind, state,
subject, post, person, lead, corrected, events, facts}]``. ``events`` are the citations, ``facts`` say of each what it
was, of which day and who held the post then; ``person`` is whose the state is. ``changed_since``: something was noted
after it was published."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    year, _, unit = history[0].id.partition("-")
    row: dict[str, Any] = {
        "year": int(year),
        "unit": unit,
        "unit_name": None,
        "official_order": NO_PLACE_YET,
        "status": "open",
        "published_on": None,
        "changed_since": False,
        "published_lines": None,
    }
    sheet = initial
    for recorded in history:
        event = recorded.event
        sheet = evolved(sheet, event)
        row["changed_since"] = isinstance(sheet, Published)
        if isinstance(event, SheetOpened | SheetPublished):
            row["unit_name"] = event.unit_name
            row["official_order"] = event.official_order or NO_PLACE_YET
        if isinstance(event, SheetPublished):
            row |= {
                "status": "published",
                "published_on": event.on,
                "changed_since": False,
                "published_lines": [_line(line) for line in event.lines],
            }
    lines, handovers = ((), ()) if isinstance(sheet, NotOpened) else (sheet.lines, sheet.handovers)
    row["lines"] = [_line(attributed(line, handovers)) for line in lines]
    row["handovers"] = [_handover(one) for one in handovers]
    return [row]


def _line(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "state": line.state,
        "subject": line.subject,
        "post": line.post,
        "person": line.person,
        "lead": line.lead,
        "corrected": line.corrected,
        "events": list(line.citations),
        "facts": [
            {"event": one.citation, "what": one.what, "on": one.on.isoformat(), "person": one.person}
            for one in line.cited
        ],
    }


def _handover(handover: Handover) -> dict[str, Any]:
    return {
        "post": handover.post,
        "title": handover.title,
        "from_person": handover.from_person,
        "to_person": handover.to_person,
        "effective_on": handover.effective_on.isoformat(),
        "event": handover.citation,
    }


SHEETS_VIEW = View(
    sheets, _rows, filters=("year", "unit", "status"), order_by=("year", "official_order"), tier="private"
)
