"""Which office acts in a case: the one that policy names, unless the case's own unit houses it."""

from __future__ import annotations

from services.rectification.domain.situations import Duty
from shared.decider import Refused
from shared.tenancy import Policy


def acting(office: str, duty: Duty, policy: Policy) -> str:
    """The office that does ``office``'s steps in this case. Where the unit houses it they pass to the one that
    policy names (domain.md 1, conflict of interest), and where that sits in the unit too, to the next of the chain.

    Raises Refused where the unit houses every office of the chain.
    """
    chain = (office, policy.standing_in_office, policy.verifying_office, *policy.receipt_offices)
    for one in chain:
        if one not in duty.houses_offices:
            return one
    raise Refused("rectification.no-office-may-act", office=office, unit=duty.unit, unit_name=duty.unit_name)


def receiving(duty: Duty, policy: Policy) -> tuple[str, ...]:
    """The offices a feedback of this case is sent to, each once, in the order of the policy."""
    return tuple(dict.fromkeys(acting(office, duty, policy) for office in policy.receipt_offices))
