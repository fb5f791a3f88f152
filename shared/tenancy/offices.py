"""Which office does a step about a unit: the one that policy names, unless that unit houses it (domain.md 1)."""

from __future__ import annotations

from collections.abc import Collection

from shared.tenancy.policy import Policy


def office_in_charge(office: str, housed: Collection[str], policy: Policy) -> str:
    """The office that does the steps of ``office`` about what is said by a unit which houses these offices: where it
    is among them, the one that policy names (domain.md 1, conflict of interest)."""
    return policy.standing_in_office if office in housed else office


def acting_office(office: str, housed: Collection[str], policy: Policy) -> str | None:
    """The office that does ``office``'s steps in the case of a unit which houses these. Where that one sits in the
    unit too, the next of the chain does (domain.md 1, conflict of interest); None where all of them do."""
    chain = (office, policy.standing_in_office, policy.verifying_office, *policy.receipt_offices)
    return next((one for one in chain if one not in housed), None)
