"""The rules of a requirement: a line that can become somebody's duty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from services.review.domain.roster import Roster
from services.review.domain.unit import Known
from shared.decider import Refused

if TYPE_CHECKING:
    from services.review.domain.proceedings import Requirement


def requirement_named_twice(requirements: Sequence[Requirement]) -> Refused | None:
    """Each requirement of a comment can be cited by its own id (domain.md 1, published facts)."""
    counted = Counter(one.requirement for one in requirements)
    if twice := [requirement for requirement, times in counted.items() if times > 1]:
        return Refused("review.requirement-named-twice", requirements=twice)
    return None


def task_line_missing(requirements: Sequence[Requirement]) -> Refused | None:
    """The task line is all that the unit's case will show (domain.md 1, published facts)."""
    if without := [one.requirement for one in requirements if not one.task_line.strip()]:
        return Refused("review.task-line-missing", requirements=without)
    return None


def requirement_for_a_unit_not_registered(
    requirements: Sequence[Requirement], roster: Roster, units: Mapping[str, Known]
) -> Refused | None:
    """A general requirement makes duties only for units that it names and that exist (domain.md 1, step 5d)."""
    strangers = {unit for unit in _named(requirements) if unit not in roster.units and unit not in units}
    if strangers:
        return Refused("review.requirement-for-a-unit-not-registered", units=sorted(strangers))
    return None


def unit_without_a_head(
    requirements: Sequence[Requirement], roster: Roster, units: Mapping[str, Known]
) -> Refused | None:
    """A duty is keyed to unit and post: a unit without a post cannot have one (domain.md 2)."""
    headless = {
        unit
        for unit in _named(requirements)
        if unit not in roster.units and unit in units and not units[unit].heads
    }
    if headless:
        return Refused("review.unit-without-a-head", units=sorted(headless))
    return None


def duty_for_a_lead_reporter(requirements: Sequence[Requirement], roster: Roster) -> Refused | None:
    """Of a lead reporter only the tier above asks, and no case is opened here (domain.md 1, lead reporters)."""
    if asked := roster.leads.intersection(_named(requirements)):
        return Refused("review.duty-for-a-lead-reporter", units=sorted(asked))
    return None


def _named(requirements: Sequence[Requirement]) -> list[str]:
    return [unit for one in requirements for unit in one.units]
