"""Who may, beyond the role (which shared.security asks for): the own unit only, and nobody in their own matter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shared.decider import Actor, Refused
from shared.tenancy import Policy, office_in_charge


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


def not_the_office_in_charge(
    actor: Actor, housed: Collection[str], policy: Policy, unit_name: str
) -> Refused | None:
    """A draft is reviewed by the office that policy names, the law office, one of the unit that houses it by the
    office that stands in (domain.md 1, step 4 and conflict of interest)."""
    office = office_in_charge(policy.reviewing_office, housed, policy)
    if office not in actor.roles:
        return Refused("review.not-the-office-in-charge", office=office, unit_name=unit_name)
    return None


def not_a_checking_office(actor: Actor, waiting: Sequence[str]) -> Refused | None:
    """Requirements are checked by the law office, those to the unit that houses it by the office that policy names
    (domain.md 1, step 6 and conflict of interest)."""
    if not actor.roles.intersection(waiting):
        return Refused("review.not-a-checking-office", offices=list(waiting))
    return None


def checks_own_unit(actor: Actor, housing: Mapping[str, str]) -> Refused | None:
    """Who stands in is of another unit (domain.md 1, conflict of interest). ``housing``: unit → its name."""
    if actor.unit is not None and actor.unit in housing:
        return Refused("review.conflict-of-interest", unit=actor.unit, unit_name=housing[actor.unit])
    return None
