"""One row for each draft: how far it is, how long it would speak, by when it is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.review.domain.draft import (
    DraftApprovalVoided,
    DraftApproved,
    DraftExpected,
    DraftHandedOver,
    DraftMoved,
    DraftReturned,
    DraftSubmitted,
    DraftWithdrawn,
    Event,
)
from services.review.domain.speech import aimed_at
from shared.calendar import Calendar
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import Policy, office_in_charge

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
    sa.Column("houses_offices", JSONB, nullable=False),
    sa.Column("revisions", JSONB, nullable=False),
)
"""``state``: expected, submitted, returned, approved, withdrawn. ``characters`` and ``length`` (fits, long, too_long)
are of the newest revision, as it would be spoken; ``late`` is of the first. The references lead to texts.
``houses_offices``: the offices of the chain that the unit houses; where the law office is one, the draft is reviewed by
the office that policy names. ``revisions``: every one from the first, a predecessor's too, ``[{revision, submitted_on,
entered_by, entered_for, characters, length, text_ref, remarks_ref, returned_on, approved_on}]``."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = dict.fromkeys(set(drafts.c.keys()) - {"tenant", "stream"})
    row["revisions"] = []
    for recorded in history:
        row |= _changed(row, recorded.event)
    return [row]


OF_A_REVISION = (
    "characters",
    "length",
    "submitted_on",
    "entered_by",
    "entered_for",
    "text_ref",
    "remarks_ref",
    "returned_on",
    "approved_on",
    "approved_late",
)
"""The columns that are empty while nothing is handed in."""


def _changed(row: Mapping[str, Any], event: Event) -> dict[str, Any]:
    match event:
        case DraftExpected():
            columns = asdict(event) | {"houses_offices": list(event.houses_offices)}
            del columns["expected_on"]
            counted = {"revision": row["revision"] or 0, "late": row["late"] or False}
            return columns | counted | dict.fromkeys(OF_A_REVISION) | {"state": "expected"}
        case DraftMoved():
            return {"held_on": event.held_on, "due_on": event.due_on, "approve_by": event.approve_by}
        case DraftHandedOver():
            new_head = {"title": event.title, "person": event.person}
            return new_head | dict.fromkeys(OF_A_REVISION) | {"state": "expected"}
        case DraftWithdrawn():
            return {"state": "withdrawn"}
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
                "revisions": [*row["revisions"], _revision(event)],
            } | ({"late": event.late} if event.revision == 1 else {})
        case DraftReturned():
            return {
                "state": "returned",
                "remarks_ref": event.remarks.ref,
                "returned_on": event.returned_on,
                "revisions": _said_of_the_newest(
                    row, remarks_ref=event.remarks.ref, returned_on=event.returned_on.isoformat()
                ),
            }
        case DraftApproved():
            return {
                "state": "approved",
                "approved_on": event.approved_on,
                "approved_late": event.late,
                "revisions": _said_of_the_newest(row, approved_on=event.approved_on.isoformat()),
            }
        case DraftApprovalVoided():
            return {"state": "submitted", "approved_on": None, "approved_late": None}
        case _ as unreachable:
            assert_never(unreachable)


def _revision(event: DraftSubmitted) -> dict[str, Any]:
    return {
        "revision": event.revision,
        "submitted_on": event.submitted_on.isoformat(),
        "entered_by": event.entered_by,
        "entered_for": event.entered_for,
        "characters": event.characters,
        "length": event.length,
        "text_ref": event.text.ref,
        "remarks_ref": None,
        "returned_on": None,
        "approved_on": None,
    }


def _said_of_the_newest(row: Mapping[str, Any], **said: Any) -> list[dict[str, Any]]:
    *before, newest = row["revisions"]
    return [*before, newest | said]


def present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """The row as it is read: with the number of syllables that a draft aims at, while there is one to write, and the
    office that reviews it."""
    to_write = row["state"] not in ("approved", "withdrawn")
    return row | {
        "syllables_aimed_at": aimed_at(policy) if to_write else None,
        "reviewed_by": office_in_charge(policy.reviewing_office, row["houses_offices"], policy),
    }


DRAFTS = View(
    drafts,
    _rows,
    filters=("session", "unit", "state"),
    order_by=("held_on", "session"),
    tier="private",
    present=present,
)
