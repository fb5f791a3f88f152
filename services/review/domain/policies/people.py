"""Who may, beyond the role (which shared.security asks for): the own unit only, and nobody in their own matter."""

from __future__ import annotations

from shared.decider import Actor, Refused


def not_own_unit(actor: Actor, unit: str, unit_name: str) -> Refused | None:
    """A unit writes its own texts (domain.md 1, step 3)."""
    if actor.unit != unit:
        return Refused("review.not-own-unit", unit=unit, unit_name=unit_name)
    return None


def conflict_of_interest(actor: Actor, unit: str, unit_name: str) -> Refused | None:
    """Nobody judges the item of the unit they belong to (domain.md 1, conflict of interest)."""
    if actor.unit == unit:
        return Refused("review.conflict-of-interest", unit=unit, unit_name=unit_name)
    return None
