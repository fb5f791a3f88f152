"""The rules of evaluation: each a predicate named for its rule, saying why it refuses or None."""

from __future__ import annotations

from collections.abc import Iterable

from services.evaluation.domain.lines import Facts, Line, line_of
from shared.decider import Refused


def unit_unknown(facts: Facts) -> Refused | None:
    """A sheet is published of a unit in the registry only: also of one that was never rostered, of nobody else."""
    return None if facts.registered else Refused("evaluation.unit-unknown", unit=facts.unit)


def case_not_on_this_sheet(lines: Iterable[Line], case: str) -> Refused | None:
    """What happens in a case is kept on the sheet on which the case fell due: an event of a case that never did
    is a fault to look at, not to pass over."""
    if line_of(lines, "rectification", case) is not None:
        return None
    return Refused("evaluation.case-unknown", case=case)
