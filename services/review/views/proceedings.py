"""One row for each session: its day, roster and agenda, what was heard, and how far its minutes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.review.domain.minutes import (
    MinutesDrafted,
    MinutesNumbered,
    MinutesSent,
    MinutesSigned,
    RequirementsChecked,
    WordsConfirmed,
)
from services.review.domain.proceedings import (
    AttendanceRecorded,
    BulletinNoted,
    CommentRecorded,
    MarkedNotHeld,
    SpeechRecorded,
    SupplementRecorded,
)
from services.review.domain.proceedings import Event as RoomEvent
from services.review.domain.roster import Matter
from services.review.domain.session import (
    AgendaConfirmed,
    AgendaReopened,
    Event,
    ObserverExpected,
    SessionClosed,
    SessionOpened,
)
from shared.eventstore import Recorded, View, view_table

proceedings = view_table(
    "proceedings",
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("roster", JSONB, nullable=False),
    sa.Column("observers", JSONB, nullable=False),
    sa.Column("agenda", JSONB, nullable=False),
    sa.Column("deputy_director", sa.Text),
    sa.Column("agenda_confirmed_on", sa.Date),
    sa.Column("bulletin", sa.Text),
    sa.Column("speeches", JSONB, nullable=False),
    sa.Column("supplements", JSONB, nullable=False),
    sa.Column("not_held", JSONB, nullable=False),
    sa.Column("closed_on", sa.Date),
    sa.Column("drafted_on", sa.Date),
    sa.Column("checked_on", sa.Date),
    sa.Column("words", JSONB, nullable=False),
    sa.Column("signed_by", sa.Text),
    sa.Column("signed_on", sa.Date),
    sa.Column("document_number", sa.Text),
    sa.Column("numbered_on", sa.Date),
    sa.Column("sent_on", sa.Date),
    sa.Column("due_on", JSONB, nullable=False),
)
"""``state``: rostered, agenda_confirmed, running, held, drafted, checked, signed, numbered, sent.
``roster`` ``[{unit, unit_name, category, post, title, person, lead}]``;
``observers`` ``[{unit, unit_name, post, title, person, provisional_for, attended, reason}]``, attended null until
recorded; ``agenda`` ``[unit]``; ``bulletin`` told or not_applicable;
``speeches`` ``[{unit, person, planned_seconds, spoken_seconds, overrun_seconds}]``;
``supplements`` ``[{unit, text_ref}]``; ``not_held`` ``[{unit, what, reason_ref}]``;
``words`` ``[{comment, unit, by, by_title, confirmed_on}]``, confirmed_on null until then;
``due_on`` ``{unit: date}`` as the minutes print it, for the units of whom something was asked.
Private: who said what is a working note."""

LISTS = ("roster", "observers", "agenda", "speeches", "supplements", "not_held", "words")


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = dict.fromkeys(set(proceedings.c.keys()) - {"tenant", "stream"})
    row |= {name: [] for name in LISTS} | {"due_on": {}, "state": "not_scheduled"}
    for recorded in history:
        row |= _changed(row, recorded.event)
    # Observers may be named before the session is scheduled: until then there is nothing to show.
    return [] if row["state"] == "not_scheduled" else [row]


def _changed(row: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """The columns that an event changes."""
    match event:
        case SessionOpened():
            return {
                "state": "rostered",
                "session": event.session,
                "plan_year": event.plan_year,
                "number": event.number,
                "held_on": event.held_on,
                "roster": [asdict(reporter) for reporter in event.reporters],
            }
        case ObserverExpected(observer):
            entry = asdict(observer) | {"attended": None, "reason": None}
            return {"observers": _put(row["observers"], entry, "unit")}
        case AgendaConfirmed():
            return {
                "state": "agenda_confirmed",
                "agenda": list(event.order),
                "deputy_director": event.deputy_director,
                "agenda_confirmed_on": event.confirmed_on,
            }
        case AgendaReopened():
            return {
                "state": "rostered",
                "agenda": [],
                "deputy_director": None,
                "agenda_confirmed_on": None,
            }
        case SessionClosed(closed_on=on):
            return {"state": "held", "closed_on": on}
        case MinutesDrafted(on):
            return {"state": "drafted", "drafted_on": on}
        case RequirementsChecked(on):
            return {"state": "checked", "checked_on": on}
        case WordsConfirmed(comment, confirmed_on=on):
            [words] = [one for one in row["words"] if one["comment"] == comment]
            confirmed = words | {"confirmed_on": on.isoformat()}
            return {"words": _put(row["words"], confirmed, "comment")}
        case MinutesSigned(signed_by, on):
            return {"state": "signed", "signed_by": signed_by, "signed_on": on}
        case MinutesNumbered(document_number, on):
            return {"state": "numbered", "document_number": document_number, "numbered_on": on}
        case MinutesSent():
            due_on = {one.unit: one.due_on.isoformat() for one in event.excerpts if one.due_on}
            return {"state": "sent", "sent_on": event.sent_on, "due_on": due_on}
        case _:
            return _said(row, event) | ({"state": "running"} if row["state"] == "agenda_confirmed" else {})


def _said(row: Mapping[str, Any], event: RoomEvent) -> dict[str, Any]:
    """The columns that an event of the room changes."""
    match event:
        case BulletinNoted(told):
            return {"bulletin": "told" if told else "not_applicable"}
        case SpeechRecorded(unit):
            speech = {
                "unit": unit,
                "person": event.person,
                "planned_seconds": event.planned_seconds,
                "spoken_seconds": event.spoken_seconds,
                "overrun_seconds": event.overrun_seconds,
            }
            return {"speeches": [*row["speeches"], speech]} | _held(row, unit, "speech")
        case SupplementRecorded(unit, text):
            supplement = {"unit": unit, "text_ref": text.ref}
            return {"supplements": _put(row["supplements"], supplement, "unit")} | _held(
                row, unit, "supplement"
            )
        case CommentRecorded(comment, unit):
            words = {
                "comment": comment,
                "unit": unit,
                "by": event.by,
                "by_title": event.by_title,
                "confirmed_on": None,
            }
            unchecked = {"state": "drafted", "checked_on": None} if row["state"] == "checked" else {}
            return {"words": _put(row["words"], words, "comment")} | unchecked | _held(row, unit, "comment")
        case AttendanceRecorded(unit):
            [observer] = [one for one in row["observers"] if one["unit"] == unit]
            attended = observer | {"attended": event.attended, "reason": event.reason}
            return {"observers": _put(row["observers"], attended, "unit")}
        case MarkedNotHeld(unit, what, reason):
            mark = {"unit": unit, "what": what, "reason_ref": reason.ref}
            return _held(row, unit, what, mark)
        case _ as unreachable:
            assert_never(unreachable)


def _put(entries: list[dict[str, Any]], entry: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The entry in place of the one with the same key, else at the end."""
    return list({**{one[key]: one for one in entries}, entry[key]: entry}.values())


def _held(row: Mapping[str, Any], unit: str, what: Matter, *marks: dict[str, Any]) -> dict[str, Any]:
    others = [one for one in row["not_held"] if (one["unit"], one["what"]) != (unit, what)]
    return {"not_held": [*others, *marks]}


PROCEEDINGS = View(
    proceedings,
    _rows,
    filters=("session", "plan_year", "state"),
    order_by=("plan_year", "number"),
    tier="private",
)
