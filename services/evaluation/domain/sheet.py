"""The annual sheet of one unit: which reports and rectifications count in its year, each with its evidence.

A report counts in the plan year of its session. A rectification counts once, in the year of the day by which it
was first due (by the policy's cut-off): an extension or a return into the next year leaves it on this sheet
(domain.md 1, step 11). People command one thing: to publish the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.evaluation.domain.lines import Facts, Handover, Line, line_of, put
from services.evaluation.domain.notes import (
    CorrectionNoted,
    DutyNoted,
    HandoverNoted,
    Note,
    NoteCorrection,
    Noted,
    NoteDuty,
    NoteHandover,
    NoteReport,
    NoteRoster,
    NoteStep,
    NoteVerified,
    NoteWithdrawal,
    ReportNoted,
    RosterNoted,
    StepNoted,
    VerificationNoted,
    WithdrawalNoted,
    changed_line,
    noted,
)
from services.evaluation.domain.policies import (
    case_not_on_this_sheet,
    counts_in_another_year,
    unit_unknown,
    village_is_not_evaluated,
)
from services.evaluation.domain.told import complete
from shared.decider import Given, refuse_if, replace


@dataclass(frozen=True)
class NotOpened:
    """Nothing is known of the unit in this year."""


@dataclass(frozen=True)
class Open:
    """Facts are collected; ``lines`` are those with facts, ``handovers`` those of the unit's posts."""

    lines: tuple[Line, ...] = ()
    handovers: tuple[Handover, ...] = ()


@dataclass(frozen=True)
class Published:
    """It was published with the lines ``told``; what is noted later changes ``lines`` only, until it is
    published again."""

    lines: tuple[Line, ...]
    handovers: tuple[Handover, ...]
    told: tuple[Line, ...]


Sheet = NotOpened | Open | Published
initial: Sheet = NotOpened()


@dataclass(frozen=True)
class PublishEvaluation:
    """Publish the sheet as it stands."""


Command = Note | PublishEvaluation


@dataclass(frozen=True)
class SheetOpened:
    """``official_order`` is None when the registry had not been heard of the unit yet."""

    unit_name: str | None
    official_order: int | None
    on: date


@dataclass(frozen=True)
class SheetPublished:
    """The sheet with all its lines, those that are not applicable too, and the handovers they tell apart."""

    unit_name: str
    official_order: int
    lines: tuple[Line, ...]
    handovers: tuple[Handover, ...]
    on: date


Event = SheetOpened | Noted | SheetPublished


def decide(sheet: Sheet, command: Command, given: Given[Facts]) -> list[Event]:
    """A sheet opens with the first thing known of it; what it rests on already is nothing new."""
    match command:
        case PublishEvaluation():
            return _published(sheet, given)
        case NoteDuty():
            if line_of(_lines(sheet), "rectification", command.case) is None:
                refuse_if(counts_in_another_year(command.due_on, given.facts, given.policy))
        case NoteStep() | NoteVerified() | NoteCorrection():
            refuse_if(case_not_on_this_sheet(_lines(sheet), command.case))
        case NoteWithdrawal():
            if line_of(_lines(sheet), "report", command.session) is None:
                return []  # nothing was expected
        case NoteRoster() | NoteReport() | NoteHandover():
            pass
        case _ as unreachable:
            assert_never(unreachable)
    if command.citation in _citations(sheet):
        return []
    return [*_opened(sheet, given), noted(command, given.today)]


def _published(sheet: Sheet, given: Given[Facts]) -> list[Event]:
    facts, handovers = given.facts, _handovers(sheet)
    lines = complete(_lines(sheet), handovers)
    refuse_if(unit_unknown(facts), village_is_not_evaluated(facts))
    if isinstance(sheet, Published) and sheet.told == lines:
        return []
    unit_name = facts.name_on(given.today)
    assert unit_name is not None  # a registered unit has a name and
    assert facts.official_order is not None  # a place in the order
    told = SheetPublished(unit_name, facts.official_order, lines, handovers, on=given.today)
    return [*_opened(sheet, given), told]


def _opened(sheet: Sheet, given: Given[Facts]) -> Iterator[SheetOpened]:
    if isinstance(sheet, NotOpened):
        yield SheetOpened(given.facts.name_on(given.today), given.facts.official_order, on=given.today)


def evolve(sheet: Sheet, event: Event) -> Sheet:
    match event:
        case SheetOpened():
            return Open()
        case SheetPublished():
            return Published(_lines(sheet), _handovers(sheet), event.lines)
        case HandoverNoted():
            assert not isinstance(sheet, NotOpened)  # the first fact opens the sheet
            handover = Handover(
                event.post,
                event.title,
                event.from_person,
                event.to_person,
                event.effective_on,
                event.citation,
            )
            return replace(sheet, handovers=(*sheet.handovers, handover))
        case (
            RosterNoted()
            | WithdrawalNoted()
            | ReportNoted()
            | DutyNoted()
            | StepNoted()
            | VerificationNoted()
            | CorrectionNoted()
        ):
            assert not isinstance(sheet, NotOpened)  # the first fact opens the sheet
            return replace(sheet, lines=put(sheet.lines, changed_line(sheet.lines, event)))
        case _ as unreachable:
            assert_never(unreachable)


def _lines(sheet: Sheet) -> tuple[Line, ...]:
    return () if isinstance(sheet, NotOpened) else sheet.lines


def _handovers(sheet: Sheet) -> tuple[Handover, ...]:
    return () if isinstance(sheet, NotOpened) else sheet.handovers


def _citations(sheet: Sheet) -> set[str]:
    cited = {citation for line in _lines(sheet) for citation in line.citations}
    return cited | {handover.citation for handover in _handovers(sheet)}
