"""Review and rectification on real databases, under one simulated day, told by hand what other services say."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.rectification.main import RECTIFICATION
from services.review.main import REVIEW
from shared.contracts import Contract, sayers
from shared.contracts.envelope import encode
from shared.decider import Actor, Refused, words
from shared.eventstore import Aggregate, BusinessClock, Context, Deadlines, EventStore, View, tables
from shared.eventstore.projection import Projection
from shared.eventstore.rebuild import rebuild, rebuild_projection
from shared.eventstore.store import engine
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.topology import LISTENS_TO
from shared.runtime.migrate import migrate
from shared.runtime.service import Service
from shared.security.permissions import may
from tests.shared.conftest import by_hand

T = TypeVar("T")


@dataclass
class Side:
    """One service of the world: its store, and its inbox as the broker would fill it."""

    service: Service
    owner_url: str
    store: EventStore
    inbox: Inbox
    applier: Applier
    deadlines: Deadlines
    heard: dict[tuple[str, str], int] = field(default_factory=dict)

    def views(self) -> dict[sa.Table, tuple[Aggregate[Any, Any, Any, Any], View]]:
        return {view.table: (one, view) for one in self.service.aggregates for view in one.views}

    def projections(self) -> dict[sa.Table, Projection]:
        every = self.service.reactions.projections.values()
        return {one.table: one for projections in every for one in projections}


class World:
    """Runs everything on one event loop of its own, because the state machine is not asynchronous."""

    def __init__(self, servers: Servers, new_database: Callable[[str], str]) -> None:
        self.runner = asyncio.Runner()
        self.today = date(2021, 7, 7)
        self.sides: dict[str, Side] = {}
        for service in (REVIEW, RECTIFICATION):
            name = new_database(service.name)
            owner_url = servers.database_url(service.name, "owner", name)
            migrate(service.name, owner_url)
            self.run(self._first_day(owner_url))
            app, relay = (
                engine(servers.database_url(service.name, role, name), 2) for role in ("app", "relay")
            )
            store = EventStore(service.name, app, relay, BusinessClock(simulated=True))
            inbox = Inbox(store, Broker(servers.nats_url, service.name), LISTENS_TO[service.name])
            self.sides[service.name] = Side(
                service,
                owner_url,
                store,
                inbox,
                Applier(store, inbox, service.reactions),
                Deadlines(store, service.aggregates, service.fires),
            )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        for side in self.sides.values():
            self.run(side.store.close())
        self.runner.close()

    async def _first_day(self, owner_url: str) -> None:
        owner = create_async_engine(owner_url)
        async with owner.begin() as connection:
            await connection.execute(sa.insert(tables.business_day).values(today=self.today))
        await owner.dispose()

    def set_day(self, day: date) -> None:
        """Every service lives this day. Between histories it may go back: tenants are never used twice."""
        self.today = day

        async def set_all() -> None:
            for side in self.sides.values():
                async with side.store.relay.begin() as connection:
                    await connection.execute(sa.update(tables.business_day).values(today=day))

        self.run(set_all())

    def advance(self, to: date) -> None:
        """Live on to a day by way of every date that is due before it."""

        async def next_due() -> date | None:
            due = []
            for side in self.sides.values():
                table = tables.deadlines
                query = sa.select(sa.func.min(table.c.due_on)).where(table.c.fired_at.is_(None))
                async with side.store.relay.connect() as connection:
                    due.append(await connection.scalar(query))
            return min((day for day in due if day is not None), default=None)

        while True:
            due = self.run(next_due())
            self.set_day(max(self.today, min(to, due)) if due is not None else to)
            for side in self.sides.values():
                self.run(side.deadlines.fire_due())
            if self.today >= to and (due is None or due > to):
                return

    def tell(self, service: str, tenant: str, contract: Contract, stream: str = "told") -> None:
        """What another service says, as the broker would bring it; applied at once."""
        side, [source] = self.sides[service], sayers(contract)
        sequence = side.heard[source, tenant] = side.heard.get((source, tenant), 0) + 1
        payload = encode(
            contract,
            tenant=tenant,
            epoch=1,
            sequence=sequence,
            stream=stream,
            ledger=f"{source}:{tenant}#{sequence}",
            recorded_at=datetime.now(UTC),
            business_date=self.today,
            simulated=True,
            correlation_id="told",
        )

        async def apply() -> None:
            await side.inbox.keep(source, payload, sequence)
            while await side.applier.step():
                pass

        self.run(apply())
        assert self.count(service, tenant, "parked") == 0, "what was told could not be applied"

    def count(self, service: str, tenant: str, state: str) -> int:
        table = tables.inbox
        query = sa.select(sa.func.count()).where(table.c.tenant == tenant, table.c.state == state)

        async def ask() -> int:
            async with self.sides[service].store.relay.connect() as connection:
                return int(await connection.scalar(query) or 0)

        return self.run(ask())

    def do(self, service: str, tenant: str, kind: str, id: str, command: Any, actor: Actor) -> Refused | None:
        """Give a command as a person would, permission first; the refusal, or None where it was accepted."""
        side = self.sides[service]
        refused = may(service, words(type(command).__name__), actor)
        if refused is not None:
            return refused
        [aggregate] = [one for one in side.service.aggregates if one.kind == kind]
        context = Context(tenant, actor, correlation=uuid.uuid4().hex)
        try:
            self.run(side.store.execute(aggregate, id, command, context, tenant_must_exist=True))
        except Refused as refusal:
            return refusal
        return None

    def rows(self, service: str, tenant: str, query: Any) -> list[Any]:
        async def ask() -> list[Any]:
            async with self.sides[service].store.reading(tenant) as connection:
                return list((await connection.execute(query)).all())

        return self.run(ask())

    def events(self, service: str, tenant: str) -> list[Any]:
        """The tenant's ledger in its order."""
        table = tables.events
        return self.rows(service, tenant, sa.select(table).order_by(table.c.sequence))

    def read_models(self) -> dict[str, set[str]]:
        """Every row of every read model, as the tenants that anything was told of see them."""
        return {
            f"{name}.{table.name}": {
                str(row) for _, tenant in side.heard for row in self.rows(name, tenant, sa.select(table))
            }
            for name, side in self.sides.items()
            for table in (*side.views(), *side.projections())
        }

    def make_read_models_anew(self) -> None:
        for side in self.sides.values():
            for aggregate, view in side.views().values():
                self.run(rebuild(side.owner_url, aggregate, view))
            for projection in side.projections().values():
                self.run(rebuild_projection(side.owner_url, side.service.name, projection))

    def forget_dates(self, tenants: tuple[str, ...]) -> None:
        """A history is over: its dates shall not fire in the next one."""

        async def forget() -> None:
            for side in self.sides.values():
                for tenant in tenants:
                    async with by_hand(side.owner_url, tenant) as connection:
                        await connection.execute(sa.delete(tables.deadlines))

        self.run(forget())
