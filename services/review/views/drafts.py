"""One row for each draft: how far it is, how long it would speak, by when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, assert_never

import sqlalchemy as sa

from services.review.domain.draft import (
    DraftApprovalVoided,
    DraftApproved,
    DraftExpected,
    DraftReturned,
    DraftSubmitted,
    Event,
)
from shared.eventstore import Recorded, View, view_table

drafts = view_table(
    "drafts",
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("post", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("approve_by", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("characters", sa.Integer),
    sa.Column("length", sa.Text),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("submitted_on", sa.Date),
    sa.Column("entered_by", sa.Text),
    sa.Column("entered_for", sa.Text),
    sa.Column("text_ref", sa.Text),
    sa.Column("remarks_ref", sa.Text),
    sa.Column("returned_on", sa.Date),
    sa.Column("approved_on", sa.Date),
    sa.Column("approved_late", sa.Boolean),
)
"""``state``: expected, submitted, returned, approved. ``characters`` and ``length`` (fits, long, too_long) are of the
newest revision, as it would be spoken; ``late`` is of the first. The references lead to texts."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = dict.fromkeys(set(drafts.c.keys()) - {"tenant", "stream"})
    for recorded in history:
        row |= _changed(recorded.event)
    return [row]


def _changed(event: Event) -> dict[str, Any]:
    match event:
        case DraftExpected():
            columns = asdict(event)
            del columns["expected_on"]
            return columns | {"state": "expected", "revision": 0, "late": False}
        case DraftSubmitted():
            return {
                "state": "submitted",
                "revision": event.revision,
                "characters": event.characters,
                "length": event.length,
                "submitted_on": event.submitted_on,
                "entered_by": event.entered_by,
                "entered_for": event.entered_for,
                "text_ref": event.text.ref,
            } | ({"late": event.late} if event.revision == 1 else {})
        case DraftReturned():
            return {
                "state": "returned",
                "remarks_ref": event.remarks.ref,
                "returned_on": event.returned_on,
            }
        case DraftApproved():
            return {
                "state": "approved",
                "approved_on": event.approved_on,
                "approved_late": event.late,
            }
        case DraftApprovalVoided():
            return {"state": "submitted", "approved_on": None, "approved_late": None}
        case _ as unreachable:
            assert_never(unreachable)


DRAFTS = View(
    drafts,
    _rows,
    filters=("session", "unit", "state"),
    order_by=("held_on", "session"),
    tier="private",
)
