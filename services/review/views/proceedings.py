"""One row for each session: its day, roster and agenda, what was heard, and how far its minutes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.review.domain import changes
from services.review.domain.minutes import (
    MinutesCorrected,
    MinutesDrafted,
    MinutesNumbered,
    MinutesSent,
    MinutesSigned,
    RequirementsChecked,
    WordsConfirmed,
)
from services.review.domain.policies.minutes import expected_of
from services.review.domain.proceedings import (
    AttendanceRecorded,
    BulletinNoted,
    CommentRecorded,
    GuestRecorded,
    MarkedNotHeld,
    SpeechRecorded,
    SupplementRecorded,
)
from services.review.domain.proceedings import Event as RoomEvent
from services.review.domain.roster import Matter, Reporter
from services.review.domain.session import (
    AgendaConfirmed,
    AgendaReopened,
    BulletinReceived,
    Event,
    ObserverExpected,
    SessionClosed,
    SessionOpened,
)
from shared.calendar import Calendar
from shared.eventstore import Recorded, View, view_table
from shared.tenancy import Policy

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
    sa.Column("passed_over", JSONB, nullable=False),
    sa.Column("decisions", JSONB, nullable=False),
    sa.Column("classified", sa.Boolean, nullable=False),
    sa.Column("bulletin_issued", sa.Text),
    sa.Column("guests", JSONB, nullable=False),
    sa.Column("checked_by", JSONB, nullable=False),
    sa.Column("scan", sa.Text),
    sa.Column("corrections", JSONB, nullable=False),
    sa.Column("changes", JSONB, nullable=False),
)
"""``state``: rostered, agenda_confirmed, running, held, drafted, checked, signed, numbered, sent, cancelled.
``roster`` ``[{unit, unit_name, category, post, title, person, lead, houses_offices, official_order}]``;
``observers`` ``[{unit, unit_name, post, title, person, provisional_for, attended, reason}]``, attended null until
recorded; ``agenda`` ``[unit]``; ``bulletin`` told or not_applicable;
``speeches`` ``[{unit, person, planned_seconds, spoken_seconds, overrun_seconds}]``;
``supplements`` ``[{unit, text_ref}]``; ``not_held`` ``[{unit, what, reason_ref}]``;
``words`` ``[{comment, unit, by, by_title, confirmed_on}]``, confirmed_on null until then;
``due_on`` ``{unit: date}`` as the minutes print it, for the units of whom something was asked;
``passed_over`` ``[unit]`` whose unapproved drafts the chair passed over; ``decisions`` ``{agenda | bulletin:
{by, title, reason}}``, where the chair decided otherwise; ``bulletin_issued`` the bulletin that is to be told;
``guests`` ``[{guest, organisation, kind, spoke}]``; ``checked_by`` ``[office]`` while another has still to check;
``scan`` of the signature, or the number of its paper; ``corrections`` ``[{item, task_line_before, task_line, reason,
document_number, corrected_on}]``; ``changes`` ``[{what, on, ...}]`` since it was scheduled.
Private: who said what is a working note."""

LISTS = (
    "roster",
    "observers",
    "agenda",
    "speeches",
    "supplements",
    "not_held",
    "words",
    "passed_over",
    "guests",
    "checked_by",
    "corrections",
    "changes",
)

AN_AGENDA_THAT_FELL: dict[str, Any] = {
    "state": "rostered",
    "agenda": [],
    "deputy_director": None,
    "agenda_confirmed_on": None,
    "passed_over": [],
    "classified": False,
}


def _rows(history: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    row: dict[str, Any] = dict.fromkeys(set(proceedings.c.keys()) - {"tenant", "stream"})
    row |= {name: [] for name in LISTS}
    row |= {"due_on": {}, "decisions": {}, "classified": False, "state": "not_scheduled"}
    task_lines: dict[str, str] = {}
    for recorded in history:
        row |= _changed(row, recorded.event)
        if isinstance(event := recorded.event, MinutesSent | MinutesCorrected):
            if isinstance(event, MinutesCorrected):
                row["corrections"] = [*row["corrections"], *_corrections(event, task_lines)]
            task_lines = {item.item: item.task_line for one in event.excerpts for item in one.items}
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
                "roster": [_reporter(reporter) for reporter in event.reporters],
            }
        case (
            changes.SessionRescheduled()
            | changes.ReporterSubstituted()
            | changes.ReporterChanged()
            | changes.SessionCancelled()
        ):
            return _rearranged(row, event)
        case ObserverExpected(observer):
            entry = asdict(observer) | {"attended": None, "reason": None}
            return {"observers": _put(row["observers"], entry, "unit")}
        case BulletinReceived(bulletin):
            return {"bulletin_issued": bulletin.bulletin}
        case AgendaConfirmed():
            return {
                "state": "agenda_confirmed",
                "agenda": list(event.order),
                "deputy_director": event.deputy_director,
                "agenda_confirmed_on": event.confirmed_on,
                "passed_over": list(event.passed_over),
                "classified": event.classified,
                "decisions": _decided(row, "agenda", event),
            }
        case AgendaReopened():
            return AN_AGENDA_THAT_FELL | {"decisions": {}}
        case SessionClosed(closed_on=on):
            return {"state": "held", "closed_on": on}
        case MinutesDrafted(on, classified):
            return {"state": "drafted", "drafted_on": on, "classified": classified}
        case RequirementsChecked(office=office) if event.offices_missing:
            return {"checked_by": [*row["checked_by"], office]}
        case RequirementsChecked(on):
            return {"state": "checked", "checked_on": on, "checked_by": []}
        case WordsConfirmed(comment, confirmed_on=on):
            [words] = [one for one in row["words"] if one["comment"] == comment]
            confirmed = words | {"confirmed_on": on.isoformat()}
            return {"words": _put(row["words"], confirmed, "comment")}
        case MinutesSigned(signed_by, on):
            return {"state": "signed", "signed_by": signed_by, "signed_on": on, "scan": event.scan}
        case MinutesNumbered(document_number, on):
            return {"state": "numbered", "document_number": document_number, "numbered_on": on}
        case MinutesSent():
            due_on = {one.unit: one.due_on.isoformat() for one in event.excerpts if one.due_on}
            return {"state": "sent", "sent_on": event.sent_on, "due_on": due_on}
        case MinutesCorrected():
            return {}  # told by _rows, which knows the lines before
        case _:
            return _said(row, event) | ({"state": "running"} if row["state"] == "agenda_confirmed" else {})


def _corrections(event: MinutesCorrected, before: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "item": one.item,
            "task_line_before": before[one.item],
            "task_line": one.task_line,
            "reason": event.reason,
            "document_number": event.document_number,
            "corrected_on": event.corrected_on.isoformat(),
        }
        for one in event.corrections
    ]


def _rearranged(row: Mapping[str, Any], event: changes.Event) -> dict[str, Any]:
    """The columns that a change since it was scheduled changes."""
    fallen = AN_AGENDA_THAT_FELL | {"decisions": {}} if row["state"] == "agenda_confirmed" else {}
    match event:
        case changes.SessionRescheduled(before, held_on, reason, on):
            entry = {"what": "rescheduled", "held_on_before": before.isoformat(), "reason": reason}
            return {"held_on": held_on} | _noted(row, on, entry)
        case changes.ReporterSubstituted(unit_out, reporter, reason, on):
            roster = [_reporter(reporter) if one["unit"] == unit_out else one for one in row["roster"]]
            order = [reporter.unit if unit == unit_out else unit for unit in row["agenda"]]
            entry = {"what": "substituted", "unit_out": unit_out, "unit": reporter.unit, "reason": reason}
            # Who steps in as a reporter observes no longer.
            observers = [one for one in row["observers"] if one["unit"] != reporter.unit]
            people = {"roster": roster, "observers": observers, "agenda": order}
            return people | fallen | _noted(row, on, entry)
        case changes.ReporterChanged(unit, title=title, person=person, changed_on=on):
            [reporting] = [one for one in row["roster"] if one["unit"] == unit]
            roster = _put(row["roster"], reporting | {"title": title, "person": person}, "unit")
            entry = {
                "what": "handed_over",
                "unit": unit,
                "person_before": event.person_before,
                "person": person,
            }
            return {"roster": roster} | fallen | _noted(row, on, entry)
        case changes.SessionCancelled(_, reason, on):
            return {"state": "cancelled"} | _noted(row, on, {"what": "cancelled", "reason": reason})
        case _ as unreachable:
            assert_never(unreachable)


def _noted(row: Mapping[str, Any], on: date, entry: dict[str, Any]) -> dict[str, Any]:
    return {"changes": [*row["changes"], entry | {"on": on.isoformat()}]}


def _decided(row: Mapping[str, Any], what: str, event: AgendaConfirmed | BulletinNoted) -> dict[str, Any]:
    others = {about: decision for about, decision in row["decisions"].items() if about != what}
    return others | ({what: asdict(event.decision)} if event.decision else {})


def _reporter(reporter: Reporter) -> dict[str, Any]:
    return asdict(reporter) | {"houses_offices": list(reporter.houses_offices)}


def _said(row: Mapping[str, Any], event: RoomEvent) -> dict[str, Any]:
    """The columns that an event of the room changes."""
    match event:
        case BulletinNoted(told):
            decisions = _decided(row, "bulletin", event)
            return {"bulletin": "told" if told else "not_applicable", "decisions": decisions}
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
            supplement = {"unit": unit, "text_ref": text.ref if text else None}
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
            unchecked: dict[str, Any] = {"checked_by": []}
            if row["state"] == "checked":
                unchecked |= {"state": "drafted", "checked_on": None}
            return {"words": _put(row["words"], words, "comment")} | unchecked | _held(row, unit, "comment")
        case AttendanceRecorded(unit):
            [observer] = [one for one in row["observers"] if one["unit"] == unit]
            attended = observer | {"attended": event.attended, "reason": event.reason}
            return {"observers": _put(row["observers"], attended, "unit")}
        case GuestRecorded(guest):
            entry = {
                "guest": guest,
                "organisation": event.organisation,
                "kind": event.kind,
                "spoke": event.spoke,
            }
            return {"guests": _put(row["guests"], entry, "guest")}
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


def present(row: dict[str, Any], today: date, policy: Policy, calendar: Calendar) -> dict[str, Any]:
    """The row as it is read: while the session is to come or runs, with the seconds at which the bell rings; until the
    minutes are signed, with what is ``missing`` ``[{unit, what}]``, in the order of the agenda."""
    to_come = row["state"] in ("rostered", "agenda_confirmed", "running")
    # A tier above that grants more time again leaves a stricter time below: no bell rings after that.
    bells = sorted(
        {min(bell, policy.speech_seconds) for bell in (policy.bell_seconds, policy.second_bell_seconds)}
    )
    return row | {"bells": bells if to_come else [], "missing": _missing(row, policy)}


UNTIL_SIGNED = ("agenda_confirmed", "running", "held", "drafted", "checked")


def _missing(row: Mapping[str, Any], policy: Policy) -> list[dict[str, str]]:
    """What the minutes wait for, as `something_is_missing` will say."""
    if row["state"] not in UNTIL_SIGNED:
        return []
    reporting = {one["unit"]: Reporter(**one) for one in row["roster"]}
    not_held = {(one["unit"], one["what"]) for one in row["not_held"]}
    held = {
        (one["unit"], what)
        for what, entries in (("speech", "speeches"), ("supplement", "supplements"), ("comment", "words"))
        for one in row[entries]
    }
    return [
        {"unit": unit, "what": what}
        for unit in row["agenda"]
        for what in expected_of(reporting[unit], not_held, policy)
        if (unit, what) not in held
    ]


PROCEEDINGS = View(
    proceedings,
    _rows,
    filters=("session", "plan_year", "state"),
    order_by=("plan_year", "number"),
    tier="private",
    present=present,
)
