"""The words of a sheet: its lines, what state each is in, and the ledger events it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["report", "rectification"]
LineState = Literal["done", "late", "open", "not_applicable"]

KINDS: tuple[Kind, ...] = ("report", "rectification")


@dataclass(frozen=True)
class Line:
    """One matter of the year: the report to a session, or the rectification of a case. ``subject`` is the session
    or the case, ``citations`` every ledger event that touched it, in the order heard."""

    kind: Kind
    state: LineState
    subject: str | None
    citations: tuple[str, ...]

    def cited(self, citation: str) -> Line:
        """The line, resting on one event more."""
        return replace(self, citations=(*self.citations, citation))


@dataclass(frozen=True)
class Facts:
    """The sheet's unit as the registry has it, None while it is not known there."""

    unit: str
    unit_name: str | None = None
    official_order: int | None = None

    @property
    def registered(self) -> bool:
        return self.official_order is not None


def line_of(lines: Iterable[Line], kind: Kind, subject: str | None) -> Line | None:
    """The line about that session or case, or None."""
    return next((line for line in lines if (line.kind, line.subject) == (kind, subject)), None)


def put(lines: tuple[Line, ...], line: Line) -> tuple[Line, ...]:
    """The lines with this one in the place of the one about the same matter, or after the others."""
    if line_of(lines, line.kind, line.subject) is None:
        return (*lines, line)
    return tuple(line if (one.kind, one.subject) == (line.kind, line.subject) else one for one in lines)


def complete(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines as they are published: reports before rectifications, and a kind of which the year has nothing
    says so (不适用): not applicable is not zero (domain.md 1, step 11)."""
    told: list[Line] = []
    for kind in KINDS:
        of_kind = [line for line in lines if line.kind == kind]
        told += of_kind or [Line(kind, "not_applicable", None, ())]
    return tuple(told)
