"""The excerpts of the minutes: what they say to each unit, its items and the date by which, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.review.domain.proceedings import Proceedings
from services.review.domain.roster import Category, Reporter
from services.review.domain.unit import Known
from shared.calendar import Due
from shared.decider import replace


@dataclass(frozen=True)
class Item:
    """One line of a unit's duty, ``<unit>-<n>``, and the comment it comes from."""

    item: str
    task_line: str
    focus_area: str | None
    comment: str
    by: str


@dataclass(frozen=True)
class Excerpt:
    """What the minutes say to one unit: the instrument. No items: no date.

    ``general``: the unit did not report, a general requirement 共性要求 names it.
    """

    unit: str
    unit_name: str
    category: Category
    post: str
    title: str
    person: str
    items: tuple[Item, ...]
    due_on: date | None
    due_before_rolling: date | None
    due_provisional: bool
    houses_offices: tuple[str, ...] = ()
    general: bool = False
    official_order: int = 0


@dataclass(frozen=True)
class Correction:
    """The line that an item should have had."""

    item: str
    task_line: str


def excerpts(proceedings: Proceedings, units: Mapping[str, Known], due: Due) -> tuple[Excerpt, ...]:
    """The reporters' in the order of the agenda, then those of the units that general requirements name, in the
    official order. Each names who held the post on the day of the session."""
    held_on = proceedings.roster.held_on
    reporting = [
        _excerpt(reporter, _items(reporter.unit, proceedings), due) for reporter in proceedings.reporters
    ]
    general = [
        replace(
            _excerpt(_as_registered(unit, units[unit], held_on), _items(unit, proceedings), due), general=True
        )
        for unit in _units_named_besides(proceedings)
    ]
    return (*reporting, *sorted(general, key=lambda one: (one.official_order, one.unit)))


def _units_named_besides(proceedings: Proceedings) -> tuple[str, ...]:
    """The units that requirements name though they do not report here, each once."""
    named = (unit for comment in proceedings.comments for one in comment.requirements for unit in one.units)
    return tuple(dict.fromkeys(unit for unit in named if unit not in proceedings.roster.units))


def corrected(sent: Sequence[Excerpt], corrections: Sequence[Correction]) -> tuple[Excerpt, ...]:
    """The excerpts as they read with these lines."""
    lines = {one.item: one.task_line for one in corrections}
    return tuple(
        replace(
            excerpt,
            items=tuple(
                replace(item, task_line=lines.get(item.item, item.task_line)) for item in excerpt.items
            ),
        )
        for excerpt in sent
    )


def _as_registered(unit: str, known: Known, held_on: date) -> Reporter:
    """A unit has one duty in a round, and its first post answers for it (a town's secretary, domain.md 2)."""
    head = known.heads_on(held_on)[0]
    return Reporter(
        unit=unit,
        unit_name=known.name,
        category=known.category,
        post=head.post,
        title=head.title,
        person=head.person,
        houses_offices=known.houses_offices,
        official_order=known.official_order,
    )


def _excerpt(reporter: Reporter, items: tuple[Item, ...], due: Due) -> Excerpt:
    return Excerpt(
        unit=reporter.unit,
        unit_name=reporter.unit_name,
        category=reporter.category,
        post=reporter.post,
        title=reporter.title,
        person=reporter.person,
        items=items,
        due_on=due.on if items else None,
        due_before_rolling=due.before_rolling if items else None,
        due_provisional=due.provisional if items else False,
        houses_offices=reporter.houses_offices,
        official_order=reporter.official_order,
    )


def _items(unit: str, proceedings: Proceedings) -> tuple[Item, ...]:
    lines = [
        (comment, requirement)
        for comment in proceedings.comments
        for requirement in comment.requirements
        if unit in requirement.units
    ]
    return tuple(
        Item(f"{unit}-{n}", requirement.task_line, requirement.focus_area, comment.comment, comment.by)
        for n, (comment, requirement) in enumerate(lines, start=1)
    )
