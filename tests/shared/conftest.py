"""A store with the kernel and the notebook's views, in a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deploy.local.servers import Servers
from shared.decider import Actor
from shared.eventstore import BusinessClock, Context, EventStore
from shared.eventstore.schema import create_kernel, protect
from shared.eventstore.store import engine
from tests.shared.eventstore.notebook import NOTEBOOK

SERVICE = "review"
TENANT = "shanghai.jinshan"
ALICE = Actor("alice", "Alice", frozenset({"liaison"}), "office")


def context(tenant: str = TENANT, actor: Actor = ALICE) -> Context:
    """Alice, in a tenant."""
    return Context(tenant, actor, correlation="test")


@dataclass(frozen=True)
class Place:
    """A database with the kernel: its store and the addresses of its roles."""

    store: EventStore
    owner_url: str
    app_url: str
    relay_url: str


@asynccontextmanager
async def by_hand(owner_url: str, tenant: str) -> AsyncIterator[AsyncConnection]:
    """A transaction of the owner's in a tenant's scope: to do what the application role cannot."""
    owner = create_async_engine(owner_url)
    try:
        async with owner.begin() as connection:
            await connection.execute(sa.select(sa.func.enter(tenant)))
            yield connection
    finally:
        await owner.dispose()


@asynccontextmanager
async def new_place(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Place]:
    """An empty store under a simulated clock that stands at 2021-06-01."""
    name = new_database(SERVICE)
    owner_url = servers.database_url(SERVICE, "owner", name)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.run_sync(create_kernel, SERVICE)
        for view in NOTEBOOK.views:
            await connection.run_sync(view.table.create)
            await connection.run_sync(protect, view.name, view.tier)
        await connection.execute(sa.text("insert into business_day (today) values ('2021-06-01')"))
    await owner.dispose()
    app_url, relay_url = (servers.database_url(SERVICE, role, name) for role in ("app", "relay"))
    store = EventStore(SERVICE, engine(app_url, 8), engine(relay_url, 2), BusinessClock(simulated=True))
    yield Place(store, owner_url, app_url, relay_url)
    await store.close()


@pytest.fixture
async def place(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Place]:
    """A place of the test's own."""
    async with new_place(servers, new_database) as one:
        yield one
