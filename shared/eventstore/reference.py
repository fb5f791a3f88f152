"""What every service needs of the tree (tenants, policies, calendars, grants), kept from scheduling's public events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.calendar import Calendar, Year
from shared.calendar.china import published
from shared.contracts import Contract
from shared.contracts.scheduling import (
    CalendarAdopted,
    PolicyAdopted,
    RoleGranted,
    RoleRevoked,
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
)
from shared.eventstore import tables
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause, Projection
from shared.eventstore.views import Change
from shared.tenancy import Adopted, Policy, ancestors_and_self, effective


def _tenant(event: TenantRegistered | TenantRenamed | TenantClosed) -> Row:
    """Each of them is the whole row: after TenantClosed scheduling says no more of the tenant itself."""
    closed_on = event.closed_on if isinstance(event, TenantClosed) else None
    return {
        "name": event.name,
        "tier": event.tier,
        "official_order": event.official_order,
        "closed_on": closed_on,
    }


def _policy(event: PolicyAdopted) -> Row:
    return {"version": event.policy_version, "holds_from": event.holds_from, "values": event.values}


def _calendar(event: CalendarAdopted) -> Row:
    return {
        "year": event.year,
        "holidays": event.holidays,
        "working_weekend_days": event.working_weekend_days,
    }


def _granted(event: RoleGranted) -> Row:
    return {
        "person": event.person,
        "role": event.role,
        "unit": event.unit,
        "subtree": event.subtree,
        "valid_from": event.valid_from,
        "valid_until": event.valid_until,
        "revoked": False,
    }


def _revoked(event: RoleRevoked) -> Row:
    nothing = {"unit": None, "subtree": False, "valid_from": None, "valid_until": None}
    return {"person": event.person, "role": event.role, **nothing, "revoked": True}


_ROWS: dict[type[Contract], tuple[sa.Table, Callable[[Any], Row]]] = {
    TenantRegistered: (tables.tenants, _tenant),
    TenantRenamed: (tables.tenants, _tenant),
    TenantClosed: (tables.tenants, _tenant),
    PolicyAdopted: (tables.policies, _policy),
    CalendarAdopted: (tables.calendars, _calendar),
    RoleGranted: (tables.grants, _granted),
    RoleRevoked: (tables.grants, _revoked),
}


def _row(event: Contract, cause: Cause) -> Row:
    return _ROWS[type(event)][1](event)


PROJECTIONS = tuple(
    Projection(
        table,
        tuple(contract for contract, (written, _) in _ROWS.items() if written is table),
        _row,
        tier="reference" if table is not tables.grants else "inherited",
    )
    for table in dict.fromkeys(table for table, _ in _ROWS.values())
)
"""What every service keeps of what scheduling says."""


def change(tenant: str, contract: Contract) -> Change | None:
    """The row a reference event makes, or None for any other event. Writing it twice changes nothing."""
    if (found := _ROWS.get(type(contract))) is None:
        return None
    table, row = found
    return "put", table, {"tenant": tenant} | row(contract)


async def adopted_policies(connection: AsyncConnection, tenants: list[str]) -> list[Adopted]:
    """Every version these tenants adopted, as far as this transaction's scope may see them."""
    table = tables.policies
    rows = await connection.execute(sa.select(table).where(table.c.tenant.in_(tenants)))
    return [adopted(row.tenant, row.version, row.holds_from, row._mapping["values"]) for row in rows]


@dataclass(frozen=True)
class Governing:
    """What a decision or a light stands on, for one tenant on one day."""

    policy: Policy
    calendar: Calendar


@dataclass
class InForce:
    """What governs each of several tenants on a day. Tenants that inherit everything share one object."""

    on: date
    _adopted: Mapping[str, list[Adopted]]
    _years: Mapping[str, list[tuple[int, str]]]
    _known: dict[tuple[str, ...], Governing] = field(default_factory=dict)

    def of(self, tenant: str) -> Governing:
        """The tenant's effective policy and its calendar: of a year that two tiers adopted the nearer one's holds."""
        path = tuple(one for one in ancestors_and_self(tenant) if one in self._adopted or one in self._years)
        if path not in self._known:
            versions = [version for one in path for version in self._adopted.get(one, ())]
            years = [year for one in path for year in self._years.get(one, ())]
            self._known[path] = Governing(effective(path, versions, self.on), calendar_with(years))
        return self._known[path]


async def in_force(connection: AsyncConnection, on: date, tenants: Iterable[str] | None = None) -> InForce:
    """What governs these tenants on a day, in two queries however many they are; None: every tenant in scope."""
    paths = (
        None if tenants is None else sorted({one for tenant in tenants for one in ancestors_and_self(tenant)})
    )
    versions = sa.select(tables.policies)
    table = tables.calendars
    data = sa.func.json_build_object(
        "holidays", table.c.holidays, "working_weekend_days", table.c.working_weekend_days
    )
    years = sa.select(table.c.tenant, table.c.year, sa.cast(data, sa.Text).label("days"))
    if paths is not None:
        versions = versions.where(tables.policies.c.tenant.in_(paths))
        years = years.where(table.c.tenant.in_(paths))
    adopted_there: dict[str, list[Adopted]] = {}
    for row in await connection.execute(versions):
        one = adopted(row.tenant, row.version, row.holds_from, row._mapping["values"])
        adopted_there.setdefault(one.tenant, []).append(one)
    years_there: dict[str, list[tuple[int, str]]] = {}
    for row in await connection.execute(years):
        years_there.setdefault(row.tenant, []).append((row.year, row.days))
    return InForce(on, adopted_there, years_there)


def adopted(tenant: str, version: int, holds_from: date, values: dict[str, object] | str) -> Adopted:
    """One adopted version from its row; ``values`` as JSON text or already read."""
    return Adopted(tenant, version, holds_from, json.loads(values) if isinstance(values, str) else values)


def calendar_with(adopted_years: Iterable[tuple[int, str]]) -> Calendar:
    """The published calendar, with the years that were adopted put over it. Rows are (year, JSON text)."""
    years = dict(published().years)
    for year, text in adopted_years:
        data = json.loads(text)
        years[year] = Year(
            year=year,
            holidays=frozenset(map(date.fromisoformat, data["holidays"])),
            working_weekend_days=frozenset(map(date.fromisoformat, data["working_weekend_days"])),
        )
    return Calendar(years)
