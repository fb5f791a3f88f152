"""Where the benchmarks run: embedded servers, an empty database for each part, how long and how much."""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import nats
import sqlalchemy as sa
from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks import harness
from benchmarks.harness import Meter, Samples, Side
from deploy.local.servers import Servers
from shared.eventstore.aggregate import Tier
from shared.eventstore.schema import create_kernel, protect
from shared.messaging.provision import provision
from shared.messaging.topology import STREAM
from shared.observability.logs import configure


@dataclass(frozen=True)
class Plan:
    """How many rounds, how long each side of one is, how much data. ``quick``: too little to be held to limits."""

    quick: bool = False
    rounds: int = 5
    warm_up_seconds: float = 1.0
    append_seconds: float = 4.0
    events: int = 200_000
    messages: int = 10_000
    effects: int = 120_000
    effects_one_by_one: int = 500
    travel_rounds: int = 3
    travel_seconds: float = 7.0
    rows: int = 1_000_000
    short_rounds: int = 20
    memory_events: int = 1_000_000


QUICK = Plan(
    quick=True,
    rounds=2,
    warm_up_seconds=0.2,
    append_seconds=0.5,
    events=10_000,
    messages=1_000,
    effects=1_000,
    effects_one_by_one=50,
    travel_rounds=1,
    travel_seconds=1.0,
    rows=20_000,
    short_rounds=5,
    memory_events=10_000,
)


@dataclass(frozen=True)
class Database:
    """The addresses of one database, for SQLAlchemy with asyncpg: of its three roles, and of the superuser, whom row
    security does not hold."""

    owner: str
    app: str
    relay: str
    superuser: str


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
        superuser = sa.make_url(self.servers.admin_url).set(database=name)
        return Database(owner, app, relay, superuser.render_as_string(hide_password=False))

    async def database(self, service: str, tables: Mapping[sa.Table, Tier] | None = None) -> Database:
        """A new database with the kernel and these tables, under row security as views are."""
        base = self.empty_database(service)
        owner = create_async_engine(base.owner)
        async with owner.begin() as connection:
            await connection.run_sync(create_kernel, service)
            for table, tier in (tables or {}).items():
                await connection.run_sync(table.create)
                await connection.run_sync(protect, table.name, tier)
        await owner.dispose()
        return base

    @asynccontextmanager
    async def jetstream(self) -> AsyncIterator[JetStreamContext]:
        """A plain client, and the stream new and empty."""
        connection = await nats.connect(self.servers.nats_url)
        try:
            jetstream = connection.jetstream()
            await provision(jetstream)
            await jetstream.delete_stream(STREAM)
            await provision(jetstream)
            yield jetstream
        finally:
            await connection.close()

    async def in_turns(self, sides: Mapping[str, Side], *, metered: bool = True) -> dict[str, Samples]:
        """As many rounds as the plan has; see harness.in_turns. Metering costs milliseconds, too much for a watch
        that is started a thousand times."""
        meter = self.meter if metered else None
        return await harness.in_turns(sides, self.plan.rounds, meter, self.order)


@asynccontextmanager
async def superuser(base: Database) -> AsyncIterator[asyncpg.Connection]:
    """A bare asyncpg connection that row security does not hold: to fill tables, and to scan them."""
    connection = await asyncpg.connect(base.superuser.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


def sql(name: str) -> str:
    """The text of sql/<name>.sql."""
    return Path(__file__).with_name("sql").joinpath(f"{name}.sql").read_text("utf-8")


def expect(wanted: int, found: int) -> int:
    """What was measured must have been done. Raises RuntimeError where it was not."""
    if found != wanted:
        raise RuntimeError(f"{found} were done of {wanted}")
    return found


def log_to(path: Path) -> None:
    """Log as a service does, a line for each reaction; into a file, as the supervisor has it."""
    configure("benchmarks", "INFO")
    [handler] = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(path.open("a"))
