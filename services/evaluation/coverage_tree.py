"""Full coverage 全覆盖 tenant by tenant: the tree below a tier, each tenant with its own and with all that lies below.

In the official order, a tier before those below it; nothing is ranked. Tenants deeper than what is shown are counted
with the one they lie under. A village's heads are registered by its town: they are counted at the village.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.evaluation.coverage import (
    NOTHING,
    TIERS,
    Row,
    counted_in,
    covered_in,
    heard_in,
    open_in,
    tier_of_head,
)
from services.evaluation.views.coverage_heads import coverage_heads as heads
from services.evaluation.views.coverage_sessions import coverage_sessions as sessions
from services.evaluation.views.coverage_tenants import coverage_tenants as tenants
from shared.eventstore.reading import LAST, within
from shared.tenancy import ancestors_and_self


async def tree_of(connection: AsyncConnection, at: str, year: int, levels: int) -> list[Row]:
    """``{tenant, name, tier, covered, held_on, scheduled_on, heads, heard, deeper, sum: [{tier, tenants, covered,
    heads, heard}]}`` of ``at`` and so many levels below it, in official order. ``heads`` are the tenant's own, ``sum``
    is of it and all below it, ``deeper`` how many tenants lie below that are not shown."""
    depth = at.count(".") + 1 + levels
    shown: dict[str, Row] = {
        row["tenant"]: {**row, "heads": 0, "heard": 0, "deeper": 0, "sum": {}}
        for row in (await connection.execute(_shown(at, year, depth))).mappings()
    }
    for row in (await connection.execute(_bodies(at, year, depth))).mappings():
        under = _add(shown, row["under"], row["tier"], {"tenants": row["tenants"], "covered": row["covered"]})
        if under is not None:
            shown[under]["deeper"] += row["deeper"]
    for row in (await connection.execute(_people(at, year, depth))).mappings():
        counts = {"heads": row["heads"], "heard": row["heard"]}
        under = _add(shown, row["under"], row["tier"], counts)
        if under is not None and not row["deeper"]:
            for name, count in counts.items():
                shown[under][name] += count
    for row in shown.values():
        row["sum"] = [{"tier": tier, **row["sum"][tier]} for tier in TIERS if tier in row["sum"]]
    orders = {tenant: row.pop("official_order") for tenant, row in shown.items()}

    def place(row: Row) -> list[tuple[int, str]]:
        return [(orders.get(one, LAST), one) for one in ancestors_and_self(row["tenant"])]

    return sorted(shown.values(), key=place)


def _add(shown: dict[str, Row], under: str, tier: str, counts: dict[str, int]) -> str | None:
    """Count with the tenant and with every one above it. Answers the lowest of them that is shown."""
    lowest = None
    for one in ancestors_and_self(under):
        if one in shown:
            of_tier = shown[lowest := one]["sum"].setdefault(tier, dict(NOTHING))
            for name, count in counts.items():
                of_tier[name] += count
    return lowest


def _shown(at: str, year: int, depth: int) -> sa.Select[Any]:
    """The tenants to be shown, each with its own session."""

    def day(pick: Any, standing: str) -> Any:
        return (
            sa.select(pick(sessions.c.held_on))
            .where(
                sessions.c.tenant == tenants.c.tenant,
                sessions.c.year == year,
                sessions.c.standing == standing,
            )
            .scalar_subquery()
        )

    return sa.select(
        tenants.c.tenant,
        tenants.c.name,
        tenants.c.tier,
        tenants.c.official_order,
        covered_in(year).label("covered"),
        day(sa.func.max, "held").label("held_on"),
        day(sa.func.min, "scheduled").label("scheduled_on"),
    ).where(within(tenants.c.tenant, at), open_in(year), _steps(tenants.c.tenant) <= depth)


def _bodies(at: str, year: int, depth: int) -> sa.Select[Any]:
    """How many tenants of each tier held a session, under whom; ``deeper`` of them are not shown."""
    under = _cut(tenants.c.tenant, depth)
    return (
        sa.select(
            under.label("under"),
            tenants.c.tier,
            sa.func.count().label("tenants"),
            sa.func.count().filter(covered_in(year)).label("covered"),
            sa.func.count().filter(_steps(tenants.c.tenant) > depth).label("deeper"),
        )
        .where(within(tenants.c.tenant, at), open_in(year))
        .group_by(under, tenants.c.tier)
    )


def _people(at: str, year: int, depth: int) -> sa.Select[Any]:
    """How many heads have reported, under whom; ``deeper``: they are of a tenant that is not shown."""
    village = tenants.alias("village")
    its_own = heads.c.tenant + "." + heads.c.unit
    of = sa.func.coalesce(village.c.tenant, heads.c.tenant)
    under, tier, deeper = _cut(of, depth), tier_of_head(), _steps(of) > depth
    return (
        sa.select(
            under.label("under"),
            tier.label("tier"),
            deeper.label("deeper"),
            sa.func.count().label("heads"),
            sa.func.count().filter(heard_in(year)).label("heard"),
        )
        .select_from(
            heads.join(tenants, tenants.c.tenant == heads.c.tenant).outerjoin(
                village,
                (village.c.tenant == its_own)
                & (heads.c.category == "village")
                & (village.c.tier == "village"),
            )
        )
        .where(within(tenants.c.tenant, at), counted_in(year))
        .group_by(under, tier, deeper)
    )


def _path(tenant: Any) -> Any:
    return sa.func.string_to_array(tenant, ".", type_=ARRAY(sa.Text))


def _steps(tenant: Any) -> Any:
    """How deep a tenant lies: tokens of its path."""
    return sa.func.cardinality(_path(tenant))


def _cut(tenant: Any, depth: int) -> Any:
    """The tenant, or the one above it at that depth."""
    return sa.func.array_to_string(_path(tenant)[1:depth], ".")
