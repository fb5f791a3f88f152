"""Full coverage 全覆盖: who in a subtree reported in a year, counted by tier and listed by name in official order.

No ranking and no rate: a tier is told how many there are, how many have reported, and who has not (domain.md 2,
limits). A village counts by the reports that its town hears: by the unit of the town's registry that bears the
village's own name, the last token of its path.
"""

from __future__ import annotations

from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.ext.asyncio import AsyncConnection

from services.evaluation.views.coverage_heads import coverage_heads as heads
from services.evaluation.views.coverage_reports import coverage_reports as reports
from services.evaluation.views.coverage_sessions import coverage_sessions as sessions
from services.evaluation.views.coverage_tenants import coverage_tenants as tenants
from shared.contracts.scheduling import Tier
from shared.decider import Refused

Row = dict[str, Any]
TIERS: tuple[Tier, ...] = get_args(Tier)


async def tier_of(connection: AsyncConnection, tenant: str) -> str | None:
    """The tier of a tenant, None where its registration has not been heard of."""
    tier: str | None = await connection.scalar(sa.select(tenants.c.tier).where(tenants.c.tenant == tenant))
    return tier


async def by_tier(connection: AsyncConnection, year: int) -> list[Row]:
    """``{tier, tenants, covered, heads, heard}`` for each tier that the connection's read scope reaches."""
    bodies = sa.select(
        tenants.c.tier,
        sa.func.count().label("tenants"),
        sa.func.count().filter(_covered(year)).label("covered"),
    )
    bodies = bodies.where(_open_in(year)).group_by(tenants.c.tier)
    tier = _tier_of_head()
    people = (
        sa.select(
            tier.label("tier"),
            sa.func.count().label("heads"),
            sa.func.count().filter(_heard(year)).label("heard"),
        )
        .select_from(heads.join(tenants, tenants.c.tenant == heads.c.tenant))
        .where(_counted(year))
        .group_by(tier)
    )
    rows: dict[str, Row] = {
        name: {"tier": name, "tenants": 0, "covered": 0, "heads": 0, "heard": 0} for name in TIERS
    }
    for query in (bodies, people):
        for row in (await connection.execute(query)).mappings():
            rows[row["tier"]] |= dict(row)
    return [row for row in rows.values() if row["tenants"] or row["heads"]]


async def tenants_not_covered(
    connection: AsyncConnection, scope: str, year: int, tier: Tier | None, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    """The tenants without a session held in the year, in official order; ``scheduled_on`` where one is to come."""
    tree = _tree(scope)
    to_come = (
        sa.select(sa.func.min(sessions.c.held_on))
        .where(
            sessions.c.tenant == tenants.c.tenant,
            sessions.c.year == year,
            sessions.c.standing == "scheduled",
        )
        .scalar_subquery()
    )
    query = (
        sa.select(
            tenants.c.tenant,
            tenants.c.name,
            tenants.c.tier,
            tenants.c.official_order,
            to_come.label("scheduled_on"),
        )
        .select_from(tenants.join(tree, tree.c.tenant == tenants.c.tenant))
        .where(_open_in(year), ~_covered(year))
        .order_by(tree.c.place, tenants.c.tenant)
    )
    if tier is not None:
        query = query.where(tenants.c.tier == tier)
    if after is not None:
        place = await _place(connection, tree, after)
        query = query.where(_key(tree.c.place, tenants.c.tenant) > _key(place, after))
    rows = [dict(row) for row in (await connection.execute(query.limit(limit + 1))).mappings()]
    more = len(rows) > limit
    return rows[:limit], rows[limit - 1]["tenant"] if more else None


async def heads_not_heard(
    connection: AsyncConnection, scope: str, year: int, tier: Tier | None, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    """The registered heads who have not reported in the year, in the official order of tenants and units."""
    tree, of_tier = _tree(scope), _tier_of_head()
    query = (
        sa.select(
            heads.c.tenant,
            tenants.c.name.label("tenant_name"),
            of_tier.label("tier"),
            heads.c.unit,
            heads.c.unit_name,
            heads.c.official_order,
            heads.c.person,
            heads.c.posts,
            heads.c.titles,
        )
        .select_from(
            heads.join(tenants, tenants.c.tenant == heads.c.tenant).join(
                tree, tree.c.tenant == tenants.c.tenant
            )
        )
        .where(_counted(year), ~_heard(year))
        .order_by(tree.c.place, heads.c.tenant, heads.c.official_order, heads.c.stream, heads.c.person)
    )
    if tier is not None:
        query = query.where(of_tier == tier)
    if after is not None:
        tenant, _, rest = after.partition("/")
        unit, _, person = rest.partition("/")
        place = await _place(connection, tree, tenant)
        order = await connection.scalar(
            sa.select(heads.c.official_order).where(
                heads.c.tenant == tenant, heads.c.stream == f"unit-{unit}", heads.c.person == person
            )
        )
        if order is None:
            raise Refused("http.invalid-cursor")
        last = _key(place, tenant, order, f"unit-{unit}", person)
        here = _key(tree.c.place, heads.c.tenant, heads.c.official_order, heads.c.stream, heads.c.person)
        query = query.where(here > last)
    rows = [dict(row) for row in (await connection.execute(query.limit(limit + 1))).mappings()]
    last_row = rows[limit - 1] if len(rows) > limit else None
    cursor = "/".join(last_row[name] for name in ("tenant", "unit", "person")) if last_row else None
    return rows[:limit], cursor


def _covered(year: int) -> Any:
    """Has the tenant's reporting body held a session of the plan year, or the town heard its village?"""
    held = sa.exists().where(
        sessions.c.tenant == tenants.c.tenant, sessions.c.year == year, sessions.c.standing == "held"
    )
    town_has_heard = sa.exists().where(
        reports.c.tenant == tenants.c.parent,
        reports.c.stream == sa.func.concat(f"sheet-{year}-", tenants.c.token),
        reports.c.standing == "reported",
    )
    return held | ((tenants.c.tier == "village") & town_has_heard)


def _counted(year: int) -> Any:
    """Heads of units that were there in the year. A village's own registry is not counted beside its town's."""
    there = (sa.extract("year", heads.c.valid_from) <= year) & _not_over(heads.c.valid_until, year)
    return (tenants.c.tier != "village") & there & _open_in(year)


def _open_in(year: int) -> Any:
    """Was the tenant not closed before the year?"""
    return _not_over(tenants.c.closed_on, year)


def _not_over(last_day: Any, year: int) -> Any:
    return last_day.is_(None) | (sa.extract("year", last_day) >= year)


def _heard(year: int) -> Any:
    """Has the holder of one of the head's posts reported in the year? The duty is the post's: a successor is not
    asked to report what the predecessor reported on."""
    return sa.exists().where(
        reports.c.tenant == heads.c.tenant,
        reports.c.stream == sa.func.concat(f"sheet-{year}-", heads.c.unit),
        reports.c.standing == "reported",
        reports.c.post == sa.any_(heads.c.posts),
    )


def _tier_of_head() -> Any:
    """A town registers the heads of its villages; they are counted as villages'."""
    return sa.case((heads.c.category == "village", "village"), else_=tenants.c.tier)


def _tree(scope: str) -> sa.CTE:
    """Every tenant of the subtree with its place: the official orders along its path, top first. A tenant whose
    parent is not registered stands by itself."""
    above = tenants.alias()
    rootless = ~sa.exists().where(above.c.tenant == tenants.c.parent)
    root = sa.select(
        tenants.c.tenant,
        array([tenants.c.official_order]).label("place"),
    ).where((tenants.c.tenant == scope) | rootless)
    tree = root.cte("tree", recursive=True)
    child = tenants.alias()
    return tree.union_all(
        sa.select(child.c.tenant, sa.func.array_append(tree.c.place, child.c.official_order)).where(
            child.c.parent == tree.c.tenant
        )
    )


async def _place(connection: AsyncConnection, tree: sa.CTE, tenant: str) -> list[int]:
    place: list[int] | None = await connection.scalar(sa.select(tree.c.place).where(tree.c.tenant == tenant))
    if place is None:
        raise Refused("http.invalid-cursor")
    return place


def _key(*parts: Any) -> Any:
    return sa.tuple_(
        *(sa.literal(part, ARRAY(sa.Integer)) if isinstance(part, list) else part for part in parts)
    )
