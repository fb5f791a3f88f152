"""Relay, inbox and applier between real PostgreSQL and a real NATS server."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import nats
import pytest
import sqlalchemy as sa
from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from shared.contracts.envelope import encode
from shared.contracts.review import DraftApproved
from shared.eventstore import BusinessClock, EventStore, UnitOfWork, tables
from shared.eventstore.schema import create_kernel
from shared.eventstore.store import engine
from shared.messaging import Cause, Reactions, operate
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.provision import provision
from shared.messaging.relay import Relay
from shared.messaging.topology import STREAM
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write

PATIENCE_SECONDS = 20


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition by asking, with an end."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110  # another process's database has no Event to wait for
            await asyncio.sleep(0.02)


@pytest.fixture
async def jetstream(servers: Servers) -> AsyncIterator[JetStreamContext]:
    """An empty, provisioned stream."""
    connection = await nats.connect(servers.nats_url)
    js = connection.jetstream()
    await provision(js)
    await js.delete_stream(STREAM)  # a purge would leave the ids it has seen
    await provision(js)
    yield js
    await connection.close()


@dataclass
class Hearer:
    """A service that hears review: its reaction notes what it was told, and fails where it is told to."""

    store: EventStore
    inbox: Inbox
    applier: Applier
    broker: Broker
    owner_url: str
    poison: set[int] = field(default_factory=set)

    async def heard(self) -> list[int]:
        """The effects that were committed, in their order: the revisions it was told of."""
        owner = create_async_engine(self.owner_url)
        async with owner.connect() as connection:
            revisions = list(
                await connection.scalars(sa.text("select revision from heard order by position"))
            )
        await owner.dispose()
        return revisions

    async def applied(self) -> list[tuple[int, str]]:
        async with self.store.relay.connect() as connection:
            table = tables.inbox
            query = sa.select(table.c.sequence, table.c.state).order_by(table.c.sequence)
            return [(row.sequence, row.state) for row in await connection.execute(query)]

    async def apply_all(self) -> None:
        while await self.applier.step():
            pass


@pytest.fixture
async def hearer(
    place: Place, servers: Servers, new_database: Callable[[str], str], jetstream: JetStreamContext
) -> AsyncIterator[Hearer]:
    name = new_database("evaluation")
    owner_url = servers.database_url("evaluation", "owner", name)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.run_sync(create_kernel, "evaluation")
        await connection.execute(
            sa.text("create table heard (position bigint generated always as identity, revision integer)")
        )
        await connection.execute(sa.text("grant insert on heard to evaluation_app"))
    await owner.dispose()
    store = EventStore(
        "evaluation",
        engine(servers.database_url("evaluation", "app", name), 3),
        engine(servers.database_url("evaluation", "relay", name), 2),
        BusinessClock(simulated=True),
    )
    reactions = Reactions("evaluation")
    broker = Broker(servers.nats_url, "evaluation")
    inbox = Inbox(store, broker, ("review",))
    hearer = Hearer(store, inbox, Applier(store, inbox, reactions), broker, owner_url)

    @reactions.on(DraftApproved)
    async def note(event: DraftApproved, cause: Cause, work: UnitOfWork) -> None:
        effect = sa.text("insert into heard (revision) values (:revision)")
        await work.connection.execute(effect, {"revision": event.revision})
        if event.revision in hearer.poison:
            raise ValueError(f"poison {event.revision}")

    yield hearer
    if broker.faststream.config.connection_state:
        await broker.stop()
    await store.close()


@pytest.fixture
async def relay(place: Place, servers: Servers) -> AsyncIterator[Relay]:
    broker = Broker(servers.nats_url, SERVICE)
    await broker.connect()
    yield Relay(place.store, broker)
    await broker.stop()


async def write(place: Place, id: str, *notes: int) -> None:
    for note in notes:
        await place.store.execute(NOTEBOOK, id, Write("text", note), context())


async def published(jetstream: JetStreamContext) -> list[dict[str, Any]]:
    """Every message of the stream, by a plain client."""
    subscription = await jetstream.pull_subscribe("shufa.>", stream=STREAM)
    found = []
    for _ in range((await jetstream.stream_info(STREAM)).state.messages):
        [message] = await subscription.fetch(1)
        found.append(json.loads(message.data) | {"on": message.subject})
    await subscription.unsubscribe()
    return found


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


async def test_the_relay_publishes_what_the_outbox_holds_in_order(
    place: Place, relay: Relay, jetstream: JetStreamContext
) -> None:
    await write(place, "a", *range(5))
    await relay.step()
    messages = await published(jetstream)
    assert [message["id"] for message in messages] == [f"review:{TENANT}/1/{n}" for n in range(1, 6)]
    assert messages[0]["on"] == f"shufa.progress.review.DraftApproved.{TENANT}.notebook-a"
    assert await relay.step() is False
    assert len(await published(jetstream)) == 5


async def test_a_batch_sent_again_after_an_unknown_outcome_is_there_once(
    place: Place, relay: Relay, jetstream: JetStreamContext
) -> None:
    await write(place, "a", 1, 2, 3)
    await relay.step()
    assert await operate.republish(place.relay_url, tenant=TENANT, from_sequence=2) == 2
    await write(place, "a", 4)
    await relay.step()
    assert [message["sequence"] for message in await published(jetstream)] == [1, 2, 3, 4]


async def test_only_the_holder_of_the_lease_publishes(
    place: Place, relay: Relay, jetstream: JetStreamContext
) -> None:
    await write(place, "a", 1)
    other = Relay(place.store, relay.broker)
    await relay.step()
    await write(place, "a", 2)
    assert await other.step() is False
    assert len(await published(jetstream)) == 1


async def test_an_event_travels_from_a_commit_to_its_effect(
    place: Place, relay: Relay, hearer: Hearer
) -> None:
    await hearer.broker.start()
    await write(place, "a", 1, 2, 3)
    await relay.step()

    async def all_here() -> bool:
        return len(await hearer.applied()) == 3

    await until(all_here)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


async def test_events_are_applied_in_order_whatever_the_order_they_come_in(hearer: Hearer) -> None:
    for sequence in (3, 1, 2, 1, 3):
        await hearer.inbox.keep("review", approved(sequence), sequence)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]
    assert [state for _, state in await hearer.applied()] == ["applied"] * 3


async def test_a_gap_waits(hearer: Hearer) -> None:
    await hearer.inbox.keep("review", approved(1), 1)
    await hearer.inbox.keep("review", approved(3), 3)
    await hearer.apply_all()
    assert await hearer.heard() == [1]
    await hearer.inbox.keep("review", approved(2), 2)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


async def test_a_gap_is_filled_from_the_stream(place: Place, relay: Relay, hearer: Hearer) -> None:
    await write(place, "a", 1, 2, 3)
    await relay.step()
    await hearer.inbox.keep("review", approved(3, session="a"), 3)
    await hearer.broker.connect()
    assert await hearer.inbox.fetch_again("review", TENANT) == 3
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


async def test_a_poison_event_waits_with_its_key_while_others_flow(place: Place, hearer: Hearer) -> None:
    hearer.poison = {2}
    for sequence, session in ((1, "s"), (2, "s"), (3, "s"), (4, "other"), (5, "s")):
        await hearer.inbox.keep("review", approved(sequence, session=session), sequence)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 4]
    relay_url = hearer.store.relay.url.render_as_string(hide_password=False)
    [parked] = await operate.parked_list(relay_url)
    assert (parked.sequence, parked.partition_key, parked.waiting_behind) == (2, "s", 2)
    assert parked.error == "ValueError: poison 2"

    hearer.poison = set()
    assert await operate.parked_retry(relay_url, "review", TENANT, 2) == 3
    await hearer.apply_all()
    assert await hearer.heard() == [1, 4, 2, 3, 5]
    with pytest.raises(operate.NotParked):
        await operate.parked_retry(relay_url, "review", TENANT, 2)


async def test_a_dropped_event_lets_those_behind_it_go_on(hearer: Hearer) -> None:
    hearer.poison = {1}
    for sequence in (1, 2):
        await hearer.inbox.keep("review", approved(sequence), sequence)
    await hearer.apply_all()
    relay_url = hearer.store.relay.url.render_as_string(hide_password=False)
    assert await operate.parked_drop(relay_url, "review", TENANT, 1, "not ours") == 1
    await hearer.apply_all()
    assert await hearer.heard() == [2]
    assert await hearer.applied() == [(1, "dropped"), (2, "applied")]


async def test_two_replicas_share_the_work_and_each_event_has_one_effect(hearer: Hearer) -> None:
    other = Applier(hearer.store, hearer.inbox, hearer.applier.reactions)
    for tenant in (TENANT, "shanghai.other"):
        for sequence in range(1, 31):
            await hearer.inbox.keep("review", approved(sequence, tenant=tenant), sequence)

    async def all_of(applier: Applier) -> None:
        while await applier.step():
            pass

    await asyncio.gather(all_of(hearer.applier), all_of(other))
    await hearer.apply_all()
    assert sorted(await hearer.heard()) == sorted([*range(1, 31), *range(1, 31)])


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"not json", "NotACloudEvent"),
        (b'{"specversion": "1.0", "id": "x"}', "NotACloudEvent"),
        (os.urandom(64), "NotACloudEvent"),
    ],
)
async def test_what_is_no_cloudevent_is_kept_and_parked(hearer: Hearer, payload: bytes, error: str) -> None:
    await hearer.inbox.keep("review", payload, 77)
    await hearer.inbox.keep("review", payload, 77)
    relay_url = hearer.store.relay.url.render_as_string(hide_password=False)
    [parked] = await operate.parked_list(relay_url)
    assert (parked.tenant, parked.sequence) == ("", 77)
    assert parked.error.startswith(error)


async def test_an_event_of_an_unknown_version_is_parked_and_says_so(hearer: Hearer) -> None:
    event = json.loads(approved(1))
    event["type"] = event["type"].replace(".v1", ".v9")
    event["dataschema"] = event["dataschema"].replace(":1", ":9")
    await hearer.inbox.keep("review", json.dumps(event).encode(), 1)
    await hearer.inbox.keep("review", approved(2, session="other"), 2)
    await hearer.apply_all()
    relay_url = hearer.store.relay.url.render_as_string(hide_password=False)
    [parked] = await operate.parked_list(relay_url)
    assert "version 9 of DraftApproved is not known" in parked.error
    assert await hearer.heard() == [2]


async def test_an_event_of_a_simulated_clock_is_refused_by_a_real_one(hearer: Hearer) -> None:
    hearer.store.clock = BusinessClock(simulated=False)
    await hearer.inbox.keep("review", approved(1, simulated=True), 1)
    await hearer.apply_all()
    assert await hearer.heard() == []
    assert await hearer.applied() == [(1, "parked")]


async def test_the_effect_and_the_state_are_one_transaction(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hearer.inbox.keep("review", approved(1), 1)

    async def broken(*args: object) -> None:
        raise ConnectionResetError("the database went away")

    monkeypatch.setattr(hearer.applier, "_settle", broken)
    with pytest.raises(ConnectionResetError):
        await hearer.applier.step()
    assert await hearer.applied() == [(1, "waiting")]
    monkeypatch.undo()
    await hearer.apply_all()
    assert await hearer.applied() == [(1, "applied")]
