"""A small aggregate to try the kernel on: a notebook that is opened, written in, and closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, assert_never

import sqlalchemy as sa

from shared.contracts.review import DraftApproved
from shared.decider import FreeText, Given, NotAllowedNow, Refused
from shared.eventstore import Aggregate, Recorded, View, view_table


@dataclass(frozen=True)
class Write:
    text: str
    note: int


@dataclass(frozen=True)
class Close:
    pass


@dataclass(frozen=True)
class Written:
    text: FreeText
    note: int
    on: date


@dataclass(frozen=True)
class Closed:
    on: date


@dataclass(frozen=True)
class Open:
    notes: tuple[int, ...] = ()
    last: date | None = None


@dataclass(frozen=True)
class Shut:
    notes: tuple[int, ...]


Notebook = Open | Shut
Event = Written | Closed


def decide(state: Notebook, command: Write | Close, given: Given[None]) -> list[Event]:
    match state, command:
        case Open(notes=notes), Write(text, note):
            if note in notes:
                raise Refused("review.note-twice", note=note)
            return [Written(FreeText(text), note, given.today)]
        case Open(), Close():
            return [Closed(given.today)]
        case Shut(), Close():
            return []
        case _:
            raise NotAllowedNow(state, command)


def evolve(state: Notebook, event: Event) -> Notebook:
    match event:
        case Written(_, note, on):
            return Open((*state.notes, note), on)
        case Closed():
            return Shut(state.notes)
        case _ as unreachable:
            assert_never(unreachable)


NOTEBOOKS = view_table("notebooks", sa.Column("notes", sa.Integer), sa.Column("closed", sa.Boolean))
NOTES = view_table("notes", sa.Column("note", sa.Integer, primary_key=True), sa.Column("on", sa.Date))


def _notebook(history: Sequence[Recorded[Any]]) -> list[dict[str, Any]]:
    events = [recorded.event for recorded in history]
    return [
        {
            "notes": sum(isinstance(event, Written) for event in events),
            "closed": any(isinstance(event, Closed) for event in events),
        }
    ]


def _notes(history: Sequence[Recorded[Any]]) -> list[dict[str, Any]]:
    return [{"note": one.event.note, "on": one.event.on} for one in history if isinstance(one.event, Written)]


def publish(recorded: Recorded[Any], state: Notebook) -> list[DraftApproved]:
    if not isinstance(recorded.event, Written):
        return []
    return [
        DraftApproved(
            session=recorded.id, unit="office", revision=recorded.version, approved_on=recorded.event.on
        )
    ]


def deadlines(state: Notebook) -> dict[str, date]:
    match state:
        case Open(last=date() as last):
            return {"close": last + timedelta(days=10)}
        case _:
            return {}


NOTEBOOK: Aggregate[Notebook, Write | Close, Event, None] = Aggregate(
    kind="notebook",
    events=Event,
    initial=Open(),
    decide=decide,
    evolve=evolve,
    views=(View(NOTEBOOKS, _notebook), View(NOTES, _notes, order_by=("on",))),
    publish=publish,
    deadlines=deadlines,
)
FIRES = {("notebook", "close"): Close}
