"""One row a supervision notice 督办通知单: its number, the case it is about, until when, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.rectification.domain.events import (
    Event,
    RectificationFellDue,
    SupervisionClosed,
    SupervisionOpened,
)
from shared.eventstore import Recorded, View, view_table

TABLE = view_table(
    "supervision_notices",
    sa.Column("notice_number", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("by_office", sa.Text, nullable=False),
    sa.Column("matter_ref", sa.Text, comment="its text"),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("reply_by", sa.Date, nullable=False),
    sa.Column("closed_on", sa.Date),
    sa.Column("closed_by", sa.Text, comment="verification or office"),
    sa.Column("reason_ref", sa.Text, comment="why the office closed it"),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """The notices of one case, oldest first."""
    found: dict[str, dict[str, Any]] = {}
    unit: dict[str, Any] = {}
    for recorded in history:
        match recorded.event:
            case RectificationFellDue() as event:
                unit = {"unit": event.unit, "unit_name": event.unit_name}
            case SupervisionOpened() as event:
                found[event.notice_number] = unit | {
                    "notice_number": event.notice_number,
                    "by_office": event.by_office,
                    "matter_ref": event.matter.ref,
                    "opened_on": event.on,
                    "reply_by": event.reply_by,
                    "closed_on": None,
                    "closed_by": None,
                    "reason_ref": None,
                }
            case SupervisionClosed(number, reason, on):
                closed_by = "verification" if reason is None else "office"
                ref = None if reason is None else reason.ref
                found[number] |= {"closed_on": on, "closed_by": closed_by, "reason_ref": ref}
            case _:
                pass
    return list(found.values())


SUPERVISION_NOTICES = View(TABLE, rows, filters=("unit", "notice_number"), order_by=("opened_on",))
