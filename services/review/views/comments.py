"""One row for each comment of a session: whose words, on whom, what they ask, and whether the leader confirmed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.review.domain.minutes import MinutesSigned, WordsConfirmed
from services.review.domain.proceedings import CommentRecorded
from services.review.domain.session import Event, SessionOpened
from shared.eventstore import Recorded, View, view_table

comments = view_table(
    "comments",
    sa.Column("comment", sa.Text(collation="C"), primary_key=True),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("by_title", sa.Text, nullable=False),
    sa.Column("made_on", sa.Date, nullable=False),
    sa.Column("praise_only", sa.Boolean, nullable=False),
    sa.Column("requirements", JSONB, nullable=False),
    sa.Column("text_ref", sa.Text),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("confirmed_on", sa.Date),
    sa.Column("issued_on", sa.Date),
)
"""``requirements``: ``[{requirement, task_line, focus_area, units}]``. ``issued_on``: the day the minutes were signed;
until then a comment is a working note of the Party office and that leader."""


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    session, rows = "", dict[str, dict[str, Any]]()
    for recorded in history:
        match recorded.event:
            case SessionOpened(name):
                session = name
            case CommentRecorded(comment) as event:
                rows[comment] = {
                    "comment": comment,
                    "session": session,
                    "unit": event.unit,
                    "by": event.by,
                    "by_title": event.by_title,
                    "made_on": event.made_on,
                    "praise_only": not event.requirements,
                    "requirements": [asdict(one) | {"units": list(one.units)} for one in event.requirements],
                    "text_ref": event.text.ref if event.text else None,
                    "confirmed": False,
                    "confirmed_on": None,
                    "issued_on": None,
                }
            case WordsConfirmed(comment, confirmed_on=on):
                rows[comment] |= {"confirmed": True, "confirmed_on": on}
            case MinutesSigned(signed_on=on):
                for row in rows.values():
                    row["issued_on"] = on
            case _:
                pass  # nothing else changes a comment
    return list(rows.values())


COMMENTS = View(
    comments,
    _rows,
    filters=("session", "unit", "by", "confirmed"),
    order_by=("made_on", "session"),
    tier="private",
)
