"""What the tests of the store do again and again: write a note, read a table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from shared.decider import Actor
from shared.eventstore import Answer, Context, EventStore, Key, UnitOfWork, tables
from shared.eventstore.verify import Verified, verify_service
from tests.shared.conftest import ALICE, SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write

T = TypeVar("T")


def key(value: str, asked: bytes = b"asked") -> Key:
    """An idempotency key and the hash of what was asked with it."""
    return Key(value, asked)


async def write(store: EventStore, id: str, note: int, *, tenant: str = TENANT, **more: Any) -> Answer:
    """A note into a notebook, by Alice."""
    return await store.execute(NOTEBOOK, id, Write(f"text {note}", note), context(tenant), **more)


async def rows(store: EventStore, query: sa.Executable, tenant: str = TENANT) -> list[sa.Row[Any]]:
    """What one tenant sees."""
    async with store.reading(tenant) as connection:
        return list((await connection.execute(query)).all())


@dataclass(frozen=True)
class Tenant:
    """One tenant, and the store by which it is written to and read."""

    place: Place
    store: EventStore
    name: str = TENANT

    def context(self, actor: Actor = ALICE) -> Context:
        """Somebody in this tenant."""
        return context(self.name, actor)

    async def execute(self, aggregate: Any, id: str, command: Any, **more: Any) -> Answer:
        """A command of Alice's."""
        return await self.store.execute(aggregate, id, command, self.context(), **more)

    async def write(self, id: str, note: int, **more: Any) -> Answer:
        """A note into a notebook, by Alice."""
        return await write(self.store, id, note, tenant=self.name, **more)

    async def in_transaction(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """What Alice does in one transaction."""
        return await self.store.in_transaction(self.context(), work)

    async def rows(self, query: sa.Executable) -> list[sa.Row[Any]]:
        """What the tenant sees."""
        return await rows(self.store, query, self.name)

    async def events(self, id: str) -> list[str]:
        """The names of a notebook's events."""
        table = tables.events
        query = sa.select(table.c.name).where(table.c.stream == f"notebook-{id}").order_by(table.c.version)
        return [row.name for row in await self.rows(query)]

    async def verified(self) -> Verified:
        """What there is to say of the tenant's ledger."""
        urls = (self.place.app_url, self.place.relay_url)
        [one] = [one async for one in verify_service(*urls, SERVICE, self.name)]
        return one
