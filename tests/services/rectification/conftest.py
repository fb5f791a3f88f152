"""Rectification on a real database: its own migrations, its own roles, a simulated day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.rectification.application import SERVICE
from shared.eventstore import BusinessClock, EventStore, tables
from shared.eventstore.store import engine
from shared.runtime.migrate import migrate
from tests.services.rectification.telling import SENT


@asynccontextmanager
async def new_store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """An empty store on the day the minutes are sent."""
    name = new_database(SERVICE)
    owner_url = servers.database_url(SERVICE, "owner", name)
    await asyncio.to_thread(migrate, SERVICE, owner_url)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.insert(tables.business_day).values(today=SENT))
    await owner.dispose()
    app, relay = (engine(servers.database_url(SERVICE, role, name), 2) for role in ("app", "relay"))
    opened = EventStore(SERVICE, app, relay, BusinessClock(simulated=True))
    yield opened
    await opened.close()


@pytest.fixture
async def store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """A store of the test's own."""
    async with new_store(servers, new_database) as opened:
        yield opened
