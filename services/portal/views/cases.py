"""Cases as the work queue knows them: whose, by when, who has them in hand. Joined when read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts.rectification import (
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    RecordCorrected,
    RectificationDateConfirmed,
    RectificationDue,
    RectificationExtended,
    RectificationReturned,
    RectificationSuspended,
    RectificationVerified,
    SupervisionClosed,
    SupervisionOpened,
)
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause, Drop, Projection

_TOKEN = sa.Text(collation="C")


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("tenant", _TOKEN, primary_key=True),
        sa.Column("case", _TOKEN, primary_key=True),
        *columns,
    )


case_heads = _table(
    "case_heads",
    sa.Column("session", _TOKEN, nullable=False),
    sa.Column("unit", _TOKEN, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("official_order", sa.Integer, nullable=False),
)
case_dates = _table(
    "case_dates",
    sa.Column("due_on", sa.Date, nullable=False),
)
"""The date that governs, until the case is verified."""

case_standings = _table(
    "case_standings",
    sa.Column("unit", _TOKEN, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("offices_missing", JSONB, nullable=False),
)
"""``state``: open, returned, awaiting_receipt, awaiting_verification, completed; ``on``: since that business date."""

case_feedbacks = _table("case_feedbacks", sa.Column("sent_on", sa.Date, nullable=False))
case_suspensions = _table(
    "case_suspensions",
    sa.Column("suspended_from", sa.Date, nullable=False),
    sa.Column("suspended_until", sa.Date, nullable=False),
)
case_notices = _table(
    "case_notices",
    sa.Column("notice_number", sa.Text, nullable=False),
    sa.Column("reply_by", sa.Date, nullable=False),
)
"""The supervision notice that is open."""


def _head(event: RectificationDue, cause: Cause) -> Row:
    return {
        "case": event.case,
        "session": event.session,
        "unit": event.unit,
        "unit_name": event.unit_name,
        "category": event.category,
        "official_order": event.official_order,
    }


def _date(event: Any, cause: Cause) -> Row | Drop:
    if isinstance(event, RectificationVerified):
        return Drop({"case": event.case})
    return {"case": event.case, "due_on": event.due_on}


def _standing(event: Any, cause: Cause) -> Row:
    missing: list[str] = []
    match event:
        case RectificationDue() | FeedbackWithdrawn():
            state = "open"
        case RectificationReturned():
            state = "returned"
        case FeedbackSubmitted(offices=missing):
            state = "awaiting_receipt"
        case FeedbackReceipted(offices_missing=missing):
            state = "awaiting_receipt" if missing else "awaiting_verification"
        case _:
            state = "completed"
    return {
        "case": event.case,
        "unit": event.unit,
        "state": state,
        "on": cause.business_date,
        "offices_missing": missing,
    }


def _feedback(
    event: FeedbackSubmitted | FeedbackWithdrawn | RecordCorrected, cause: Cause
) -> Row | Drop | None:
    match event:
        case FeedbackSubmitted(sent_on=sent_on):
            return {"case": event.case, "sent_on": sent_on}
        case FeedbackWithdrawn():
            return Drop({"case": event.case})
        case RecordCorrected(fed_back_on=None):
            return None
        case RecordCorrected(fed_back_on=sent_on):
            return {"case": event.case, "sent_on": sent_on}


def _suspension(event: RectificationSuspended, cause: Cause) -> Row:
    return {
        "case": event.case,
        "suspended_from": event.suspended_from,
        "suspended_until": event.suspended_until,
    }


def _notice(event: SupervisionOpened | SupervisionClosed, cause: Cause) -> Row | Drop:
    if isinstance(event, SupervisionClosed):
        return Drop({"case": event.case})
    return {"case": event.case, "notice_number": event.notice_number, "reply_by": event.due_on}


PROJECTIONS = (
    Projection(case_heads, (RectificationDue,), _head),
    Projection(
        case_dates,
        (
            RectificationDue,
            RectificationDateConfirmed,
            RectificationReturned,
            RectificationExtended,
            RectificationSuspended,
            FeedbackWithdrawn,
            RecordCorrected,
            RectificationVerified,
        ),
        _date,
    ),
    Projection(
        case_standings,
        (
            RectificationDue,
            FeedbackSubmitted,
            FeedbackWithdrawn,
            FeedbackReceipted,
            RectificationReturned,
            RectificationVerified,
        ),
        _standing,
    ),
    Projection(case_feedbacks, (FeedbackSubmitted, FeedbackWithdrawn, RecordCorrected), _feedback),
    Projection(case_suspensions, (RectificationSuspended,), _suspension),
    Projection(case_notices, (SupervisionOpened, SupervisionClosed), _notice),
)
