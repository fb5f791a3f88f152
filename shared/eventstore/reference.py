"""What every decision needs of the tree (tenants, policies, calendars), kept in each service from public events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.calendar import Calendar, Year
from shared.calendar.china import published
from shared.contracts import Contract
from shared.contracts.scheduling import CalendarAdopted, PolicyAdopted, TenantRegistered
from shared.eventstore import tables
from shared.eventstore.aggregate import Row
from shared.eventstore.views import Change
from shared.tenancy import Adopted


def change(tenant: str, contract: Contract) -> Change | None:
    """The row a reference event makes, or None for any other event. Writing it twice changes nothing."""
    match contract:
        case TenantRegistered():
            row: Row = {
                "name": contract.name,
                "tier": contract.tier,
                "official_order": contract.official_order,
            }
            return Change("put", tables.tenants, {"tenant": tenant} | row)
        case PolicyAdopted():
            row = {
                "version": contract.policy_version,
                "holds_from": contract.holds_from,
                "values": contract.values,
            }
            return Change("put", tables.policies, {"tenant": tenant} | row)
        case CalendarAdopted():
            row = {
                "year": contract.year,
                "holidays": contract.holidays,
                "working_weekend_days": contract.working_weekend_days,
            }
            return Change("put", tables.calendars, {"tenant": tenant} | row)
        case _:
            return None


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
