"""A service that hears review, a relay that speaks for it, and the stream between them; real servers throughout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nats
import pytest
import sqlalchemy as sa
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.servers import Servers
from shared.contracts.envelope import encode
from shared.contracts.review import DraftApproved
from shared.eventstore import BusinessClock, EventStore, UnitOfWork, tables
from shared.eventstore.schema import create_kernel
from shared.eventstore.store import engine
from shared.messaging import Cause, Reactions, applier, relay
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.loop import Loop
from shared.messaging.provision import consumer_config, provision
from shared.messaging.relay import Relay
from shared.messaging.topology import STREAM
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write
from tests.shared.messaging.own_nats import OwnNats
from tests.shared.waiting import until

HEARER = "evaluation"


@pytest.fixture
async def jetstream(servers: Servers) -> AsyncIterator[JetStreamContext]:
    """An empty, provisioned stream."""
    connection = await nats.connect(servers.nats_url)
    js = connection.jetstream()
    with suppress(NotFoundError):
        await js.delete_stream(STREAM)  # a purge would leave the ids it has seen
    await provision(js)
    yield js
    await connection.close()


@pytest.fixture
async def own_nats(tmp_path: Path) -> AsyncIterator[OwnNats]:
    """A provisioned server that the test may kill. What is not acknowledged comes again after a second."""
    server = OwnNats(tmp_path)
    await server.start()
    try:
        async with client(server.url) as js:
            await provision(js)
            await js.add_consumer(STREAM, consumer_config(HEARER, SERVICE).evolve(ack_wait=1))
        yield server
    finally:
        server.stop()


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code with shorter waits, so that failures take a second and not ten."""
    monkeypatch.setattr(relay, "PUBLISH_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(relay, "LEASE_SECONDS", 1)
    monkeypatch.setattr(applier, "GAP_SECONDS", 0.5)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[JetStreamContext]:
    """JetStream by a plain client."""
    connection = await nats.connect(url)
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def published(jetstream: JetStreamContext) -> list[dict[str, Any]]:
    """Every message of the stream, by a plain client."""
    subscription = await jetstream.pull_subscribe("shufa.>", stream=STREAM)
    count = (await jetstream.stream_info(STREAM)).state.messages
    found: list[dict[str, Any]] = []
    while len(found) < count:
        for message in await subscription.fetch(count - len(found)):
            found.append(json.loads(message.data) | {"on": message.subject})
    await subscription.unsubscribe()
    return found


async def write(place: Place, id: str, *notes: int) -> None:
    """One public event for each note."""
    for note in notes:
        await place.store.execute(NOTEBOOK, id, Write("text", note), context())


async def write_at_once(place: Place, notebooks: int, notes: int) -> None:
    """Several people write at once, each in a notebook of their own."""
    await asyncio.gather(*(write(place, f"n{n}", *range(notes)) for n in range(notebooks)))


def approved(sequence: int, *, session: str = "s", tenant: str = TENANT, simulated: bool = True) -> bytes:
    """Review's public event number ``sequence``, as its relay would send it."""
    return encode(
        DraftApproved(session=session, unit="office", revision=sequence, approved_on=date(2021, 6, 1)),
        tenant=tenant,
        epoch=1,
        sequence=sequence,
        stream=f"notebook-{session}",
        ledger=f"review:{tenant}#{sequence}",
        recorded_at=datetime(2021, 6, 1, tzinfo=UTC),
        business_date=date(2021, 6, 1),
        simulated=simulated,
        correlation_id="test",
    )


@dataclass(frozen=True)
class HearerDatabase:
    """The database of the service that hears, with a table of the effects that its reaction has."""

    servers: Servers
    name: str
    owner: AsyncEngine = field(repr=False)

    def url(self, role: Any, port: int | None = None) -> str:
        url = sa.make_url(self.servers.database_url(HEARER, role, self.name))
        return url.set(port=port or url.port).render_as_string(hide_password=False)

    async def run(self, statement: str) -> None:
        """As the owner."""
        async with self.owner.begin() as connection:
            await connection.execute(sa.text(statement))


@pytest.fixture(scope="session")
async def whole_hearer_database(
    servers: Servers, new_database: Callable[[str], str]
) -> AsyncIterator[HearerDatabase]:
    name = new_database(HEARER)
    owner = create_async_engine(servers.database_url(HEARER, "owner", name))
    async with owner.begin() as connection:
        await connection.run_sync(create_kernel, HEARER)
        await connection.execute(
            sa.text(
                "create table heard"
                " (position bigint generated always as identity, tenant text, sequence integer)"
            )
        )
        await connection.execute(sa.text(f"grant insert on heard to {HEARER}_app"))
    yield HearerDatabase(servers, name, owner)
    await owner.dispose()


@pytest.fixture
async def hearer_database(whole_hearer_database: HearerDatabase) -> HearerDatabase:
    """Nothing heard yet."""
    await whole_hearer_database.run("truncate received, pending, applied, leases, heard")
    return whole_hearer_database


@dataclass
class Hearer:
    """A service that hears review: its reaction notes what it was told, and fails where it is told to."""

    database: HearerDatabase
    store: EventStore
    inbox: Inbox
    applier: Applier
    broker: Broker
    poison: set[int] = field(default_factory=set)
    meanwhile: Callable[[int], Awaitable[None]] | None = None
    """Something that happens in the middle of an event's transaction, when its effect is written already."""

    @property
    def relay_url(self) -> str:
        """Where an operator acts on this service."""
        return self.database.url("relay")

    async def heard(self, tenant: str = TENANT) -> list[int]:
        """The effects that were committed, in their order: the sequences it was told of."""
        query = sa.text("select sequence from heard where tenant = :tenant order by position")
        async with self.database.owner.connect() as connection:
            return list(await connection.scalars(query, {"tenant": tenant}))

    async def applied(self) -> list[tuple[int, str]]:
        """Every event of the inbox and its state."""
        async with self.store.relay.connect() as connection:
            table = tables.inbox
            query = sa.select(table.c.sequence, table.c.state).order_by(table.c.sequence)
            return [(row.sequence, row.state) for row in await connection.execute(query)]

    async def apply_all(self) -> None:
        while await self.applier.step():
            pass

    async def keep(self, *sequences: int, session: str = "s", tenant: str = TENANT) -> None:
        """Let events come in, in this order."""
        for sequence in sequences:
            await self.inbox.keep(SERVICE, approved(sequence, session=session, tenant=tenant), sequence)

    async def has_heard(self, count: int, tenant: str = TENANT) -> None:
        """Wait until so many effects are there."""

        async def enough() -> bool:
            return len(await self.heard(tenant)) >= count

        await until(enough)

    async def has_received(self, count: int) -> None:
        """Wait until so many events lie in the inbox."""

        async def enough() -> bool:
            return len(await self.applied()) >= count

        await until(enough)

    def loop(self) -> Loop:
        return Loop("applier", self.applier.step, self.inbox.stored)


@asynccontextmanager
async def hearing(
    database: HearerDatabase, nats_url: str, *, postgres_port: int | None = None
) -> AsyncIterator[Hearer]:
    """One replica of the service that hears, not connected to the broker yet."""
    store = EventStore(
        HEARER,
        engine(database.url("app", postgres_port), 3),
        engine(database.url("relay", postgres_port), 2),
        BusinessClock(simulated=True),
    )
    reactions = Reactions(HEARER)
    broker = Broker(nats_url, HEARER)
    inbox = Inbox(store, broker, (SERVICE,))
    hearer = Hearer(database, store, inbox, Applier(store, inbox, reactions), broker)

    @reactions.on(DraftApproved)
    async def note(event: DraftApproved, cause: Cause, work: UnitOfWork) -> None:
        sequence = int(cause.id.rpartition("/")[2])
        effect = sa.text("insert into heard (tenant, sequence) values (:tenant, :sequence)")
        await work.connection.execute(effect, {"tenant": cause.tenant, "sequence": sequence})
        if hearer.meanwhile is not None:
            await hearer.meanwhile(sequence)
        if sequence in hearer.poison:
            raise ValueError(f"poison {sequence}")

    try:
        yield hearer
    finally:
        if broker.faststream.config.connection_state:
            await broker.stop()
        await store.close()


@pytest.fixture
async def hearer(
    hearer_database: HearerDatabase, servers: Servers, jetstream: JetStreamContext
) -> AsyncIterator[Hearer]:
    """The service that hears, on the stream that all tests share."""
    async with hearing(hearer_database, servers.nats_url) as one:
        yield one


@asynccontextmanager
async def speaking(store: EventStore, nats_url: str) -> AsyncIterator[Relay]:
    """A relay of a store, connected."""
    broker = Broker(nats_url, SERVICE)
    await broker.connect()
    try:
        yield Relay(store, broker)
    finally:
        await broker.stop()


@pytest.fixture(name="relay")
async def one_relay(place: Place, servers: Servers) -> AsyncIterator[Relay]:
    """The relay of the place, on the stream that all tests share."""
    async with speaking(place.store, servers.nats_url) as one:
        yield one


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[None]:
    """Loops that run for the length of the block."""
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            await loop.stop()
