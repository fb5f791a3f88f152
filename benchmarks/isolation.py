"""What it costs that the database itself keeps tenants apart: reads as a request does them, beside plain queries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.harness import Outcome, Samples, Side, Watch, in_turns
from benchmarks.stage import Database, Stage, expect, sql, superuser
from services.rectification.views.items import ITEMS
from shared.decider import Actor, refuse_if
from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.reading import view_page
from shared.eventstore.store import engine
from shared.security.permissions import may_read, only_unit

SERVICE, NAME = "rectification", "items"
TENANTS = 1 + 16 * (1 + 13 * (1 + 31))
ROOT, DISTRICT, VILLAGE = "shanghai", "shanghai.d7", "shanghai.d7.t5.v11"
PAGE = 50
TIMES = {"a village's page": 50, "the root's count": 1, "a subtree's page": 50}
"""How often each is asked in a turn: few, and many turns, so that what else the machine does falls on both alike."""
CLERK = Actor("u1", "示例·科员", frozenset({"law_office"}), "sifaju")

Reading = Callable[[str], AbstractAsyncContextManager[AsyncConnection]]
Query = Callable[[AsyncConnection], Awaitable[int]]


async def run(stage: Stage) -> list[Outcome]:
    """`rls_overhead`: of the three queries the one in which row security and the check of permission cost most."""
    base = await stage.database(SERVICE, {ITEMS.table: "progress"})
    each = max(1, stage.plan.rows // TENANTS)
    await _fill(base, each)
    app, plain = engine(base.app, 1), engine(base.superuser, 1)
    store = EventStore(SERVICE, app, app, BusinessClock())
    found: dict[str, Samples] = {}
    for what, (tenant, ours, peers) in _queries(each).items():
        sides: Mapping[str, Side] = {
            f"ours {what}": partial(_asked, TIMES[what], partial(_permitted, store), tenant, ours),
            f"peer {what}": partial(_asked, TIMES[what], partial(_without, plain), tenant, peers),
        }
        for side in sides.values():
            await side(Watch())  # what it asks for is in memory, its plan is made
        found |= await in_turns(sides, stage.plan.short_rounds, stage.meter, stage.order)
    await app.dispose()
    await plain.dispose()
    outcomes = [
        Outcome(
            "rls_overhead", _milliseconds(found[f"ours {what}"]), _milliseconds(found[f"peer {what}"]), what
        )
        for what in TIMES
    ]
    return [max(outcomes, key=lambda outcome: outcome.value)]


def _queries(each: int) -> dict[str, tuple[str, Query, Query]]:
    """The tenant that asks, what we ask, and the same with all that row security would have added."""
    table = ITEMS.table
    subtree = sa.select(table).order_by(*table.primary_key.columns).limit(PAGE + 1)
    count = sa.select(sa.func.count()).select_from(table)

    async def page(connection: AsyncConnection) -> int:
        found = await view_page(connection, ITEMS, VILLAGE, {}, PAGE, None)
        return expect(min(each, PAGE), len(found.items))

    async def counted(query: sa.Select[Any], connection: AsyncConnection) -> int:
        return expect(each * TENANTS, await connection.scalar(query) or 0)

    async def listed(query: sa.Select[Any], connection: AsyncConnection) -> int:
        rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        return expect(PAGE + 1, len(rows))

    return {
        "a village's page": (VILLAGE, page, page),
        "the root's count": (ROOT, partial(counted, count), partial(counted, count.where(_within(ROOT)))),
        "a subtree's page": (
            DISTRICT,
            partial(listed, subtree),
            partial(listed, subtree.where(_within(DISTRICT))),
        ),
    }


def _within(scope: str) -> sa.ColumnElement[bool]:
    column = ITEMS.table.c.tenant
    return (column >= scope) & (column < f"{scope}/")


async def _asked(times: int, reading: Reading, tenant: str, query: Query, watch: Watch) -> int:
    with watch:
        for _ in range(times):
            async with reading(tenant) as connection:
                await query(connection)
    return times


@asynccontextmanager
async def _permitted(store: EventStore, tenant: str) -> AsyncIterator[AsyncConnection]:
    """As a request reads: may the actor, how far, and then within the tenant's scope."""
    refuse_if(may_read(SERVICE, NAME, CLERK, tier=ITEMS.tier))
    assert only_unit(SERVICE, NAME, CLERK, tier=ITEMS.tier) is None
    async with store.reading(tenant) as connection:
        yield connection


@asynccontextmanager
async def _without(plain: AsyncEngine, tenant: str) -> AsyncIterator[AsyncConnection]:
    """As the superuser, whom no row security holds."""
    async with plain.connect() as connection:
        yield connection


async def _fill(base: Database, each: int) -> None:
    async with superuser(base) as connection:
        await connection.execute(sql("fill_items"), each)
        await connection.execute("vacuum (analyze) items")


def _milliseconds(rates: Samples) -> Samples:
    return Samples(tuple(1000 / rate for rate in rates.values), rates.cpu_ms)
