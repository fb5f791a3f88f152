"""What a caller is in a tenant: roles the token gives, less those the ledger has taken over, plus those it grants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from shared.decider import Actor, Refused
from shared.security.tokens import Caller, GrantHeld

BY_THE_LEDGER_ALONE = frozenset({"inspector"})
"""Roles that no token gives: each needs a reason and an end, and those are kept in an event."""


@dataclass(frozen=True)
class Recorded:
    """The last thing the ledger says of one role of a person in a tenant: granted for a time, or revoked."""

    tenant: str
    role: str
    unit: str | None = None
    subtree: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
    revoked: bool = False

    def governs(self, today: date) -> bool:
        """Does the token's word on this role not count any more? From the first day on, also after the last."""
        return self.revoked or self.valid_from is None or self.valid_from <= today

    def in_force(self, today: date) -> bool:
        """Is the role held today by the ledger's word? First and last day are included."""
        return (
            not self.revoked
            and self.valid_from is not None
            and self.valid_from <= today <= (self.valid_until or date.max)
        )


class TwoUnits(Refused):
    """403: token and ledger name different units of one tenant; a person with two could verify their own item."""

    def __init__(self, units: Iterable[str]) -> None:
        super().__init__("security.two-units", units=sorted(units))


def claims_that_stand(caller: Caller, recorded: Iterable[Recorded], today: date) -> tuple[GrantHeld, ...]:
    """The token's grants that still count. A tenant's ledger speaks of the grants of that tenant alone: what a tier
    above gives is not taken away below."""
    governed = {(one.tenant, one.role) for one in recorded if one.governs(today)}
    return tuple(
        grant
        for grant in caller.grants
        if (grant.tenant, grant.role) not in governed and grant.role not in BY_THE_LEDGER_ALONE
    )


def standing(caller: Caller, tenant: str, recorded: Iterable[Recorded], today: date) -> Actor:
    """The caller as an actor of the tenant, by what is recorded of it there and in the tiers above. Raises TwoUnits."""
    recorded = tuple(recorded)
    granted = (
        GrantHeld(one.tenant, one.role, one.unit, one.subtree) for one in recorded if one.in_force(today)
    )
    grants = (*claims_that_stand(caller, recorded, today), *granted)
    units = {grant.unit for grant in grants if grant.tenant == tenant and grant.unit is not None}
    if len(units) > 1:
        raise TwoUnits(units)
    return replace(caller, grants=grants).actor_in(tenant)
