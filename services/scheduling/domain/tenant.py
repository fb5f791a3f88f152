"""A tenant: a body at some tier of the tree, with its own registry, policy, ledger and cases, until it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.closing import (
    cases_still_open,
    sessions_still_running,
    tenants_below_still_open,
    tier_above_closed,
)
from services.scheduling.domain.policies.decisions import reason_missing
from services.scheduling.domain.policies.registry import (
    name_already_borne,
    name_is_blank,
    renaming_before_the_last,
    renaming_in_the_future,
    reporting_body_of_another_tier,
    village_has_a_reporting_body,
)
from services.scheduling.domain.registry import ReportingBody, Tier
from shared.decider import Given, NotAllowedNow, refuse_if, replace


@dataclass(frozen=True)
class NotRegistered:
    """Nothing is known of it."""


@dataclass(frozen=True)
class Registered:
    """It is in the tree; it has borne ``name`` since ``named_from``."""

    name: str
    tier: Tier
    division_code: str | None
    official_order: int
    reporting_body: ReportingBody | None
    named_from: date


@dataclass(frozen=True)
class Closed:
    """It takes no command any more; what it did stays readable."""

    registered: Registered
    closed_on: date
    reason: str


Tenant = NotRegistered | Registered | Closed
initial: Tenant = NotRegistered()


@dataclass(frozen=True)
class Facts:
    """What of others decides here. To close: cases not verified, sessions called but without their minutes, tenants
    below that are open (the first of them, and how many more). To register: the tier above, where it is closed."""

    open_cases: tuple[str, ...] = ()
    running_sessions: tuple[str, ...] = ()
    open_below: tuple[str, ...] = ()
    more_below: int = 0
    closed_above: str | None = None


@dataclass(frozen=True)
class RegisterTenant:
    """Enter the tenant; ``division_code`` is the statistical code of its area, where it has one; ``reporting_body``
    the body that hears reports, as its tier may have one."""

    name: str
    tier: Tier
    official_order: int
    division_code: str | None = None
    reporting_body: ReportingBody | None = None


@dataclass(frozen=True)
class RenameTenant:
    """The tenant bears this name from ``valid_from`` (None = today)."""

    name: str
    valid_from: date | None = None


@dataclass(frozen=True)
class CloseTenant:
    """The tenant is dissolved or merged: nothing is done in it any more. It is not opened again."""

    reason: str


@dataclass(frozen=True)
class NoteImport:
    """A table was imported into the registry; ``sha256`` is the file's, the numbers say what it changed."""

    sha256: str
    rows: int
    changes: int


Command = RegisterTenant | RenameTenant | CloseTenant | NoteImport


@dataclass(frozen=True)
class TenantRegistered:
    name: str
    tier: Tier
    division_code: str | None
    official_order: int
    on: date
    reporting_body: ReportingBody | None = None


@dataclass(frozen=True)
class TenantRenamed:
    name_before: str
    name: str
    valid_from: date
    on: date


@dataclass(frozen=True)
class TenantClosed:
    reason: str
    on: date


@dataclass(frozen=True)
class RegistryImported:
    sha256: str
    rows: int
    changes: int
    on: date


Event = TenantRegistered | TenantRenamed | TenantClosed | RegistryImported


def decide(tenant: Tenant, command: Command, given: Given[Facts]) -> list[Event]:
    """Registering the same again is nothing new; registering something else is not allowed. A closed tenant stays
    closed."""
    match tenant, command:
        case NotRegistered(), RegisterTenant():
            refuse_if(
                name_is_blank(name=command.name),
                village_has_a_reporting_body(command.tier, command.reporting_body),
                reporting_body_of_another_tier(command.tier, command.reporting_body),
                tier_above_closed(given.facts.closed_above),
            )
            return [_registered(command, given.today)]
        case Registered(), RegisterTenant() if tenant == evolve(
            initial, _registered(command, tenant.named_from)
        ):
            return []
        case Registered(), RenameTenant():
            return _renamed(tenant, command, given.today)
        case Registered(), CloseTenant(reason):
            facts = given.facts
            refuse_if(
                reason_missing(reason),
                cases_still_open(facts.open_cases),
                sessions_still_running(facts.running_sessions),
                tenants_below_still_open(facts.open_below, facts.more_below),
            )
            return [TenantClosed(reason, on=given.today)]
        case Closed(), CloseTenant(reason) if reason == tenant.reason:
            return []
        case Registered(), NoteImport(sha256, rows, changes):
            return [RegistryImported(sha256, rows, changes, on=given.today)] if changes else []
        case _:
            raise NotAllowedNow(tenant, command)


def _registered(command: RegisterTenant, on: date) -> TenantRegistered:
    return TenantRegistered(
        command.name,
        command.tier,
        command.division_code,
        command.official_order,
        on=on,
        reporting_body=command.reporting_body,
    )


def _renamed(tenant: Registered, command: RenameTenant, today: date) -> list[Event]:
    valid_from = command.valid_from or today
    if (command.name, valid_from) == (tenant.name, tenant.named_from):
        return []
    refuse_if(
        name_is_blank(name=command.name),
        name_already_borne(command.name, tenant.name),
        renaming_in_the_future(valid_from, today),
        renaming_before_the_last(valid_from, tenant.named_from),
    )
    return [TenantRenamed(tenant.name, command.name, valid_from, on=today)]


def evolve(tenant: Tenant, event: Event) -> Tenant:
    match event:
        case TenantRegistered():
            return Registered(
                event.name,
                event.tier,
                event.division_code,
                event.official_order,
                event.reporting_body,
                named_from=event.on,
            )
        case TenantRenamed():
            assert isinstance(tenant, Registered)  # only what has a name gets another
            return replace(tenant, name=event.name, named_from=event.valid_from)
        case TenantClosed():
            assert isinstance(tenant, Registered)  # only what is open is closed
            return Closed(tenant, event.on, event.reason)
        case RegistryImported():
            return tenant  # what it changed are events of the units
        case _ as unreachable:
            assert_never(unreachable)
