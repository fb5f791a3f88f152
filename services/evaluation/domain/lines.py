"""The words of a sheet: its lines, what state each is in, and the ledger events it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.evaluation.domain.unit import Name, name_on
from shared.decider import replace

Kind = Literal["report", "rectification"]
LineState = Literal["done", "late", "open", "not_applicable"]
What = Literal[
    "rostered",
    "withdrawn",
    "reported",
    "due",
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
    "verified",
    "corrected",
]

KINDS: tuple[Kind, ...] = ("report", "rectification")


@dataclass(frozen=True)
class Cited:
    """A ledger event that a line rests on: what it says, of which day, and who held the post on that day."""

    citation: str
    what: What
    on: date
    person: str | None = None


@dataclass(frozen=True)
class Line:
    """One matter of the year: the report to a session, or the rectification of a case. ``subject`` is the session
    or the case, ``post`` the post that it is a duty of, ``cited`` every ledger event that touched it, as heard.

    ``person`` is who was named when the matter began; on a line that is told it is whose the state is. ``lead``: a
    lead report 带头述法. ``corrected``: its record was wrong and was put right.
    """

    kind: Kind
    state: LineState
    subject: str | None
    post: str | None = None
    person: str | None = None
    lead: bool = False
    corrected: bool = False
    cited: tuple[Cited, ...] = ()

    @property
    def citations(self) -> tuple[str, ...]:
        return tuple(one.citation for one in self.cited)

    def resting_on(self, cited: Cited) -> Line:
        """The line, resting on one event more."""
        return replace(self, cited=(*self.cited, cited))


@dataclass(frozen=True)
class Handover:
    """A post of the unit went to somebody else on a day; ``citation`` is the registry's ledger event."""

    post: str
    title: str
    from_person: str
    to_person: str
    effective_on: date
    citation: str


@dataclass(frozen=True)
class Facts:
    """The sheet's unit as the registry has it, None while it is not known there, and the sheet's year, None where
    its id has none."""

    unit: str
    names: tuple[Name, ...] = ()
    official_order: int | None = None
    category: str | None = None
    year: int | None = None

    @property
    def registered(self) -> bool:
        return self.official_order is not None and self.year is not None

    def name_on(self, day: date) -> str | None:
        """What the unit was called on a day."""
        return name_on(self.names, day) if self.names else None


def line_of(lines: Iterable[Line], kind: Kind, subject: str | None) -> Line | None:
    """The line about that session or case, or None."""
    return next((line for line in lines if (line.kind, line.subject) == (kind, subject)), None)


def put(lines: tuple[Line, ...], line: Line) -> tuple[Line, ...]:
    """The lines with this one in the place of the one about the same matter, or after the others."""
    if line_of(lines, line.kind, line.subject) is None:
        return (*lines, line)
    return tuple(line if (one.kind, one.subject) == (line.kind, line.subject) else one for one in lines)
