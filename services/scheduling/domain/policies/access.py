"""The rules of granting a role and taking it back (domain.md 1 and 2, who sees what; design 5, grants)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.scheduling.domain.roles import (
    GRANTABLE,
    INSPECTOR,
    LONGEST_UNIT,
    OF_A_UNIT,
    OFFICES,
    REACHING_BELOW,
    Held,
    access_id,
    is_plain,
)
from shared.decider import Refused


def access_of_another_person(id: str, person: str) -> Refused | None:
    """A stream is one person's: what is written there is about nobody else (design 5)."""
    expected = access_id(person)
    return None if id == expected else Refused("scheduling.access-of-another-person", expected=expected)


def role_unknown(role: str) -> Refused | None:
    """Only a role of people can be granted; what a service is, its own account says (design 5)."""
    if role in GRANTABLE:
        return None
    return Refused("scheduling.role-unknown", role=role, known=sorted(GRANTABLE))


def grant_without_reason(reason: str) -> Refused | None:
    """Why a role was given or taken back is asked one day: it is written down when it is done (design 5)."""
    return None if reason.strip() else Refused("scheduling.grant-without-reason")


def grant_to_oneself(giver: str, person: str) -> Refused | None:
    """Nobody gives themselves a role: what they may was decided by somebody else (design 5)."""
    return Refused("scheduling.grant-to-oneself") if giver == person else None


def grant_in_the_past(begins: date, today: date) -> Refused | None:
    """Who held a role when is not made up afterwards: a grant begins today or later (design 5)."""
    if begins >= today:
        return None
    return Refused("scheduling.grant-in-the-past", valid_from=begins.isoformat(), today=today.isoformat())


def grant_ends_before_it_begins(begins: date, ends: date | None) -> Refused | None:
    """A grant holds for a day at least (design 5)."""
    if ends is None or ends >= begins:
        return None
    return Refused(
        "scheduling.grant-ends-before-it-begins",
        valid_from=begins.isoformat(),
        valid_until=ends.isoformat(),
    )


def unit_malformed(unit: str | None) -> Refused | None:
    """A unit is named by its id (design 5)."""
    if unit is None or is_plain(unit, LONGEST_UNIT):
        return None
    return Refused("scheduling.unit-malformed", unit=unit)


def role_of_a_unit_without_unit(role: str, unit: str | None) -> Refused | None:
    """The liaison enters and the reporter answers for one unit, their own (domain.md 2, who enters)."""
    if role not in OF_A_UNIT or unit is not None:
        return None
    return Refused("scheduling.role-of-a-unit-without-unit", role=role)


def role_within_its_tenant_alone(role: str, subtree: bool) -> Refused | None:
    """A tier enters, operates and audits below; it neither judges nor reads there (domain.md 2, who sees what)."""
    if not subtree or role in REACHING_BELOW:
        return None
    return Refused("scheduling.role-within-its-tenant-alone", role=role, reaching=sorted(REACHING_BELOW))


def inspection_without_end(role: str, ends: date | None) -> Refused | None:
    """Who is let look at the texts of a tenant is let look until a day (domain.md 2, who sees what)."""
    return Refused("scheduling.inspection-without-end") if role == INSPECTOR and ends is None else None


def unit_besides_another(unit: str | None, others: Iterable[Held]) -> Refused | None:
    """One person works in one unit of a tenant: with two, "nobody verifies their own item" could be dodged
    (domain.md 1, conflict of interest)."""
    for one in others:
        if unit is not None and one.unit not in (None, unit):
            return Refused("scheduling.unit-besides-another", unit=unit, other=one.unit, role=one.role)
    return None


def more_offices_than_policy_allows(role: str, others: Iterable[Held], allowed: int) -> Refused | None:
    """One person holds the roles of several offices only where policy says so (domain.md 1, town offices)."""
    offices = sorted({one.role for one in others} & OFFICES | ({role} & OFFICES))
    if role not in OFFICES or len(offices) <= allowed:
        return None
    return Refused("scheduling.more-offices-than-policy-allows", offices=offices, allowed=allowed)


def role_of_another_unit(held: Held | None, unit: str | None) -> Refused | None:
    """Who names a unit when taking a role back means the role held there and no other (design 5)."""
    if held is None or unit is None or held.unit == unit:
        return None
    return Refused("scheduling.role-of-another-unit", role=held.role, unit=unit, held_in=held.unit)
