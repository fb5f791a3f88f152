"""A tenant of the tree as scheduling has registered it: what coverage counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from shared.decider import Given


@dataclass(frozen=True)
class Unknown:
    """Its registration has not been heard of."""


@dataclass(frozen=True)
class Known:
    """It stands at this tier, in this place of the official order among its siblings, until it is closed."""

    name: str
    tier: str
    official_order: int
    closed_on: date | None = None


Tenant = Unknown | Known
initial: Tenant = Unknown()


@dataclass(frozen=True)
class NoteTenant:
    """Scheduling says that the tenant is registered, has another name, or was closed."""

    name: str
    tier: str
    official_order: int
    citation: str
    closed_on: date | None = None


Command = NoteTenant


@dataclass(frozen=True)
class TenantNoted:
    name: str
    tier: str
    official_order: int
    citation: str
    on: date
    closed_on: date | None = None


Event = TenantNoted


def decide(tenant: Tenant, command: Command, given: Given[None]) -> list[Event]:
    """What is heard again is nothing new."""
    if tenant == Known(command.name, command.tier, command.official_order, command.closed_on):
        return []
    return [
        TenantNoted(
            command.name,
            command.tier,
            command.official_order,
            command.citation,
            on=given.today,
            closed_on=command.closed_on,
        )
    ]


def evolve(tenant: Tenant, event: Event) -> Tenant:
    match event:
        case TenantNoted():
            return Known(event.name, event.tier, event.official_order, event.closed_on)
        case _ as unreachable:
            assert_never(unreachable)
