"""What a sheet tells: a line of each kind, and of each line and each event whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.evaluation.domain.lines import KINDS, Cited, Handover, Line, What
from services.evaluation.domain.policies import before_the_post_was_taken, nothing_of_that_kind
from shared.decider import replace


def complete(lines: Sequence[Line], handovers: Sequence[Handover] = ()) -> tuple[Line, ...]:
    """The lines as they are published: reports before rectifications, each with the person whose it is; a kind of
    which the year has nothing says so."""
    told: list[Line] = []
    for kind in KINDS:
        if nothing_of_that_kind(lines, kind):
            told.append(Line(kind, "not_applicable", None))
        told += [attributed(line, handovers) for line in lines if line.kind == kind]
    return tuple(told)


def attributed(line: Line, handovers: Sequence[Handover]) -> Line:
    """The line with the person of each of its events, and with the person whose its state is."""
    cited = tuple(replace(one, person=one.person or holder(line, handovers, one.on)) for one in line.cited)
    deciding = _deciding(line, cited)
    return replace(
        line, cited=cited, person=deciding.person if deciding else holder(line, handovers, date.max)
    )


def holder(line: Line, handovers: Sequence[Handover], on: date) -> str | None:
    """Who held the line's post on a day, by the handovers that the sheet knows; who was named when the matter began
    where it knows of none."""
    of_post = sorted((one for one in handovers if one.post == line.post), key=lambda one: one.effective_on)
    held = line.person if not of_post else of_post[0].from_person
    for handover in of_post:
        if before_the_post_was_taken(on, handover):
            break
        held = handover.to_person
    return held


def _deciding(line: Line, cited: Sequence[Cited]) -> Cited | None:
    """The event that made the line's state: the report, the missed date, or the feedback that was verified. A line
    that is open has none: it is for the present holder to close."""
    order: tuple[What, ...]
    match line.kind, line.state:
        case "report", "done":
            order = ("reported",)
        case "rectification", "late":
            order = ("overdue", "fed_back", "verified")
        case "rectification", "done":
            order = ("fed_back", "verified")
        case _:
            return None
    found = [[one for one in cited if one.what == what] for what in order]
    return next((some[-1] for some in found if some), None)
