"""What every decision needs of the tree (tenants, policies, calendars), kept in each service from public events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
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
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
)
from shared.eventstore import tables
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause, Projection
from shared.eventstore.views import Change
from shared.tenancy import Adopted


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


_ROWS: dict[type[Contract], tuple[sa.Table, Callable[[Any], Row]]] = {
    TenantRegistered: (tables.tenants, _tenant),
    TenantRenamed: (tables.tenants, _tenant),
    TenantClosed: (tables.tenants, _tenant),
    PolicyAdopted: (tables.policies, _policy),
    CalendarAdopted: (tables.calendars, _calendar),
}


def _alone(row: Callable[[Any], Row]) -> Callable[[Any, Cause], Row]:
    return lambda event, cause: row(event)


PROJECTIONS = tuple(
    Projection(
        table,
        tuple(contract for contract, (into, _) in _ROWS.items() if into is table),
        _alone(row),
        tier="inherited",
    )
    for table, row in dict(_ROWS.values()).items()
)
"""What every service keeps of what scheduling says."""


def change(tenant: str, contract: Contract) -> Change | None:
    """The row a reference event makes, or None for any other event. Writing it twice changes nothing."""
    if (found := _ROWS.get(type(contract))) is None:
        return None
    table, row = found
    return Change("put", table, {"tenant": tenant} | row(contract))


async def adopted_policies(connection: AsyncConnection, tenants: list[str]) -> list[Adopted]:
    """Every version these tenants adopted, as far as this transaction's scope may see them."""
    table = tables.policies
    rows = await connection.execute(sa.select(table).where(table.c.tenant.in_(tenants)))
    return [adopted(row.tenant, row.version, row.holds_from, row._mapping["values"]) for row in rows]


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
