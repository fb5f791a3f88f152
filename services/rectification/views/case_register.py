"""The register 台账: one row a case, with every date it was ever given and who still has to act."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.rectification.domain.events import (
    Event,
    FeedbackSubmitted,
    HandoverRecorded,
    InspectionRecorded,
    ItemsCorrected,
    MinutesCorrectionNoted,
    ProgressNoted,
    RecordCorrected,
    RectificationReturned,
)
from services.rectification.domain.evolve import evolve, initial
from services.rectification.domain.lights import bulletin_word, light
from services.rectification.domain.situations import (
    Closed,
    DueDate,
    Duty,
    FedBack,
    NotOpened,
    Open,
    Standing,
    standing,
)
from shared.calendar import Calendar
from shared.eventstore import Judged, Recorded, View, view_table
from shared.tenancy import Policy, receipt_due_on

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
    sa.Column(
        "due_history", JSONB, nullable=False, comment="[{due_on, why, on, days if suspended}], oldest first"
    ),
    sa.Column(
        "suspensions", JSONB, nullable=False, comment="[{suspension, suspended_from, suspended_until}]"
    ),
    sa.Column("reminders", JSONB, nullable=False, comment="[{kind, due_on, on}] that were sent"),
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
    sa.Column(
        "unfinished", JSONB, comment="items not done; null until verified, and where that is not on record"
    ),
    sa.Column("on_time", sa.Boolean, comment="null until verified"),
    sa.Column("handovers", JSONB, nullable=False, comment="[{from_person, to_person, title, effective_on}]"),
    sa.Column(
        "category", sa.Text, nullable=False, comment="of the unit; empty where the minutes did not say"
    ),
    sa.Column("official_order", sa.Integer, nullable=False),
    sa.Column("houses_offices", JSONB, nullable=False, comment="their steps pass to another office"),
    sa.Column("classified", sa.Boolean, nullable=False, comment="the paper governs, no text is kept"),
    sa.Column("feedback_ref", sa.Text, comment="text of the feedback in hand"),
    sa.Column("entered_for", sa.Text, comment="who told the short form in hand"),
    sa.Column("remarks_ref", sa.Text, comment="text of the last return"),
    sa.Column("progress_noted_on", sa.Date, comment="last note of progress, if the unit made one"),
    sa.Column("notice_number", sa.Text, comment="of the supervision notice that is open"),
    sa.Column("reply_by", sa.Date, comment="until when that notice asks for a reply"),
    sa.Column("inspections", JSONB, nullable=False, comment="[{plan_line, inspected_on, by_office}]"),
    sa.Column("corrections", JSONB, nullable=False, comment="[{what, value_before, value, by, title, on}]"),
    sa.Column(
        "minutes_corrections", JSONB, nullable=False, comment="[{document_number, corrected_on, applied}]"
    ),
    sa.Index("case_register_by_state", "tenant", "state"),
)


def rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """The row of one case, from its whole history."""
    case = initial
    entries: dict[str, list[Any]] = {
        name: [] for name in ("handovers", "inspections", "corrections", "minutes_corrections")
    }
    last: dict[str, Any] = dict.fromkeys(("feedback_ref", "entered_for", "remarks_ref", "progress_noted_on"))
    for recorded in history:
        event = recorded.event
        case = evolve(case, event)
        if (adds := _ADDS.get(type(event))) is not None:
            entries[adds[0]].append(adds[1](event))
        elif (replaces := _REPLACES.get(type(event))) is not None:
            last |= replaces(event)
    if isinstance(case, NotOpened):
        return []
    if isinstance(case, Open):
        last |= {"feedback_ref": None, "entered_for": None}
    return [
        {**_of_the_duty(case.duty), "state": standing(case), **_of_the_situation(case), **entries, **last}
    ]


def _of_the_duty(duty: Duty) -> dict[str, Any]:
    return {
        "session": duty.session,
        "plan_year": duty.plan_year,
        "unit": duty.unit,
        "unit_name": duty.unit_name,
        "post": duty.post,
        "title": duty.title,
        "person": duty.person,
        "items": len(duty.items),
        "minutes_sent_on": duty.minutes_sent_on,
        "original_due_on": duty.original_due_on,
        "due_on": duty.due_on,
        "due_provisional": duty.due.provisional,
        "due_history": [_due(due) for due in duty.dates],
        "suspensions": [
            {
                "suspension": one.suspension,
                "suspended_from": one.suspended_from.isoformat(),
                "suspended_until": one.suspended_until.isoformat(),
            }
            for one in duty.suspended
        ],
        "reminders": [
            {"kind": one.kind, "due_on": one.due_on.isoformat(), "on": one.on.isoformat()}
            for one in duty.reminded
        ],
        "category": duty.category,
        "official_order": duty.official_order,
        "houses_offices": list(duty.houses_offices),
        "classified": duty.classified,
        "notice_number": duty.notice.notice_number if duty.notice else None,
        "reply_by": duty.notice.reply_by if duty.notice else None,
    }


def _due(due: DueDate) -> dict[str, Any]:
    shown = {"due_on": due.due_on.isoformat(), "why": due.why, "on": due.on.isoformat()}
    return shown | {"days": due.days_added} if due.why == "suspension" else shown


def _of_the_situation(case: Open | FedBack | Closed) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "extension_asked_on": None,
        "extension_asked_to": None,
        "overdue_since": case.duty.late_since,
        "fed_back_on": None,
        "receipts": [],
        "offices_missing": [],
        "returned_on": None,
        "verified_on": None,
        "by_office": None,
        "outcome": None,
        "unfinished": None,
        "on_time": None,
    }
    match case:
        case Open(duty, asked, overdue_since, returned_on):
            return columns | {
                "extension_asked_on": asked.asked_on if asked else None,
                "extension_asked_to": asked.due_on if asked else None,
                "overdue_since": duty.late_since or overdue_since,
                "returned_on": returned_on,
            }
        case FedBack():
            return columns | {
                "fed_back_on": case.sent_on,
                "receipts": _receipts(case),
                "offices_missing": case.offices_missing,
            }
        case Closed():
            return columns | {
                "fed_back_on": case.fed_back_on,
                "receipts": _receipts(case),
                "verified_on": case.verified_on,
                "by_office": case.by_office,
                "outcome": case.outcome,
                "unfinished": None if case.unfinished is None else list(case.unfinished),
                "on_time": case.on_time,
            }


def _receipts(case: FedBack | Closed) -> list[dict[str, str]]:
    return [{"office": receipt.office, "on": receipt.on.isoformat()} for receipt in case.receipts]


def _handover(event: HandoverRecorded) -> dict[str, Any]:
    return {
        "from_person": event.from_person,
        "to_person": event.to_person,
        "title": event.title,
        "effective_on": event.effective_on.isoformat(),
    }


def _inspection(event: InspectionRecorded) -> dict[str, Any]:
    return {
        "plan_line": event.plan_line,
        "inspected_on": event.inspected_on.isoformat(),
        "by_office": event.by_office,
    }


def _correction(event: RecordCorrected) -> dict[str, Any]:
    return {
        "what": event.what,
        "value_before": event.value_before.isoformat(),
        "value": event.value.isoformat(),
        "by": event.decision.by,
        "title": event.decision.title,
        "on": event.on.isoformat(),
    }


def _minutes_correction(event: ItemsCorrected | MinutesCorrectionNoted) -> dict[str, Any]:
    return {
        "document_number": event.document_number,
        "corrected_on": event.corrected_on.isoformat(),
        "applied": isinstance(event, ItemsCorrected),
    }


_ADDS: Mapping[type[Event], tuple[str, Callable[[Any], dict[str, Any]]]] = {
    HandoverRecorded: ("handovers", _handover),
    InspectionRecorded: ("inspections", _inspection),
    RecordCorrected: ("corrections", _correction),
    ItemsCorrected: ("minutes_corrections", _minutes_correction),
    MinutesCorrectionNoted: ("minutes_corrections", _minutes_correction),
}
"""What an event adds to one of the row's lists."""

_REPLACES: Mapping[type[Event], Callable[[Any], dict[str, Any]]] = {
    FeedbackSubmitted: lambda event: {"feedback_ref": event.text.ref, "entered_for": event.entered_for},
    RectificationReturned: lambda event: {"remarks_ref": event.remarks.ref},
    ProgressNoted: lambda event: {"progress_noted_on": event.on},
}
"""What an event replaces in the row."""


def present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """The row as it is read on a day: with its light and the bulletin's word, which no table can keep. While the
    offices have it, by when they should receipt; in a suspension, until when it lasts."""
    until = suspended_until(row["suspensions"], row["due_on"], today)
    shown = light(
        row["state"],
        row["due_on"],
        today,
        policy,
        calendar,
        sent_on=row["fed_back_on"],
        suspended_until=until,
    )
    awaiting = row["state"] == "awaiting_receipt"
    return row | {
        "state_zh": STANDING_ZH[row["state"]],
        "light": shown.colour,
        "icon": shown.icon,
        "days_left": shown.days_left,
        "text": shown.en,
        "text_zh": shown.zh,
        "bulletin": bulletin_word(row["state"], row["due_on"], today),
        "suspended_until": until,
        "receipt_due_on": receipt_due_on(row["fed_back_on"], policy, calendar) if awaiting else None,
    }


def suspended_until(suspensions: Sequence[Mapping[str, str]], due_on: date, today: date) -> date | None:
    """Until when the case stands still, None where its date runs: a date before the period's end had passed."""
    return max(
        (
            until
            for one in suspensions
            if date.fromisoformat(one["suspended_from"])
            <= today
            <= (until := date.fromisoformat(one["suspended_until"]))
            and due_on > until
        ),
        default=None,
    )


def colour_today(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> str:
    """The colour that the row is read with on a day."""
    until = suspended_until(row["suspensions"], row["due_on"], today)
    return light(row["state"], row["due_on"], today, policy, calendar, suspended_until=until).colour


CASE_REGISTER = View(
    TABLE,
    rows,
    filters=("session", "plan_year", "unit", "post", "state", "category"),
    order_by=("original_due_on", "official_order"),
    sorts=("due_on", "official_order", "state", "fed_back_on", "minutes_sent_on"),
    searched=("unit_name",),
    judged={"light": Judged(("state", "due_on", "suspensions"), colour_today)},
    tier="progress",
    present=present,
    own_only=("feedback_ref", "remarks_ref"),
)
