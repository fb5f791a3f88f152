"""A database with two stores on it, the first behind a wire, and everything the database holds as the model says it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from deploy.local.servers import Servers
from shared.decider import Actor, Refused
from shared.eventstore import Context, Deadlines, EventStore, Key, tables
from shared.eventstore.store import engine
from tests.shared.conftest import SERVICE, by_hand, new_place
from tests.shared.eventstore.model import Asked, Outcome
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, NOTEBOOKS, NOTES, Close, Write
from tests.shared.waiting import until
from tests.shared.wire import wire_to

T = TypeVar("T")


async def _no_facts(*_: Any) -> None:
    return None


ALONE, IN_A_TRANSACTION = NOTEBOOK, replace(NOTEBOOK, facts=_no_facts)
"""The same decisions: once as two statements, once in a transaction around them."""


class World:
    """Runs everything on one event loop of its own, because the state machine is not asynchronous."""

    first: EventStore
    second: EventStore

    def __init__(self, servers: Servers, new_database: Callable[[str], str]) -> None:
        self.runner = asyncio.Runner()
        self.parts = AsyncExitStack()
        self.run(self._open(servers, new_database))

    async def _open(self, servers: Servers, new_database: Callable[[str], str]) -> None:
        self.place = await self.parts.enter_async_context(new_place(servers, new_database))
        self.wire = await self.parts.enter_async_context(wire_to(self.place.app_url))
        self.second = self.place.store
        self.first = EventStore(SERVICE, engine(self.wire.url, 1), self.second.relay, self.second.clock)
        self.parts.push_async_callback(self.first.app.dispose)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.parts.aclose())
        self.runner.close()

    async def execute(self, store: EventStore, tenant: str, asked: Asked, alone: bool = True) -> Outcome:
        """What the store says to a command."""
        aggregate = ALONE if alone else IN_A_TRANSACTION
        command = Close() if asked.note is None else Write(asked.text, asked.note)
        context = Context(tenant, Actor(asked.actor, asked.actor.title()), correlation="test")
        key = Key(asked.key, asked.body.encode()) if asked.key else None
        try:
            return await store.execute(
                aggregate, asked.id, command, context, key=key, seen_version=asked.seen_version
            )
        except Refused as refused:
            return refused.code

    async def let_the_server_finish(self) -> None:
        """Wait until what the server heard of the first store before a cut is done or given up."""
        await self.first.app.dispose()
        pool = self.second.app.sync_engine.pool
        assert isinstance(pool, sa.QueuePool)
        others = sa.text(
            "select count(*) from pg_stat_activity where datname = current_database() and usename = current_user"
        )

        async def only_the_second_is_connected() -> bool:
            # Connected anew each time: what a transaction sees of the others stands still.
            async with self.second.app.connect() as connection:
                return bool(await connection.scalar(others) == pool.checkedin() + pool.checkedout())

        await until(only_the_second_is_connected)

    async def fire_due(self, store: EventStore) -> None:
        await Deadlines(store, [NOTEBOOK], FIRES).fire_due()

    async def set_day(self, day: date) -> None:
        async with self.second.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=day))

    async def change(self, tenant: str, statement: sa.Executable) -> None:
        """Something that no command does."""
        async with by_hand(self.place.owner_url, tenant) as connection:
            await connection.execute(statement)

    async def kept(self, store: EventStore, tenant: str) -> dict[str, Any]:
        """Everything the database holds of a tenant, as Ledger.kept says it."""
        async with store.reading(tenant) as connection:

            async def rows(query: sa.Executable) -> list[Any]:
                return list((await connection.execute(query)).all())

            events = await rows(sa.select(tables.events).order_by(tables.events.c.sequence))
            said = [(row, orjson.loads(row.data), orjson.loads(row.metadata)) for row in events]
            bodies = {row.ref: row.body for row in await rows(sa.select(tables.texts))}
            public = await rows(sa.select(tables.outbox).order_by(tables.outbox.c.position))
            keys = sa.text("select actor, key, stream, sequence, version, events from commands")
            assert all(metadata["business_date"] == data["on"] for _, data, metadata in said)
            assert len(bodies) == len([row for row in events if row.name == "Written"])
            return {
                "events": [
                    (
                        *(row.sequence, row.stream, row.version, row.name, data.get("note")),
                        *(date.fromisoformat(data["on"]), metadata["actor"]["id"]),
                    )
                    for row, data, metadata in said
                ],
                "texts": {
                    row.sequence: bodies[data["text"]["ref"]] for row, data, _ in said if "text" in data
                },
                "outbox": [
                    (
                        *(row.sequence, row.ledger_sequence, row.stream, row.partition_key),
                        *(data["revision"], date.fromisoformat(data["approved_on"])),
                    )
                    for row in public
                    for data in [orjson.loads(row.data)]
                ],
                "head": [(row.sequence, row.public_sequence) for row in await rows(sa.select(tables.heads))],
                "keys": {(*tuple(row)[:5], tuple(row.events)) for row in await rows(keys)},
                "deadlines": {
                    (row.stream, row.name, row.due_on, row.fired_at is not None, row.refused)
                    for row in await rows(sa.select(tables.deadlines))
                },
                "notebooks": {tuple(row)[1:] for row in await rows(sa.select(NOTEBOOKS))},
                "notes": {tuple(row)[1:] for row in await rows(sa.select(NOTES))},
            }
