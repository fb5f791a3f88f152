"""What one person may be in a tenant: roles granted with from, until and reason, and roles taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.access import (
    access_of_another_person,
    grant_ends_before_it_begins,
    grant_in_the_past,
    grant_to_oneself,
    grant_without_reason,
    inspection_without_end,
    more_offices_than_policy_allows,
    role_of_a_unit_without_unit,
    role_of_another_unit,
    role_unknown,
    role_within_its_tenant_alone,
    unit_besides_another,
    unit_malformed,
)
from services.scheduling.domain.policies.registry import name_is_blank
from services.scheduling.domain.roles import Held
from shared.decider import Given, refuse_if


@dataclass(frozen=True)
class Access:
    """What the ledger says of a person here, by role; of a role it does not name, the token's word holds."""

    held: tuple[Held, ...] = ()
    revoked: frozenset[str] = frozenset()

    def of(self, role: str) -> Held | None:
        """The grant of a role, which may not have begun or may have ended."""
        return next((one for one in self.held if one.role == role), None)


initial = Access()


@dataclass(frozen=True)
class Facts:
    """The id of the stream in hand."""

    id: str = ""


@dataclass(frozen=True)
class GrantRole:
    """Give ``person`` (the token's ``sub``) a role from a day (today when left out) until a day, both included.

    ``unit`` is the unit they work in, ``subtree`` lets the role reach every tenant below.
    """

    person: str
    name: str
    role: str
    reason: str
    unit: str | None = None
    subtree: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class RevokeRole:
    """Take a role back at once, also one that only the person's token gives: it counts no more in this tenant."""

    person: str
    role: str
    reason: str
    unit: str | None = None


Command = GrantRole | RevokeRole


@dataclass(frozen=True)
class RoleGranted:
    """From now on the ledger and not the token says how the person holds this role."""

    person: str
    name: str
    role: str
    unit: str | None
    subtree: bool
    valid_from: date
    valid_until: date | None
    reason: str
    on: date


@dataclass(frozen=True)
class RoleRevoked:
    """The person does not hold this role here any more, whatever the token says."""

    person: str
    role: str
    unit: str | None
    reason: str
    on: date


Event = RoleGranted | RoleRevoked


def decide(access: Access, command: Command, given: Given[Facts]) -> list[Event]:
    """Granting what is held, or revoking what is revoked, is nothing new."""
    refuse_if(
        name_is_blank(person=command.person),
        access_of_another_person(given.facts.id, command.person),
        role_unknown(command.role),
        grant_without_reason(command.reason),
    )
    match command:
        case GrantRole():
            return _grant(access, command, given)
        case RevokeRole():
            return _revoke(access, command, given)
        case _ as unreachable:
            assert_never(unreachable)


def _grant(access: Access, command: GrantRole, given: Given[Facts]) -> list[Event]:
    begins = command.valid_from or given.today
    asked = Held(command.role, command.unit, command.subtree, begins, command.valid_until, command.reason)
    held = access.of(command.role)
    if held is not None and held.is_what_is(asked, given.today):
        return []
    others = [one for one in access.held if one.role != command.role and one.overlaps(asked)]
    refuse_if(
        name_is_blank(name=command.name),
        grant_to_oneself(given.actor.id, command.person),
        grant_in_the_past(begins, given.today),
        grant_ends_before_it_begins(begins, command.valid_until),
        unit_malformed(command.unit),
        role_of_a_unit_without_unit(command.role, command.unit),
        role_within_its_tenant_alone(command.role, command.subtree),
        inspection_without_end(command.role, command.valid_until),
        unit_besides_another(command.unit, others),
        more_offices_than_policy_allows(command.role, others, given.policy.offices_per_person),
    )
    return [
        RoleGranted(
            command.person,
            command.name,
            command.role,
            command.unit,
            command.subtree,
            begins,
            command.valid_until,
            command.reason,
            on=given.today,
        )
    ]


def _revoke(access: Access, command: RevokeRole, given: Given[Facts]) -> list[Event]:
    held = access.of(command.role)
    refuse_if(role_of_another_unit(held, command.unit))
    if command.role in access.revoked:
        return []
    unit = held.unit if held is not None else command.unit
    return [RoleRevoked(command.person, command.role, unit, command.reason, on=given.today)]


def evolve(access: Access, event: Event) -> Access:
    others = tuple(one for one in access.held if one.role != event.role)
    match event:
        case RoleGranted():
            granted = Held(
                event.role, event.unit, event.subtree, event.valid_from, event.valid_until, event.reason
            )
            return Access((*others, granted), access.revoked - {event.role})
        case RoleRevoked():
            return Access(others, access.revoked | {event.role})
        case _ as unreachable:
            assert_never(unreachable)
