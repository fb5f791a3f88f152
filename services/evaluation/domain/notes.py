"""What a sheet notes: each fact that another service told of, and what it makes of the line it is about.

Facts arrive as commands by reaction, and every one is kept with the citation of the ledger event it came from and
the fact's own date, which may lie before the day on which it was noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, assert_never

from services.evaluation.domain.lines import Cited, Line, LineState, What, line_of
from shared.decider import replace

Step = Literal[
    "fed_back",
    "feedback_withdrawn",
    "receipted",
    "returned",
    "extended",
    "suspended",
    "date_confirmed",
    "items_corrected",
    "supervision_opened",
    "supervision_closed",
    "overdue",
]
Because = Literal["substituted", "cancelled"]


@dataclass(frozen=True)
class NoteRoster:
    """The unit is on the roster of a scheduled session: a report is expected of the holder of that post."""

    session: str
    post: str
    person: str
    citation: str
    lead: bool = False


@dataclass(frozen=True)
class NoteWithdrawal:
    """No report is expected of the unit at that session any more."""

    session: str
    because: Because
    citation: str


@dataclass(frozen=True)
class NoteReport:
    """The holder of the post has reported to the session."""

    session: str
    post: str
    person: str
    held_on: date
    citation: str
    lead: bool = False


@dataclass(frozen=True)
class NoteDuty:
    """A rectification is due from the unit on a day of this year; ``sent_on`` is the day of the minutes."""

    case: str
    post: str
    person: str
    due_on: date
    sent_on: date
    citation: str


@dataclass(frozen=True)
class NoteStep:
    """Something happened in the case that does not decide how it counts. An overdue case's day is the missed one."""

    case: str
    step: Step
    happened_on: date
    citation: str


@dataclass(frozen=True)
class NoteVerified:
    """The rectification was verified, and that is how it counts: on time or late."""

    case: str
    on_time: bool
    verified_on: date
    citation: str


@dataclass(frozen=True)
class NoteCorrection:
    """A wrong record of the case was put right; ``on_time`` is how it stands now, None while nothing was fed back."""

    case: str
    on_time: bool | None
    corrected_on: date
    citation: str


@dataclass(frozen=True)
class NoteHandover:
    """A post of the unit went to somebody else."""

    post: str
    title: str
    from_person: str
    to_person: str
    effective_on: date
    citation: str


OfAReport = NoteRoster | NoteWithdrawal | NoteReport
OfACase = NoteDuty | NoteStep | NoteVerified | NoteCorrection
Note = OfAReport | OfACase | NoteHandover


@dataclass(frozen=True)
class RosterNoted:
    session: str
    post: str
    person: str
    lead: bool
    citation: str
    on: date


@dataclass(frozen=True)
class WithdrawalNoted:
    session: str
    because: Because
    citation: str
    on: date


@dataclass(frozen=True)
class ReportNoted:
    session: str
    post: str
    person: str
    lead: bool
    held_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class DutyNoted:
    case: str
    post: str
    person: str
    due_on: date
    sent_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class StepNoted:
    case: str
    step: Step
    happened_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class VerificationNoted:
    case: str
    on_time: bool
    verified_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class CorrectionNoted:
    case: str
    on_time: bool | None
    corrected_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class HandoverNoted:
    post: str
    title: str
    from_person: str
    to_person: str
    effective_on: date
    citation: str
    on: date


ReportFact = RosterNoted | WithdrawalNoted | ReportNoted
CaseFact = DutyNoted | StepNoted | VerificationNoted | CorrectionNoted
LineFact = ReportFact | CaseFact
Noted = LineFact | HandoverNoted


def noted(command: Note, today: date) -> Noted:
    """The event of a fact that is new."""
    match command:
        case NoteRoster():
            return RosterNoted(
                command.session, command.post, command.person, command.lead, command.citation, on=today
            )
        case NoteWithdrawal():
            return WithdrawalNoted(command.session, command.because, command.citation, on=today)
        case NoteReport():
            return ReportNoted(
                command.session,
                command.post,
                command.person,
                command.lead,
                command.held_on,
                command.citation,
                on=today,
            )
        case NoteDuty():
            return DutyNoted(
                command.case,
                command.post,
                command.person,
                command.due_on,
                command.sent_on,
                command.citation,
                on=today,
            )
        case NoteStep():
            return StepNoted(command.case, command.step, command.happened_on, command.citation, on=today)
        case NoteVerified():
            return VerificationNoted(
                command.case, command.on_time, command.verified_on, command.citation, on=today
            )
        case NoteCorrection():
            return CorrectionNoted(
                command.case, command.on_time, command.corrected_on, command.citation, on=today
            )
        case NoteHandover():
            return HandoverNoted(
                command.post,
                command.title,
                command.from_person,
                command.to_person,
                command.effective_on,
                command.citation,
                on=today,
            )
        case _ as unreachable:
            assert_never(unreachable)


def changed_line(lines: tuple[Line, ...], fact: LineFact) -> Line:
    """The line that the fact is about, with its new state, resting on the fact too."""
    line = _line(lines, fact)
    return replace(line.resting_on(_cited(fact)), state=_state(line.state, fact))


def _line(lines: tuple[Line, ...], fact: LineFact) -> Line:
    match fact:
        case RosterNoted() | ReportNoted():
            line = line_of(lines, "report", fact.session) or Line("report", "open", fact.session)
            return replace(line, post=fact.post, person=fact.person, lead=fact.lead)
        case WithdrawalNoted():
            return line_of(lines, "report", fact.session) or Line("report", "open", fact.session)
        case DutyNoted():
            line = line_of(lines, "rectification", fact.case) or Line("rectification", "open", fact.case)
            return replace(line, post=fact.post, person=fact.person)
        case StepNoted() | VerificationNoted():
            return line_of(lines, "rectification", fact.case) or Line("rectification", "open", fact.case)
        case CorrectionNoted():
            line = line_of(lines, "rectification", fact.case) or Line("rectification", "open", fact.case)
            return replace(line, corrected=True)
        case _ as unreachable:
            assert_never(unreachable)


def _cited(fact: LineFact) -> Cited:
    what: What
    person: str | None = None
    match fact:
        case RosterNoted():
            what, on, person = "rostered", fact.on, fact.person
        case WithdrawalNoted():
            what, on = "withdrawn", fact.on
        case ReportNoted():
            what, on, person = "reported", fact.held_on, fact.person
        case DutyNoted():
            what, on = "due", fact.sent_on
        case StepNoted():
            what, on = fact.step, fact.happened_on
        case VerificationNoted():
            what, on = "verified", fact.verified_on
        case CorrectionNoted():
            what, on = "corrected", fact.corrected_on
        case _ as unreachable:
            assert_never(unreachable)
    return Cited(fact.citation, what, on, person)


def _state(state: LineState, fact: LineFact) -> LineState:
    match fact:
        case RosterNoted():
            return "done" if state == "done" else "open"
        case WithdrawalNoted():
            return "done" if state == "done" else "not_applicable"
        case ReportNoted():
            return "done"
        case VerificationNoted():
            return "done" if fact.on_time else "late"
        case CorrectionNoted():
            if state == "open" or fact.on_time is None:
                return state
            return "done" if fact.on_time else "late"
        case DutyNoted() | StepNoted():
            return state
        case _ as unreachable:
            assert_never(unreachable)
