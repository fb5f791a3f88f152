"""A tenant's store with a wire in between that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from shared.eventstore import EventStore
from shared.eventstore.store import engine
from tests.shared.conftest import SERVICE
from tests.shared.eventstore.writing import Tenant
from tests.shared.wire import Wire, wire_to


@dataclass(frozen=True)
class Wired:
    """A tenant that writes by one connection through a wire, and the same tenant without a wire in between."""

    tenant: Tenant
    directly: Tenant
    wire: Wire


@asynccontextmanager
async def wire_between(tenant: Tenant) -> AsyncIterator[Wired]:
    """The wire is whole at first."""
    async with wire_to(tenant.place.app_url) as wire:
        store = EventStore(SERVICE, engine(wire.url, 1), tenant.store.relay, tenant.store.clock)
        yield Wired(replace(tenant, store=store), tenant, wire)
        wire.sever()
        await store.app.dispose()
