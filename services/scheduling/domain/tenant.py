"""A tenant: a body at some tier of the tree, with its own registry, policy, ledger and cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.registry import name_is_blank
from services.scheduling.domain.registry import Tier
from shared.decider import Given, NotAllowedNow, refuse_if


@dataclass(frozen=True)
class NotRegistered:
    """Nothing is known of it."""


@dataclass(frozen=True)
class Registered:
    """It is in the tree under this name."""

    name: str
    tier: Tier
    division_code: str | None
    official_order: int


Tenant = NotRegistered | Registered
initial: Tenant = NotRegistered()


@dataclass(frozen=True)
class RegisterTenant:
    """Enter the tenant; ``division_code`` is the statistical code of its area, where it has one."""

    name: str
    tier: Tier
    official_order: int
    division_code: str | None = None


Command = RegisterTenant


@dataclass(frozen=True)
class TenantRegistered:
    name: str
    tier: Tier
    division_code: str | None
    official_order: int
    on: date


Event = TenantRegistered


def decide(tenant: Tenant, command: Command, given: Given[None]) -> list[Event]:
    """Registering the same again is nothing new; registering something else is not allowed."""
    fields = (command.name, command.tier, command.division_code, command.official_order)
    match tenant:
        case NotRegistered():
            refuse_if(name_is_blank(name=command.name))
            return [TenantRegistered(*fields, on=given.today)]
        case Registered() if tenant == Registered(*fields):
            return []
        case _:
            raise NotAllowedNow(tenant, command)


def evolve(tenant: Tenant, event: Event) -> Tenant:
    match event:
        case TenantRegistered():
            return Registered(event.name, event.tier, event.division_code, event.official_order)
        case _ as unreachable:
            assert_never(unreachable)
