"""Where the benchmarks run: embedded servers, an empty database for each part, how long and how much."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.harness import Meter
from deploy.local.servers import Servers
from shared.eventstore import View
from shared.eventstore.schema import create_kernel, protect


@dataclass(frozen=True)
class Plan:
    """How many rounds, how long each side of one, how much data."""

    rounds: int = 5
    warm_up_seconds: float = 1.0
    append_seconds: float = 4.0


QUICK = Plan(rounds=3, warm_up_seconds=0.3, append_seconds=1.0)


@dataclass(frozen=True)
class Database:
    """The addresses of one database's three roles, for SQLAlchemy with asyncpg."""

    owner: str
    app: str
    relay: str


@dataclass(frozen=True)
class Stage:
    """What every benchmark is handed."""

    servers: Servers
    plan: Plan
    meter: Meter
    order: random.Random
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def empty_database(self, service: str) -> Database:
        """A new database with a service's roles and nothing in it."""
        name = f"{service}_bench_{next(self._numbers)}"
        self.servers.create_database(service, name)
        owner, app, relay = (
            self.servers.database_url(service, role, name) for role in ("owner", "app", "relay")
        )
        return Database(owner, app, relay)

    async def database(self, service: str, views: Sequence[View] = ()) -> Database:
        """A new database with the kernel and the tables of these views."""
        base = self.empty_database(service)
        owner = create_async_engine(base.owner)
        async with owner.begin() as connection:
            await connection.run_sync(create_kernel, service)
            for view in views:
                await connection.run_sync(view.table.create)
                await connection.run_sync(protect, view.name, view.tier)
        await owner.dispose()
        return base
