"""Full coverage 全覆盖: who in a subtree reported in a year, counted by tier and listed by name in official order.

No ranking and no rate: a tier is told how many there are, how many have reported, and who has not (domain.md 2,
limits). A village counts by the reports that its town hears: by the unit of the town's registry that bears the
village's own name, the last token of its path.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from shared.eventstore.reading import within

Row = dict[str, Any]
Year = int | sa.ColumnElement[int]
TIERS: tuple[Tier, ...] = get_args(Tier)
NOTHING = {"tenants": 0, "covered": 0, "heads": 0, "heard": 0}


async def tier_of(connection: AsyncConnection, tenant: str) -> str | None:
    """The tier of a tenant, None where its registration has not been heard of."""
    tier: str | None = await connection.scalar(sa.select(tenants.c.tier).where(tenants.c.tenant == tenant))
    return tier


async def by_tier(connection: AsyncConnection, year: int) -> list[Row]:
    """``{tier, tenants, covered, heads, heard}`` for each tier that the connection's read scope reaches."""
    return (await by_tier_in(connection, [year]))[year]


async def by_tier_in(connection: AsyncConnection, years: Sequence[int]) -> dict[int, list[Row]]:
    """The same for each of several years. A tenant is counted in every year before it was closed."""
    asked = sa.func.unnest(sa.literal(list(years), ARRAY(sa.Integer))).table_valued("year").render_derived()
    year, tier = asked.c.year, tier_of_head()
    bodies = (
        sa.select(
            year,
            tenants.c.tier,
            sa.func.count().label("tenants"),
            sa.func.count().filter(covered_in(year)).label("covered"),
        )
        .select_from(tenants.join(asked, open_in(year)))
        .group_by(year, tenants.c.tier)
    )
    people = (
        sa.select(
            year,
            tier.label("tier"),
            sa.func.count().label("heads"),
            sa.func.count().filter(heard_in(year)).label("heard"),
        )
        .select_from(heads.join(tenants, tenants.c.tenant == heads.c.tenant).join(asked, counted_in(year)))
        .group_by(year, tier)
    )
    rows = {(one, name): {"tier": name, **NOTHING} for one in years for name in TIERS}
    for query in (bodies, people):
        for row in (await connection.execute(query)).mappings():
            rows[row["year"], row["tier"]] |= {name: row[name] for name in row if name != "year"}
    return {
        one: [row for (of, _), row in rows.items() if of == one and (row["tenants"] or row["heads"])]
        for one in years
    }


async def years_told(connection: AsyncConnection) -> list[int]:
    """The years in which something was held or is scheduled in the subtree, oldest first."""
    of_sessions = sa.select(sessions.c.year).where(sessions.c.standing != "cancelled")
    of_reports = sa.select(reports.c.year).where(reports.c.standing == "reported")
    return sorted(await connection.scalars(of_sessions.union(of_reports)))


async def tenants_not_covered(
    connection: AsyncConnection,
    scope: str,
    at: str,
    year: int,
    tier: Tier | None,
    limit: int,
    after: str | None,
) -> tuple[list[Row], str | None]:
    """The tenants at and below ``at`` without a session held in the year, in official order; ``scheduled_on`` where one
    is to come."""
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
        .where(within(tenants.c.tenant, at), open_in(year), ~covered_in(year))
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
    connection: AsyncConnection,
    scope: str,
    at: str,
    year: int,
    tier: Tier | None,
    limit: int,
    after: str | None,
) -> tuple[list[Row], str | None]:
    """The registered heads at and below ``at`` who have not reported in the year, in the official order of tenants and
    units."""
    tree, of_tier = _tree(scope), tier_of_head()
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
        .where(within(tenants.c.tenant, at), counted_in(year), ~heard_in(year))
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


def covered_in(year: Year) -> Any:
    """Has the tenant's reporting body held a session of the plan year, or the town heard its village?"""
    held = sa.exists().where(
        sessions.c.tenant == tenants.c.tenant, sessions.c.year == year, sessions.c.standing == "held"
    )
    town_has_heard = sa.exists().where(
        reports.c.tenant == tenants.c.parent,
        reports.c.stream == sa.func.concat("sheet-", year, "-", tenants.c.token),
        reports.c.standing == "reported",
    )
    return held | ((tenants.c.tier == "village") & town_has_heard)


def counted_in(year: Year) -> Any:
    """Heads of units that were there in the year. A village's own registry is not counted beside its town's."""
    there = (sa.extract("year", heads.c.valid_from) <= year) & _not_over(heads.c.valid_until, year)
    return (tenants.c.tier != "village") & there & open_in(year)


def open_in(year: Year) -> Any:
    """Was the tenant not closed before the year?"""
    return _not_over(tenants.c.closed_on, year)


def _not_over(last_day: Any, year: Year) -> Any:
    return last_day.is_(None) | (sa.extract("year", last_day) >= year)


def heard_in(year: Year) -> Any:
    """Has the holder of one of the head's posts reported in the year? The duty is the post's: a successor is not
    asked to report what the predecessor reported on."""
    return sa.exists().where(
        reports.c.tenant == heads.c.tenant,
        reports.c.stream == sa.func.concat("sheet-", year, "-", heads.c.unit),
        reports.c.standing == "reported",
        reports.c.post == sa.any_(heads.c.posts),
    )


def tier_of_head() -> Any:
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
