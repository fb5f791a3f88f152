"""The register 台账: one row a case, with every date it was ever given and who still has to act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.rectification.domain.case import Event, HandoverRecorded, evolve, initial
from services.rectification.domain.lights import bulletin_word, light
from services.rectification.domain.situations import (
    Closed,
    FedBack,
    NotOpened,
    Open,
    Standing,
    standing,
)
from shared.calendar import Calendar
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import Policy

STANDING_ZH: dict[Standing, str] = {
    "open": "整改中",
    "returned": "已退回",
    "awaiting_receipt": "待签收",
    "awaiting_verification": "待核查",
    "completed": "已完成",
}

TABLE = view_table(
    "case_register",
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("post", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("items", sa.Integer, nullable=False, comment="how many task lines"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("minutes_sent_on", sa.Date, nullable=False),
    sa.Column("original_due_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("due_provisional", sa.Boolean, nullable=False),
    sa.Column("due_history", JSONB, nullable=False, comment="[{due_on, why, on}], oldest first"),
    sa.Column("extension_asked_on", sa.Date, comment="a request nobody has answered yet"),
    sa.Column("extension_asked_to", sa.Date),
    sa.Column(
        "overdue_since", sa.Date, comment="the first day it was late; stays when the feedback came late"
    ),
    sa.Column("fed_back_on", sa.Date),
    sa.Column("receipts", JSONB, nullable=False, comment="[{office, on}] of the feedback in hand"),
    sa.Column("offices_missing", JSONB, nullable=False, comment="offices that still have to receipt"),
    sa.Column("returned_on", sa.Date),
    sa.Column("verified_on", sa.Date),
    sa.Column("by_office", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("on_time", sa.Boolean, comment="null until verified"),
    sa.Column("handovers", JSONB, nullable=False, comment="[{from_person, to_person, title, effective_on}]"),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """The row of one case, from its whole history."""
    case = initial
    handovers = []
    for recorded in history:
        case = evolve(case, recorded.event)
        if isinstance(recorded.event, HandoverRecorded):
            handovers.append(_handover(recorded.event))
    if isinstance(case, NotOpened):
        return []
    duty = case.duty
    row: dict[str, Any] = {
        "session": duty.session,
        "plan_year": duty.plan_year,
        "unit": duty.unit,
        "unit_name": duty.unit_name,
        "post": duty.post,
        "title": duty.title,
        "person": duty.person,
        "items": len(duty.items),
        "state": standing(case),
        "minutes_sent_on": duty.minutes_sent_on,
        "original_due_on": duty.original_due_on,
        "due_on": duty.due_on,
        "due_provisional": duty.due.provisional,
        "due_history": [
            {"due_on": due.due_on.isoformat(), "why": due.why, "on": due.on.isoformat()} for due in duty.dates
        ],
        "extension_asked_on": None,
        "extension_asked_to": None,
        "overdue_since": duty.late_since,
        "fed_back_on": None,
        "receipts": [],
        "offices_missing": [],
        "returned_on": None,
        "verified_on": None,
        "by_office": None,
        "outcome": None,
        "on_time": None,
        "handovers": handovers,
    }
    return [row | _of_the_situation(case)]


def _of_the_situation(case: Open | FedBack | Closed) -> dict[str, Any]:
    match case:
        case Open(duty, asked, overdue_since, returned_on):
            return {
                "extension_asked_on": asked.asked_on if asked else None,
                "extension_asked_to": asked.due_on if asked else None,
                "overdue_since": duty.late_since or overdue_since,
                "returned_on": returned_on,
            }
        case FedBack():
            return {
                "fed_back_on": case.sent_on,
                "receipts": _receipts(case),
                "offices_missing": case.offices_missing,
            }
        case Closed():
            return {
                "fed_back_on": case.fed_back_on,
                "receipts": _receipts(case),
                "verified_on": case.verified_on,
                "by_office": case.by_office,
                "outcome": case.outcome,
                "on_time": case.on_time,
            }


def _receipts(case: FedBack | Closed) -> list[dict[str, str]]:
    return [{"office": receipt.office, "on": receipt.on.isoformat()} for receipt in case.receipts]


def _handover(event: HandoverRecorded) -> dict[str, str]:
    return {
        "from_person": event.from_person,
        "to_person": event.to_person,
        "title": event.title,
        "effective_on": event.effective_on.isoformat(),
    }


def present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """The row as it is read on a day: with its light and the bulletin's word, which no table can keep."""
    shown = light(row["state"], row["due_on"], today, policy, calendar)
    return row | {
        "state_zh": STANDING_ZH[row["state"]],
        "light": shown.colour,
        "icon": shown.icon,
        "days_left": shown.days_left,
        "text": shown.en,
        "text_zh": shown.zh,
        "bulletin": bulletin_word(row["state"], row["due_on"], today),
    }


CASE_REGISTER = View(
    TABLE,
    rows,
    filters=("session", "plan_year", "unit", "post", "state"),
    order_by=("original_due_on",),
    tier="progress",
    present=present,
)
