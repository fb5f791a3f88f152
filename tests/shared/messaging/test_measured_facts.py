"""What was measured of NATS, nats-py, FastStream and PostgreSQL, and that we are safe against it.

Each test first shows the fact on the real thing, then what we do instead:

| fact | what we do |
|---|---|
| a publish without ``stream=`` is core NATS: no ack, no error; the ack's limit is 0.5 s | the relay asks for it, 5 s |
| FastStream's default policy rejects on any error: one hiccup loses the message | the inbox acknowledges by hand |
| a nack comes back at once, whatever the consumer's backoff says | the inbox nacks with a delay |
| a pull of more than one runs its handlers concurrently | the inbox does not care, the applier sorts |
| after max_deliver the consumer moves on | deliveries are unlimited |
| a durable that exists ignores a changed config; a second declarer overwrites the stream's | only provision declares |
| after 60 attempts nats-py gives up, its pull loop starves the event loop | no last attempt; closed is the end |
| FastStream decodes what a handler asked for as bytes | the inbox takes the message, undecoded |
| ping is true while the broker is frozen | ready is a real JetStream call |
| a publish that failed while the broker was down arrives after it is back | an event's id is always the same |
| nats-server syncs to disk every two minutes | ours always |
| an expected last sequence is checked before the id is known again | the relay expects nothing |
| after SET LOCAL a pooled connection reads '' and not NULL | own_tenant() is NULL in both |
| a superuser is above even FORCE ROW LEVEL SECURITY | a service's roles are none |
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import nats
import nats.errors
import nats.js.errors
import pytest
import sqlalchemy as sa
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.aio.client import DEFAULT_MAX_RECONNECT_ATTEMPTS
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, RawStreamMsg
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from deploy.local.waiting import free_port
from shared.eventstore.store import engine
from shared.messaging.broker import Broker
from shared.messaging.provision import consumer_config, provision, stream_config
from shared.messaging.relay import Relay
from shared.messaging.topology import LISTENS_TO, STREAM, durable
from tests.shared.conftest import SERVICE, TENANT, Place
from tests.shared.messaging.conftest import (
    HEARER,
    Hearer,
    approved,
    client,
    published,
    speaking,
    write,
)
from tests.shared.messaging.own_nats import OwnNats
from tests.shared.waiting import PATIENCE_SECONDS, until

SCRATCH = "SCRATCH"
EXISTING = JStream(SCRATCH, declare=False)
EAR = durable(HEARER, SERVICE)
SUBJECT = f"shufa.progress.{SERVICE}.DraftApproved.{TENANT}.notebook-s"


@pytest.fixture
async def scratch(servers: Servers) -> AsyncIterator[JetStreamContext]:
    """A stream that is nobody's, to show on it what others do."""
    async with client(servers.nats_url) as js:
        await js.add_stream(name=SCRATCH, subjects=["scratch.>"])
        yield js
        await js.delete_stream(SCRATCH)


@asynccontextmanager
async def faststream(url: str) -> AsyncIterator[NatsBroker]:
    """FastStream as it comes; the block declares its subscribers and starts it."""
    broker = NatsBroker(url, logger=None)
    try:
        yield broker
    finally:
        await broker.stop()


async def settled(js: JetStreamContext, stream: str, consumer: str) -> None:
    """Wait until nothing is left that the consumer would deliver."""

    async def nothing_left() -> bool:
        info = await js.consumer_info(stream, consumer)
        return not info.num_pending and not info.num_ack_pending

    await until(nothing_left)


async def test_a_publish_without_a_stream_is_never_acknowledged_and_the_relay_requires_the_ack(
    place: Place, relay: Relay, jetstream: JetStreamContext, servers: Servers, own_nats: OwnNats
) -> None:
    async with faststream(own_nats.url) as broker:
        await broker.connect()
        own_nats.freeze()
        with pytest.raises(nats.errors.TimeoutError):  # after half a second: nobody asked for one
            await broker.publish(b"late", SUBJECT, stream=STREAM)
        own_nats.thaw()

    await jetstream.delete_stream(STREAM)
    async with faststream(servers.nats_url) as broker:
        await broker.connect()
        await broker.publish(b"lost", SUBJECT)
    for note, error in ((1, nats.js.errors.NoStreamResponseError), (2, nats.errors.NoRespondersError)):
        await write(place, "a", note)  # one is published alone, two as a batch
        with pytest.raises(error):
            await relay.step()
    await provision(jetstream)
    await relay.step()
    assert [message["sequence"] for message in await published(jetstream)] == [1, 2]


async def test_the_default_policy_loses_a_message_to_one_hiccup_and_the_inbox_does_not(
    scratch: JetStreamContext, servers: Servers, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    tried = []
    async with faststream(servers.nats_url) as broker:

        @broker.subscriber("scratch.a", stream=EXISTING, durable="default", pull_sub=PullSub(timeout=0.1))
        async def handle(message: NatsMessage) -> None:
            tried.append(message.body)
            raise ConnectionResetError("the database went away for a moment")

        await broker.start()
        await scratch.publish("scratch.a", b"fact", stream=SCRATCH)
        await settled(scratch, SCRATCH, "default")
    assert tried == [b"fact"]

    await hearer.database.run(f"revoke insert on received from {HEARER}_relay")
    try:
        await hearer.broker.start()
        async with acknowledgements(jetstream) as answers:
            await jetstream.publish(SUBJECT, approved(1), stream=STREAM)
            assert (await answers()).startswith(b"-NAK")
    finally:
        await hearer.database.run(f"grant insert on received to {HEARER}_relay")
    await hearer.has_received(1)


@asynccontextmanager
async def acknowledgements(js: JetStreamContext) -> AsyncIterator[Callable[[], Any]]:
    """What consumers of the stream answer, one after the other."""
    subscription = await js._nc.subscribe(f"$JS.ACK.{STREAM}.>")

    async def next_one() -> bytes:
        data: bytes = (await subscription.next_msg(timeout=10)).data
        return data

    yield next_one
    await subscription.unsubscribe()


async def test_a_nack_comes_back_at_once_and_the_inbox_nacks_with_a_delay(
    scratch: JetStreamContext, servers: Servers, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    tried = 0
    await scratch.add_consumer(SCRATCH, durable_name="hot", ack_policy="explicit", backoff=[3600.0])
    async with faststream(servers.nats_url) as broker:

        @broker.subscriber(
            "scratch.>",
            stream=EXISTING,
            durable="hot",
            pull_sub=PullSub(timeout=0.1),
            ack_policy=AckPolicy.NACK_ON_ERROR,
        )
        async def handle(message: NatsMessage) -> None:
            nonlocal tried
            tried += 1
            if tried < 100:
                raise ValueError("not today")

        await broker.start()
        await scratch.publish("scratch.a", b"fact", stream=SCRATCH)
        await settled(scratch, SCRATCH, "hot")
    assert tried == 100, "the backoff of an hour was not asked"

    await hearer.database.run(f"revoke insert on received from {HEARER}_relay")
    try:
        await hearer.broker.start()
        async with acknowledgements(jetstream) as answers:
            await jetstream.publish(SUBJECT, approved(1), stream=STREAM)
            assert await answers() == b'-NAK {"delay": 1000000000}'  # nanoseconds
    finally:
        await hearer.database.run(f"grant insert on received to {HEARER}_relay")


async def test_a_pull_runs_its_handlers_concurrently_and_the_inbox_does_not_care(
    scratch: JetStreamContext, servers: Servers, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    handled: list[int] = []
    for _ in range(50):
        await scratch.publish("scratch.a", b"fact", stream=SCRATCH)
    async with faststream(servers.nats_url) as broker:

        @broker.subscriber("scratch.>", stream=EXISTING, durable="ear", pull_sub=PullSub(batch_size=50))
        async def handle(message: NatsMessage) -> None:
            sequence = message.raw_message.metadata.sequence.stream
            for _ in range(50 - sequence):  # the later, the quicker
                await asyncio.sleep(0)
            handled.append(sequence)

        await broker.start()
        await settled(scratch, SCRATCH, "ear")
    assert sorted(handled) == [*range(1, 51)] != handled

    await hearer.broker.start()
    for sequence in range(50, 0, -1):
        await jetstream.publish(SUBJECT, approved(sequence), stream=STREAM)
    await hearer.has_received(50)
    await hearer.apply_all()
    assert await hearer.heard() == [*range(1, 51)]


async def test_a_consumer_with_a_last_delivery_moves_on_and_ours_has_none(
    scratch: JetStreamContext, jetstream: JetStreamContext
) -> None:
    async def refused(js: JetStreamContext, stream: str, consumer: str, times: int) -> list[int]:
        subscription = await js.pull_subscribe_bind(consumer, stream)
        delivered = []
        for _ in range(times):
            [message] = await subscription.fetch(1)
            delivered.append(message.metadata.sequence.stream)
            await message.nak()
        return delivered

    await scratch.add_consumer(SCRATCH, durable_name="strict", ack_policy="explicit", max_deliver=2)
    advisories = await scratch._nc.subscribe("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>")
    await scratch.publish("scratch.a", b"fact", stream=SCRATCH)
    assert await refused(scratch, SCRATCH, "strict", 2) == [1, 1]
    await scratch.publish("scratch.a", b"another", stream=SCRATCH)
    assert await refused(scratch, SCRATCH, "strict", 2) == [2, 2]
    assert json.loads((await advisories.next_msg()).data)["stream_seq"] == 1

    await jetstream.publish(SUBJECT, approved(1), stream=STREAM)
    assert await refused(jetstream, STREAM, EAR, 5) == [1] * 5
    for service, sources in LISTENS_TO.items():
        for source in sources:
            info = await jetstream.consumer_info(STREAM, durable(service, source))
            assert info.config.max_deliver == -1


async def test_a_second_declarer_overwrites_a_stream_and_only_provision_declares_ours(
    scratch: JetStreamContext, servers: Servers, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    await scratch.update_stream(name=SCRATCH, subjects=["scratch.>"], max_msgs=7)
    await scratch.add_consumer(SCRATCH, durable_name="ear", ack_policy="explicit", max_deliver=3)
    async with faststream(servers.nats_url) as broker:

        @broker.subscriber(
            "scratch.>",
            stream=JStream(SCRATCH),
            durable="ear",
            pull_sub=PullSub(),
            config=ConsumerConfig(max_deliver=9),
        )
        async def handle(message: NatsMessage) -> None: ...

        await broker.start()
    assert (await scratch.stream_info(SCRATCH)).config.max_msgs == -1, "overwritten"
    assert (await scratch.consumer_info(SCRATCH, "ear")).config.max_deliver == 3, "ignored"

    before = (await jetstream.stream_info(STREAM)).config
    await hearer.broker.start()
    assert (await jetstream.stream_info(STREAM)).config == before
    await jetstream.update_stream(replace(stream_config(1), max_msgs=7))
    await jetstream.add_consumer(STREAM, replace(consumer_config(HEARER, SERVICE), max_deliver=3))
    await provision(jetstream)
    assert (await jetstream.stream_info(STREAM)).config == before
    assert (await jetstream.consumer_info(STREAM, EAR)).config.max_deliver == -1


async def test_a_connection_gives_up_and_its_pull_loop_starves_the_rest_and_ours_does_neither(
    own_nats: OwnNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DEFAULT_MAX_RECONNECT_ATTEMPTS == 60
    closed = asyncio.Event()
    turned = asyncio.Event()
    fetches = 0

    async def note_closed() -> None:
        closed.set()

    ours = Broker(own_nats.url, SERVICE)
    await ours.start()
    default = NatsBroker(
        own_nats.url, logger=None, max_reconnect_attempts=2, reconnect_time_wait=0, closed_cb=note_closed
    )
    subscriber = default.subscriber(
        "shufa.>", stream=JStream(STREAM, declare=False), durable="default", pull_sub=PullSub(timeout=0.1)
    )

    @subscriber
    async def handle(message: NatsMessage) -> None: ...

    await default.start()
    pull: Any = subscriber.subscription
    fetch = pull.fetch

    async def counted(**how: Any) -> list[Msg]:
        nonlocal fetches
        if closed.is_set():
            if fetches == 0:
                asyncio.get_running_loop().call_soon(turned.set)
            fetches += 1
            if fetches == 1_000:
                raise asyncio.CancelledError  # nothing else would ever end it
        messages: list[Msg] = await fetch(**how)
        return messages

    monkeypatch.setattr(pull, "fetch", counted)
    own_nats.kill()
    await asyncio.wait_for(closed.wait(), PATIENCE_SECONDS)
    await asyncio.wait_for(turned.wait(), PATIENCE_SECONDS)
    assert fetches == 1_000, "the event loop did not turn once between a thousand fetches"

    await own_nats.start()
    await until(ours.ready)
    assert ours.jetstream._nc.options["max_reconnect_attempts"] == -1
    ends: list[int] = []
    monkeypatch.setattr(os, "_exit", ends.append)
    await ours.jetstream._nc.close()
    assert ends == [70], "closed is the end of the process, unless it was asked to stop"


async def test_faststream_decodes_bytes_and_the_inbox_keeps_them_as_they_came(
    scratch: JetStreamContext, servers: Servers, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    asked_for_bytes: list[object] = []
    asked_for_any: list[object] = []
    raw: list[object] = []
    async with faststream(servers.nats_url) as broker:
        ear = partial(broker.subscriber, "scratch.*", stream=EXISTING, pull_sub=PullSub(timeout=0.1))

        @ear(durable="bytes")
        async def handle_bytes(body: bytes) -> None:
            asked_for_bytes.append(body)

        @ear(durable="any")
        async def handle_any(body: Any) -> None:
            asked_for_any.append(body)

        @ear(durable="message")
        async def handle_message(message: NatsMessage) -> None:
            raw.append(message.body)

        await broker.start()
        for sent in (b'{"a":  1}', b'"word"'):
            await scratch.publish("scratch.a", sent, stream=SCRATCH)
        for consumer in ("bytes", "any", "message"):
            await settled(scratch, SCRATCH, consumer)
    assert asked_for_any == [{"a": 1}, "word"]
    assert asked_for_bytes == [b"word"], "without its quotes; the object never came"
    assert raw == [b'{"a":  1}', b'"word"']

    spaced = json.dumps(json.loads(approved(1)), indent=3).encode()
    await hearer.broker.start()
    await jetstream.publish(SUBJECT, spaced, stream=STREAM)
    await hearer.has_received(1)
    async with hearer.store.relay.connect() as connection:
        assert bytes(await connection.scalar(sa.text("select payload from received"))) == spaced


async def test_ping_is_true_while_the_broker_is_frozen_and_ready_is_not(own_nats: OwnNats) -> None:
    broker = Broker(own_nats.url, SERVICE)
    await broker.start()
    assert await broker.ready()
    own_nats.freeze()
    assert await broker.faststream.ping(1.0)
    assert not await broker.ready()
    own_nats.thaw()
    assert await broker.ready()
    await broker.stop()


async def test_a_publish_that_failed_arrives_later_and_an_event_is_there_once(
    place: Place, own_nats: OwnNats, short_patience: None
) -> None:
    connection = await nats.connect(own_nats.url, reconnect_time_wait=0.1)
    failed_then_sent_again = {"Nats-Msg-Id": "fact"}
    async with speaking(place.store, own_nats.url) as relay:
        own_nats.kill()
        js = connection.jetstream()

        async def noticed() -> bool:
            return not connection.is_connected and not relay.broker.jetstream._nc.is_connected

        await until(noticed)
        with pytest.raises(nats.errors.TimeoutError):
            await js.publish(SUBJECT, approved(7), headers=failed_then_sent_again, timeout=0.1)
        await write(place, "a", 1)
        with pytest.raises(TimeoutError):
            await relay.step()
        await own_nats.start()

        async def both_arrived() -> bool:
            async with client(own_nats.url) as js:
                return (await js.stream_info(STREAM)).state.messages == 2

        await until(both_arrived)
        again = await js.publish(SUBJECT, approved(7), headers=failed_then_sent_again)
        assert again.duplicate
        await relay.step()
        async with client(own_nats.url) as js:
            assert sorted(message["sequence"] for message in await published(js)) == [1, 7]
    await connection.close()


async def test_nats_syncs_every_two_minutes_and_ours_always(tmp_path: Path) -> None:
    async def jetstream_of(leave_out: str) -> dict[str, Any]:
        """The JetStream settings that a server says it has, with our configuration but for some words of it."""
        server = OwnNats(tmp_path)
        child, monitoring = server.server.child(server.port), free_port()
        written = (tmp_path / "nats.conf").read_text()
        assert leave_out in written
        (tmp_path / "nats.conf").write_text(f"{written.replace(leave_out, '')}http: 127.0.0.1:{monitoring}\n")
        await server.run(child)
        async with httpx.AsyncClient() as http:
            said = (await http.get(f"http://127.0.0.1:{monitoring}/varz")).json()
        server.stop()
        settings: dict[str, Any] = said["jetstream"]["config"]
        return settings

    default = await jetstream_of(leave_out="sync_interval: always, ")
    assert default["sync_interval"] == 120 * 10**9
    assert "sync_always" not in default
    ours = await jetstream_of(leave_out="")
    assert ours["sync_always"] is True


async def test_an_expectation_is_checked_before_the_id_is_known_and_the_relay_has_none(
    place: Place, relay: Relay, jetstream: JetStreamContext, scratch: JetStreamContext
) -> None:
    again = {"Nats-Msg-Id": "fact", "Nats-Expected-Last-Subject-Sequence": "0"}
    await scratch.publish("scratch.a", b"fact", headers=again)
    with pytest.raises(nats.js.errors.BadRequestError, match="wrong last sequence"):
        await scratch.publish("scratch.a", b"fact", headers=again)
    del again["Nats-Expected-Last-Subject-Sequence"]
    assert (await scratch.publish("scratch.a", b"fact", headers=again)).duplicate

    for notes in ((1,), (2, 3)):  # one alone, two as a batch
        await write(place, "a", *notes)
        await relay.step()
    for sequence in (1, 2, 3):
        message: RawStreamMsg = await jetstream.get_msg(STREAM, sequence)
        assert message.headers is not None
        assert message.headers["Nats-Msg-Id"] == f"{SERVICE}:{TENANT}/1/{sequence}"
        assert not [name for name in message.headers if name.startswith("Nats-Expected-Last")]


async def test_a_pooled_connection_reads_an_empty_tenant_and_own_tenant_is_null(place: Place) -> None:
    await write(place, "a", 1)
    setting = sa.text("select current_setting('shufa.tenant', true)")
    own = sa.text("select own_tenant(), read_scope()")
    pool = engine(place.app_url, 1)
    async with pool.begin() as connection:
        assert await connection.scalar(setting) is None
        assert (await connection.execute(own)).one() == (None, None)
        await connection.execute(sa.text(f"set local shufa.tenant = '{TENANT}'"))
        await connection.execute(sa.text(f"set local shufa.read_scope = '{TENANT}'"))
        assert await connection.scalar(sa.text("select count(*) from events")) == 1
    async with pool.begin() as connection:
        assert await connection.scalar(setting) == ""
        assert (await connection.execute(own)).one() == (None, None)
        assert await connection.scalar(sa.text("select count(*) from events")) == 0
    await pool.dispose()


async def test_a_superuser_is_above_row_security_and_no_role_of_a_service_is(
    place: Place, servers: Servers
) -> None:
    await write(place, "a", 1)
    count = sa.text("select count(*) from events")
    database = sa.make_url(place.owner_url).database
    admin = create_async_engine(sa.make_url(servers.admin_url).set(database=database))
    async with admin.connect() as connection:
        forced = "select relforcerowsecurity from pg_class where oid = 'events'::regclass"
        assert await connection.scalar(sa.text(forced)) is True
        assert await connection.scalar(count) == 1
        above = "select count(*) from pg_roles where rolname like :role and (rolsuper or rolbypassrls)"
        assert await connection.scalar(sa.text(above), {"role": f"{SERVICE}\\_%"}) == 0
    await admin.dispose()
    for url in (place.owner_url, place.app_url):
        role = create_async_engine(url)
        async with role.connect() as connection:
            assert await connection.scalar(count) == 0
        await role.dispose()
