"""What a command answers that has no meaning in the situation the case is in."""

from __future__ import annotations

from services.rectification.domain.commands import Command
from services.rectification.domain.situations import Case, Closed
from shared.decider import NotAllowedNow, Refused


def without_meaning(case: Case, command: Command) -> Refused:
    """A closed case says when it was closed; any other situation says what it is."""
    if isinstance(case, Closed):
        return Refused("rectification.case-closed", verified_on=case.verified_on.isoformat())
    return NotAllowedNow(case, command)
