"""Which office acts in a case: the one that policy names, unless the case's own unit houses it."""

from __future__ import annotations

from services.rectification.domain.situations import Duty
from shared.decider import Refused
from shared.tenancy import Policy, acting_office


def acting(office: str, duty: Duty, policy: Policy) -> str:
    """The office that does ``office``'s steps in this case (``acting_office``).

    Raises Refused where the unit houses every office of the chain.
    """
    found = acting_office(office, duty.houses_offices, policy)
    if found is None:
        raise Refused(
            "rectification.no-office-may-act", office=office, unit=duty.unit, unit_name=duty.unit_name
        )
    return found


def receiving(duty: Duty, policy: Policy) -> tuple[str, ...]:
    """The offices a feedback of this case is sent to, each once, in the order of the policy."""
    return tuple(dict.fromkeys(acting(office, duty, policy) for office in policy.receipt_offices))
