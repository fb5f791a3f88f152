"""The rules of a requirement: a line that can become somebody's duty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.review.domain.roster import Roster
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


def requirement_for_a_unit_not_rostered(
    requirements: Sequence[Requirement], roster: Roster
) -> Refused | None:
    """A general requirement makes duties only for reporters that are named (domain.md 1, step 5d)."""
    strangers = {unit for one in requirements for unit in one.units if unit not in roster.units}
    if strangers:
        return Refused("review.requirement-for-a-unit-not-rostered", units=sorted(strangers))
    return None
