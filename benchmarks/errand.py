"""What the benchmarks write: an errand is given, then noted on. One view, one deadline, a public event for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, assert_never

import sqlalchemy as sa

from shared.contracts.review import DraftApproved
from shared.decider import Given, NotAllowedNow
from shared.eventstore import Aggregate, Recorded, View, view_table

UNIT, TITLE, OFFICE = "agriculture", "行政执法案卷评查发现的问题整改", "law_office"
TEXT = "已对照清单逐项核对，补充听证告知书送达回证，并组织执法人员学习相关规定。"
NOTES = 4


@dataclass(frozen=True)
class GiveErrand:
    unit: str
    title: str
    office: str


@dataclass(frozen=True)
class NoteProgress:
    number: int
    text: str
    office: str


@dataclass(frozen=True)
class ErrandGiven:
    unit: str
    title: str
    office: str
    on: date


@dataclass(frozen=True)
class ProgressNoted:
    number: int
    text: str
    office: str
    on: date


@dataclass(frozen=True)
class NotGiven:
    pass


@dataclass(frozen=True)
class InHand:
    unit: str
    notes: int
    last: date


Command = GiveErrand | NoteProgress
Event = ErrandGiven | ProgressNoted
Errand = NotGiven | InHand


def commands() -> Iterator[Command]:
    """The five commands of an errand's life."""
    yield GiveErrand(UNIT, TITLE, OFFICE)
    for number in range(1, NOTES + 1):
        yield NoteProgress(number, TEXT, OFFICE)


def decide(state: Errand, command: Command, given: Given[None]) -> list[Event]:
    match state, command:
        case NotGiven(), GiveErrand(unit, title, office):
            return [ErrandGiven(unit, title, office, given.today)]
        case InHand(notes=notes), NoteProgress(number, text, office) if number == notes + 1:
            return [ProgressNoted(number, text, office, given.today)]
        case _:
            raise NotAllowedNow(state, command)


def evolve(state: Errand, event: Event) -> Errand:
    match event:
        case ErrandGiven(unit=unit, on=on):
            return InHand(unit, 0, on)
        case ProgressNoted(number=number, on=on):
            return InHand(state.unit if isinstance(state, InHand) else "", number, on)
        case _ as unreachable:
            assert_never(unreachable)


ERRANDS = view_table(
    "errands",
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("notes", sa.Integer, nullable=False),
    sa.Column("last", sa.Date, nullable=False),
)


def _rows(history: Sequence[Recorded[Any]]) -> list[dict[str, Any]]:
    given = history[0].event
    return [
        {"unit": given.unit, "title": given.title, "notes": len(history) - 1, "last": history[-1].event.on}
    ]


def publish(recorded: Recorded[Event], state: Errand) -> list[DraftApproved]:
    return [
        DraftApproved(
            session=recorded.id, unit=UNIT, revision=recorded.version, approved_on=recorded.event.on
        )
    ]


def deadlines(state: Errand) -> dict[str, date]:
    match state:
        case InHand(notes=notes, last=last):
            return {"report": last + timedelta(days=30 + notes)}
        case _:
            return {}


ERRAND: Aggregate[Errand, Command, Event, None] = Aggregate(
    kind="errand",
    events=Event,
    initial=NotGiven(),
    decide=decide,
    evolve=evolve,
    views=(View(ERRANDS, _rows),),
    publish=publish,
    deadlines=deadlines,
)
