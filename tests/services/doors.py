"""Every service's own HTTP on a database of its own, and one issuer whose tokens all of them believe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import httpx
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from shared.contracts import PUBLISHERS, Contract
from shared.decider import Actor
from shared.eventstore import BusinessClock, Context, EventStore, UnitOfWork, reference, tables, views
from shared.eventstore.store import engine
from shared.runtime.gate import Gate
from shared.runtime.migrate import migrate
from shared.runtime.service import Service, http_of
from shared.security import TokenVerifier
from tests.issuing import AUDIENCE, ISSUER, Hands, Issuer, issuing
from tests.services.scheduling.telling import TODAY


@dataclass(frozen=True)
class Door:
    """One service: its store, and a client of its application. ``routes`` are (method, path);
    ``hands`` is the clock of its gate."""

    service: Service
    store: EventStore
    owner_url: str
    routes: Sequence[tuple[str, str]]
    client: httpx.AsyncClient
    hands: Hands

    async def write(self, tenant: str, *contracts: Contract) -> None:
        """What scheduling said of a tenant, as this service has heard it."""

        async def keep(work: UnitOfWork) -> None:
            await work.enter()
            rows = [reference.change(tenant, contract) for contract in contracts]
            await views.write(work.connection, [row for row in rows if row is not None])

        await self.store.in_transaction(Context(tenant, Actor("test", "test"), "test"), keep)

    async def contents(self) -> dict[str, int]:
        """How many rows of what people cause there are, seen by the relay: nothing more, nothing changed."""
        async with self.store.relay.connect() as connection:
            return {
                table.name: await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (tables.heads, tables.commands, tables.outbox, tables.deadlines)
            }


@dataclass(frozen=True)
class Doors:
    """All services by name, and their issuer."""

    issuer: Issuer
    of: dict[str, Door]

    def token(self, sub: str, *grants: dict[str, Any], **changed: Any) -> str:
        """A good token of somebody with these grants."""
        now = int(time.time())
        return self.issuer.token(sub=sub, grants=list(grants), iat=now, exp=now + 3600, **changed)

    def bearer(self, sub: str, *grants: dict[str, Any]) -> dict[str, str]:
        """The header of somebody with these grants."""
        return {"Authorization": f"Bearer {self.token(sub, *grants)}"}


@asynccontextmanager
async def open_doors(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Doors]:
    """The services, open, on an empty database each."""
    with issuing() as issuer:
        doors = Doors(issuer, {name: await _door(name, servers, new_database, issuer) for name in PUBLISHERS})
        yield doors
        for door in doors.of.values():
            await door.client.aclose()
            await door.store.close()


async def _door(name: str, servers: Servers, new_database: Callable[[str], str], issuer: Issuer) -> Door:
    database = new_database(name)
    owner_url = servers.database_url(name, "owner", database)
    await asyncio.to_thread(migrate, name, owner_url)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.insert(tables.business_day).values(today=TODAY))
    await owner.dispose()
    app, relay = (engine(servers.database_url(name, role, database), 2) for role in ("app", "relay"))
    store, hands = EventStore(name, app, relay, BusinessClock(simulated=True)), Hands()
    main = import_module(f"services.{name}.main")
    service: Service = getattr(main, name.upper())
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.url)
    application = http_of(service, store, Gate(verifier, store, monotonic=hands))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=f"http://{name}.test")
    return Door(service, store, owner_url, _routes(application), client, hands)


def _routes(application: FastAPI) -> list[tuple[str, str]]:
    """Every method and path of the application's own description."""
    paths: dict[str, dict[str, Any]] = application.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]
