"""Evaluation on a real database: its own migrations, its own roles, a simulated day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.evaluation.application import SERVICE
from shared.eventstore import BusinessClock, EventStore, tables
from shared.eventstore.store import engine
from shared.runtime.migrate import migrate
from tests.services.evaluation.hearing import Evaluation
from tests.services.evaluation.telling import TODAY


@pytest.fixture
async def store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """An empty store on the day of the story's beginning."""
    name = new_database(SERVICE)
    owner_url = servers.database_url(SERVICE, "owner", name)
    await asyncio.to_thread(migrate, SERVICE, owner_url)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.insert(tables.business_day).values(today=TODAY))
    await owner.dispose()
    app, relay = (engine(servers.database_url(SERVICE, role, name), 2) for role in ("app", "relay"))
    opened = EventStore(SERVICE, app, relay, BusinessClock(simulated=True))
    yield opened
    await opened.close()


@pytest.fixture
def evaluation(store: EventStore) -> Evaluation:
    return Evaluation(store)
