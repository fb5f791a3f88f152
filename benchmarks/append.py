"""A command's whole path, sixteen at a time, beside a package that does the like and the least one could do."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks import errand
from benchmarks.harness import Outcome, Side, Watch
from benchmarks.peers import plain_sqlalchemy
from benchmarks.peers.pyeventsourcing import PyEventSourcing
from benchmarks.stage import Database, Stage, expect, sql, superuser
from shared.decider import Actor
from shared.eventstore import BusinessClock, Context, EventStore, Key
from shared.eventstore.store import engine

AT_A_TIME = 16
TENANTS = [f"shanghai.jinshan.t{n}" for n in range(AT_A_TIME)]
ALICE = Actor("alice", "Alice", frozenset({"liaison"}), errand.UNIT)


Work = Callable[[float], Awaitable[int]]
"""Errands for so many seconds; how many commands that was."""


async def append(store: EventStore, tenants: list[str], seconds: float) -> int:
    """Errands for so long, a task for each tenant named; how many commands that was."""
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_work(store, tenant, until) for tenant in tenants)))


async def _work(store: EventStore, tenant: str, until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        id = secrets.token_hex(8)
        for command in errand.commands():
            key = secrets.token_hex(16)
            context = Context(tenant, ALICE, correlation=key)
            await store.execute(errand.ERRAND, id, command, context, key=Key(key, key.encode()))
            done += 1
    return done


async def run(stage: Stage) -> list[Outcome]:
    """Both keys against `eventsourcing`, the one against plain SQLAlchemy."""
    base = await stage.database("review", {errand.ERRANDS: "private"})
    bare = stage.empty_database("review")
    store = EventStore("review", engine(base.app, AT_A_TIME), engine(base.relay, 1), BusinessClock())
    plain = engine(bare.owner, AT_A_TIME)
    await plain_sqlalchemy.create(plain)
    package = PyEventSourcing(bare.owner, AT_A_TIME)

    async def packaged(seconds: float) -> int:
        return await asyncio.to_thread(package.append, seconds)

    works: dict[str, Work] = {
        "ours": partial(append, store, TENANTS),
        "one tenant": partial(append, store, TENANTS[:1] * AT_A_TIME),
        "eventsourcing": packaged,
        "sqlalchemy": partial(plain_sqlalchemy.append, plain, TENANTS),
    }
    done = {name: await work(stage.plan.warm_up_seconds) for name, work in works.items()}

    def side(name: str) -> Side:
        async def measure(watch: Watch) -> int:
            with watch:
                count = await works[name](stage.plan.append_seconds)
            done[name] += count
            return count

        return measure

    found = await stage.in_turns({name: side(name) for name in works})
    package.close()
    await plain.dispose()
    await store.close()
    await _check(base, bare, done)
    return [
        Outcome("append_vs_pyeventsourcing", found["ours"], found["eventsourcing"]),
        Outcome("append_vs_pyeventsourcing_one_tenant", found["one tenant"], found["eventsourcing"]),
        Outcome("append_vs_plain_sqlalchemy", found["ours"], found["sqlalchemy"]),
    ]


async def _check(base: Database, bare: Database, done: dict[str, int]) -> None:
    """Every command must have left all that it should."""
    async with superuser(base) as connection:
        left = await connection.fetchrow(sql("appended"))
    commands = done["ours"] + done["one tenant"]
    for what in ("events", "keys", "told"):
        expect(commands, left[what])
    for what in ("rows", "deadlines"):
        expect(commands // (1 + errand.NOTES), left[what])
    async with superuser(bare) as connection:
        left = await connection.fetchrow(sql("appended_by_peers"))
    for peer in ("eventsourcing", "sqlalchemy"):
        expect(done[peer], left[peer])
