"""The annual sheet of one unit: which reports and rectifications count in its year, each with its evidence.

A report counts in the plan year of its session. A rectification counts once, in the year of the day by which it
was first due: an extension or a return into the next year leaves it on this sheet (domain.md 1, step 11). A
cut-off by policy would be decided where the duty is noted.

Facts of other services arrive as commands by reaction, and every one is kept with the citation of the ledger event
it came from. People command one thing: to publish the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

from services.evaluation.domain.lines import Facts, Line, LineState, complete, line_of, put
from services.evaluation.domain.policies import case_not_on_this_sheet, unit_unknown
from shared.decider import Given, refuse_if

Step = Literal["fed_back", "receipted", "returned", "extended", "overdue"]


@dataclass(frozen=True)
class NotOpened:
    """Nothing is known of the unit in this year."""


@dataclass(frozen=True)
class Open:
    """Facts are collected; ``lines`` are those with facts."""

    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Published:
    """It was published with the lines ``told``; what is noted later changes ``lines`` only, until it is
    published again."""

    lines: tuple[Line, ...]
    told: tuple[Line, ...]


Sheet = NotOpened | Open | Published
initial: Sheet = NotOpened()


@dataclass(frozen=True)
class NoteRoster:
    """The unit is on the roster of a scheduled session: a report is expected of it."""

    session: str
    citation: str


@dataclass(frozen=True)
class NoteReport:
    """The unit's head has reported to the session."""

    session: str
    citation: str


@dataclass(frozen=True)
class NoteDuty:
    """A rectification is due from the unit on a day of this year."""

    case: str
    due_on: date
    citation: str


@dataclass(frozen=True)
class NoteStep:
    """Something happened in the case that does not decide how it counts."""

    case: str
    step: Step
    citation: str


@dataclass(frozen=True)
class NoteVerified:
    """The rectification was verified, and that is how it counts: on time or late."""

    case: str
    on_time: bool
    citation: str


@dataclass(frozen=True)
class PublishEvaluation:
    """Publish the sheet as it stands."""


Command = NoteRoster | NoteReport | NoteDuty | NoteStep | NoteVerified | PublishEvaluation


@dataclass(frozen=True)
class SheetOpened:
    """``official_order`` is None when the registry had not been heard of the unit yet."""

    unit_name: str | None
    official_order: int | None
    on: date


@dataclass(frozen=True)
class RosterNoted:
    session: str
    citation: str
    on: date


@dataclass(frozen=True)
class ReportNoted:
    session: str
    citation: str
    on: date


@dataclass(frozen=True)
class DutyNoted:
    case: str
    due_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class StepNoted:
    case: str
    step: Step
    citation: str
    on: date


@dataclass(frozen=True)
class VerificationNoted:
    case: str
    on_time: bool
    citation: str
    on: date


@dataclass(frozen=True)
class SheetPublished:
    """The sheet with all its lines, those that are not applicable too."""

    unit_name: str
    official_order: int
    lines: tuple[Line, ...]
    on: date


Noted = RosterNoted | ReportNoted | DutyNoted | StepNoted | VerificationNoted
Event = SheetOpened | Noted | SheetPublished


def decide(sheet: Sheet, command: Command, given: Given[Facts]) -> list[Event]:
    """A sheet opens with the first thing known of it; what it rests on already is nothing new."""
    match command:
        case PublishEvaluation():
            return _published(sheet, given)
        case NoteStep() | NoteVerified():
            refuse_if(case_not_on_this_sheet(_lines(sheet), command.case))
    if any(command.citation in line.citations for line in _lines(sheet)):
        return []
    return [*_opened(sheet, given), _noted(command, given.today)]


def _published(sheet: Sheet, given: Given[Facts]) -> list[Event]:
    facts, lines = given.facts, complete(_lines(sheet))
    refuse_if(unit_unknown(facts))
    if isinstance(sheet, Published) and sheet.told == lines:
        return []
    assert facts.unit_name is not None  # a registered unit has a name and
    assert facts.official_order is not None  # a place in the order
    told = SheetPublished(facts.unit_name, facts.official_order, lines, on=given.today)
    return [*_opened(sheet, given), told]


def _opened(sheet: Sheet, given: Given[Facts]) -> Iterator[SheetOpened]:
    if isinstance(sheet, NotOpened):
        yield SheetOpened(given.facts.unit_name, given.facts.official_order, on=given.today)


def _noted(command: NoteRoster | NoteReport | NoteDuty | NoteStep | NoteVerified, today: date) -> Noted:
    match command:
        case NoteRoster():
            return RosterNoted(command.session, command.citation, on=today)
        case NoteReport():
            return ReportNoted(command.session, command.citation, on=today)
        case NoteDuty():
            return DutyNoted(command.case, command.due_on, command.citation, on=today)
        case NoteStep():
            return StepNoted(command.case, command.step, command.citation, on=today)
        case NoteVerified():
            return VerificationNoted(command.case, command.on_time, command.citation, on=today)
        case _ as unreachable:
            assert_never(unreachable)


def evolve(sheet: Sheet, event: Event) -> Sheet:
    match event:
        case SheetOpened():
            return Open()
        case SheetPublished():
            return Published(_lines(sheet), event.lines)
        case RosterNoted() | ReportNoted() | DutyNoted() | StepNoted() | VerificationNoted():
            assert not isinstance(sheet, NotOpened)  # the first fact opens the sheet
            return replace(sheet, lines=put(sheet.lines, _line(sheet.lines, event)))
        case _ as unreachable:
            assert_never(unreachable)


def _lines(sheet: Sheet) -> tuple[Line, ...]:
    return () if isinstance(sheet, NotOpened) else sheet.lines


def _line(lines: tuple[Line, ...], event: Noted) -> Line:
    """The line that the event is about, with its new state, resting on the event too."""
    match event:
        case RosterNoted() | ReportNoted():
            before = line_of(lines, "report", event.session)
            line = before or Line("report", "open", event.session, ())
        case DutyNoted() | StepNoted() | VerificationNoted():
            before = line_of(lines, "rectification", event.case)
            line = before or Line("rectification", "open", event.case, ())
        case _ as unreachable:
            assert_never(unreachable)
    return replace(line.cited(event.citation), state=_state(line.state, event))


def _state(state: LineState, event: Noted) -> LineState:
    match event:
        case ReportNoted():
            return "done"
        case VerificationNoted():
            return "done" if event.on_time else "late"
        case RosterNoted() | DutyNoted() | StepNoted():
            return state
        case _ as unreachable:
            assert_never(unreachable)
