"""The portal on a real database, without a process: its own migrations and roles, a simulated day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.portal.reactions import PROJECTIONS
from shared.contracts import Contract
from shared.contracts.scheduling import TenantRegistered
from shared.decider import Actor
from shared.eventstore import BusinessClock, Context, EventStore, UnitOfWork, reference, tables, views
from shared.eventstore.projection import Cause
from shared.eventstore.store import engine
from shared.runtime.migrate import migrate

TENANT = "beijing.tongzhi"
FIRST_DAY = date(2022, 2, 10)
KEPT = sa.text(
    "select keep(array[:source], array[:tenant], array[1], array[cast(:sequence as bigint)], array[''], array[''],"
    " array[''::bytea], array[null]::text[])"
)
APPLIED = sa.text("update applied set sequence = :sequence where source = :source and tenant = :tenant")
CLEARED = (
    "desk.unsent",
    "desk.notices",
    "desk.notice_wishes",
    "grants",
    "received",
    "pending",
    "applied",
    "leases",
)


@dataclass
class Portal:
    """The portal's store. ``hear`` writes what its read models make of events, in their order."""

    store: EventStore
    owner_url: str
    heard: int = 0

    async def hear(self, *events: Contract, tenant: str = TENANT) -> None:
        for event in events:
            self.heard += 1
            await self._write(event, tenant)

    async def _write(self, event: Contract, tenant: str) -> None:
        source = type(event).service or "scheduling"
        cause = Cause(
            id=f"{source}:{tenant}/1/{self.heard}",
            citation=f"{source}:{tenant}#{self.heard}",
            tenant=tenant,
            business_date=await self.store.today(),
            recorded_at=datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=self.heard),
        )
        changes = [one.of(event, cause) for one in PROJECTIONS if type(event) in one.contracts]
        rows = [*changes, reference.change(tenant, event)]

        values = {"source": source, "tenant": tenant, "sequence": self.heard}
        async with self.store.relay.begin() as connection:
            await connection.execute(KEPT, values)

        async def keep(work: UnitOfWork) -> None:
            await work.enter()
            await views.write(work.connection, [row for row in rows if row is not None])
            await work.connection.execute(APPLIED, values)

        await self.store.in_transaction(Context(tenant, Actor("test", "test"), "test"), keep)

    async def on(self, day: date) -> None:
        async with self.store.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=day))

    async def rows(self, table: sa.Table) -> Sequence[sa.Row[tuple[object, ...]]]:
        async with self.store.reading(TENANT) as connection:
            return (await connection.execute(sa.select(table).order_by(*table.primary_key))).all()


@pytest.fixture(scope="module")
async def opened(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Portal]:
    name = new_database("portal")
    owner_url = servers.database_url("portal", "owner", name)
    await asyncio.to_thread(migrate, "portal", owner_url)
    app, relay = (engine(servers.database_url("portal", role, name), 3) for role in ("app", "relay"))
    store = EventStore("portal", app, relay, BusinessClock(simulated=True))
    yield Portal(store, owner_url)
    await store.close()


@pytest.fixture
async def portal(opened: Portal) -> Portal:
    """The one database of the file, empty but for a tenant."""
    tables_of = [one.table.name for one in PROJECTIONS]
    owner = create_async_engine(opened.owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.text(f"truncate {', '.join([*tables_of, *CLEARED])}"))
        await connection.execute(sa.delete(tables.business_day))
        await connection.execute(sa.insert(tables.business_day).values(today=FIRST_DAY))
    await owner.dispose()
    opened.store.clock = BusinessClock(simulated=True)
    registered = TenantRegistered(
        name="示例区", tier="district", official_order=1, registered_on=date(2021, 1, 1)
    )
    await opened.hear(registered)
    return opened
