"""Review on a real database, under row security and a simulated clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.review.application import SERVICE, VIEWS
from shared.eventstore import BusinessClock, EventStore, tables
from shared.eventstore.schema import create_kernel, protect
from shared.eventstore.store import engine


@pytest.fixture
async def store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """An empty review store under a simulated clock."""
    name = new_database(SERVICE)
    owner = create_async_engine(servers.database_url(SERVICE, "owner", name))
    async with owner.begin() as connection:
        await connection.run_sync(create_kernel, SERVICE)
        for view in VIEWS:
            await connection.run_sync(view.table.create)
            await connection.run_sync(protect, view.name, view.tier)
        await connection.execute(sa.insert(tables.business_day).values(today=date(2021, 6, 30)))
    await owner.dispose()
    app, relay = (engine(servers.database_url(SERVICE, role, name), 8) for role in ("app", "relay"))
    opened = EventStore(SERVICE, app, relay, BusinessClock(simulated=True))
    yield opened
    await opened.close()
