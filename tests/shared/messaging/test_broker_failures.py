"""Broker, database, wire and process fail at every place between a commit and its effect elsewhere: nothing is lost,
nothing happens twice, and order holds."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from shared.contracts.envelope import encode
from shared.contracts.ledger import LedgerRestored
from shared.contracts.review import DraftApproved
from shared.eventstore import EventStore, tables
from shared.eventstore.store import engine
from shared.messaging import applier, operate
from shared.messaging.loop import Loop
from shared.messaging.provision import provision
from shared.messaging.relay import Relay
from shared.messaging.topology import STREAM
from tests.shared.conftest import SERVICE, TENANT, Place
from tests.shared.messaging.conftest import (
    HEARER,
    Hearer,
    HearerDatabase,
    approved,
    client,
    hearing,
    published,
    running,
    speaking,
    write,
    write_at_once,
)
from tests.shared.messaging.own_nats import OwnNats
from tests.shared.waiting import until
from tests.shared.wire import Moment, Wire, wire_to

SUBJECT = f"shufa.progress.{SERVICE}.DraftApproved.{TENANT}.notebook-s"


def lose(wire: Wire) -> None:
    """The server behind the wire is gone: what is connected is cut, and so is whoever comes."""
    wire.cut(lambda said: True, "before", for_good=True)
    wire.sever()


def find_again(wire: Wire) -> None:
    """The server is back."""
    wire.cut(lambda said: False, "before")
    wire.mend()


def saying(word: bytes) -> Callable[[bytes], bool]:
    """The moment at which the client says it."""
    return lambda said: word in said


async def publish(url: str, *sequences: int) -> None:
    """Review says these, by a plain client."""
    async with client(url) as js:
        for sequence in sequences:
            await js.publish(SUBJECT, approved(sequence), stream=STREAM)


async def in_stream(url: str) -> list[int]:
    """The sequences that the stream holds, in its order."""
    async with client(url) as js:
        return [message["sequence"] for message in await published(js)]


async def nothing_waits(store: EventStore) -> bool:
    """Is everything in the outbox published?"""
    outbox = tables.outbox
    unpublished = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
    async with store.relay.connect() as connection:
        return await connection.scalar(unpublished) == 0


def relaying(relay: Relay) -> Loop:
    """As a service runs it."""
    return Loop("relay", relay.step, relay.store.committed)


async def test_what_is_written_while_the_broker_is_down_is_published_when_it_is_back(
    place: Place, own_nats: OwnNats, short_patience: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = 0
    async with speaking(place.store, own_nats.url) as relay:
        step = relay.step

        async def counted() -> bool:
            nonlocal failed
            try:
                return await step()
            except TimeoutError:
                failed += 1
                raise

        async def tried_twice() -> bool:
            return failed >= 2

        async def all_published() -> bool:
            return await nothing_waits(place.store)

        monkeypatch.setattr(relay, "step", counted)
        async with running(relaying(relay)):
            await write(place, "a", 1, 2)
            await until(all_published)
            own_nats.kill()
            await write(place, "a", 3, 4, 5)
            await until(tried_twice)
            assert not await all_published()
            await own_nats.start()
            await until(all_published)
    assert await in_stream(own_nats.url) == [1, 2, 3, 4, 5]


async def test_a_broker_that_is_killed_and_started_again_loses_and_repeats_nothing(
    place: Place, own_nats: OwnNats, hearer_database: HearerDatabase, short_patience: None
) -> None:
    async with (
        speaking(place.store, own_nats.url) as relay,
        hearing(hearer_database, own_nats.url) as hearer,
    ):
        await hearer.broker.start()
        async with running(hearer.loop(), relaying(relay)):
            writing = asyncio.create_task(write_at_once(place, notebooks=8, notes=20))
            await hearer.has_heard(20)
            own_nats.kill()
            await writing
            await write(place, "afterwards", *range(20))
            await own_nats.start()
            await hearer.has_heard(180)
        assert await hearer.heard() == [*range(1, 181)]
    assert await in_stream(own_nats.url) == [*range(1, 181)]


async def test_a_service_can_leave_while_its_broker_is_away(
    own_nats: OwnNats, hearer_database: HearerDatabase
) -> None:
    async with hearing(hearer_database, own_nats.url) as hearer:
        await hearer.broker.start()
        connection = hearer.broker.jetstream._nc
        own_nats.kill()

        async def noticed() -> bool:
            return not connection.is_connected

        await until(noticed)
    assert connection.is_closed


@pytest.mark.parametrize(
    ("events", "word", "moment", "arrived"),
    [
        pytest.param(1, b"Nats-Msg-Id", "after", [1], id="the ack of one message is lost"),
        pytest.param(3, b"Nats-Batch-Commit", "after", [1, 2, 3], id="the ack of a batch is lost"),
        pytest.param(3, b"Nats-Batch-Commit", "before", [], id="the end of a batch is lost"),
        pytest.param(3, b"Nats-Batch-Sequence: 1", "during", [], id="cut while the batch is opened"),
    ],
)
async def test_what_was_sent_and_not_acknowledged_is_sent_again_and_there_once(
    place: Place,
    jetstream: JetStreamContext,
    servers: Servers,
    short_patience: None,
    events: int,
    word: bytes,
    moment: Moment,
    arrived: list[int],
) -> None:
    await write(place, "a", *range(events))
    async with wire_to(servers.nats_url) as wire, speaking(place.store, wire.url) as relay:
        wire.cut(saying(word), moment)
        with pytest.raises(TimeoutError):
            await relay.step()
        assert wire.cuts == 1
        assert [message["sequence"] for message in await published(jetstream)] == arrived

        async def all_published() -> bool:
            return await nothing_waits(place.store)

        async with running(relaying(relay)):
            await until(all_published)
    assert [message["sequence"] for message in await published(jetstream)] == [*range(1, events + 1)]


EVENTS = 8
_tenants = (f"shanghai.t{n}" for n in itertools.count())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.integers(0, EVENTS), max_size=20))
async def test_whatever_comes_in_whatever_order_and_however_often_the_effects_are_in_order_and_once(
    hearer: Hearer, history: list[int]
) -> None:
    """0 stands for a look of the applier, the rest for the arrival of that event."""
    tenant, came = next(_tenants), set[int]()
    for what in [*history, 0, *range(EVENTS, 0, -1), 0]:
        if what:
            await hearer.keep(what, tenant=tenant)
            came.add(what)
        else:
            await hearer.apply_all()
            without_gap = itertools.takewhile(came.__contains__, itertools.count(1))
            assert await hearer.heard(tenant) == [*without_gap]
    assert await hearer.heard(tenant) == [*range(1, EVENTS + 1)]


async def test_two_replicas_die_in_the_middle_of_an_event_one_after_the_other(
    hearer_database: HearerDatabase, servers: Servers, own_nats: OwnNats, short_patience: None
) -> None:
    dead: list[int] = []

    @asynccontextmanager
    async def replica(number: int) -> AsyncIterator[tuple[Hearer, Callable[[], None]]]:
        async with (
            wire_to(servers.admin_url) as database,
            wire_to(own_nats.url) as broker,
            hearing(hearer_database, broker.url, postgres_port=sa.make_url(database.url).port) as hearer,
        ):

            async def die(sequence: int) -> None:
                if sequence == 20 * (len(dead) + 1) and len(dead) < 2:
                    dead.append(number)
                    lose(database)
                    lose(broker)

            def live() -> None:
                find_again(database)
                find_again(broker)

            hearer.meanwhile = die
            await hearer.broker.start()
            async with running(hearer.loop()):
                yield hearer, live
                live()

    async def one_is_dead() -> bool:
        return len(dead) == 1

    async def the_other_is_dead() -> bool:
        return len(dead) == 2

    async with replica(0) as one, replica(1) as other:
        await publish(own_nats.url, *range(1, 31))
        await until(one_is_dead)
        await publish(own_nats.url, *range(31, 61))
        await until(the_other_is_dead)
        assert sorted(dead) == [0, 1]
        hearer, live = (one, other)[dead[0]]
        live()
        await hearer.has_heard(60)
        assert await hearer.heard() == [*range(1, 61)]


async def test_the_relay_that_holds_the_lease_dies_and_the_other_goes_on_in_order(
    place: Place, servers: Servers, jetstream: JetStreamContext, short_patience: None
) -> None:
    """It dies at the worst moment: the broker has the batch, the outbox does not say so."""

    async def all_published() -> bool:
        return await nothing_waits(place.store)

    async with wire_to(place.relay_url) as wire, speaking(place.store, servers.nats_url) as heir:
        store = EventStore(SERVICE, place.store.app, engine(wire.url, 1), place.store.clock)
        async with speaking(store, servers.nats_url) as holder:
            await write(place, "a", 1, 2, 3)
            wire.cut(saying(b"update outbox"), "before", for_good=True)
            with pytest.raises(Exception, match="connection"):
                await holder.step()
            await write(place, "a", 4, 5)
            assert await heir.step() is False, "the lease outlives its holder"
            assert not await all_published()
            async with running(relaying(heir)):
                await until(all_published)
                find_again(wire)
                await write(place, "a", 6)
                assert await holder.step() is False, "it comes back, and is not the holder any more"
                await until(all_published)
        await store.relay.dispose()
    assert [message["sequence"] for message in await published(jetstream)] == [1, 2, 3, 4, 5, 6]


async def test_two_poison_keys_wait_apart_and_a_retry_that_fails_parks_again(hearer: Hearer) -> None:
    hearer.poison = {2, 3}
    for sequence, session in enumerate("abcabcab", start=1):
        await hearer.keep(sequence, session=session)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 4, 7]

    async def parked() -> list[tuple[int, str, int]]:
        found = await operate.parked_list(hearer.relay_url)
        return [(one.sequence, one.partition_key, one.waiting_behind) for one in found]

    assert await parked() == [(2, "b", 2), (3, "c", 1)]
    assert await operate.parked_retry(hearer.relay_url, SERVICE, TENANT, 2) == 3
    await hearer.apply_all()
    assert await parked() == [(2, "b", 2), (3, "c", 1)]
    assert await hearer.heard() == [1, 4, 7]

    hearer.poison = {3, 8}
    assert await operate.parked_retry(hearer.relay_url, SERVICE, TENANT, 2) == 3
    await hearer.keep(9, session="b")
    await hearer.apply_all()
    assert await parked() == [(3, "c", 1), (8, "b", 1)]
    assert await hearer.heard() == [1, 4, 7, 2, 5]

    hearer.poison = set()
    for sequence in (8, 3):
        await operate.parked_retry(hearer.relay_url, SERVICE, TENANT, sequence)
        await hearer.apply_all()
    assert await hearer.heard() == [1, 4, 7, 2, 5, 8, 9, 3, 6]
    assert await parked() == []


async def test_everything_is_published_again_into_a_new_stream_while_live_events_go_on(
    place: Place, relay: Relay, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    await hearer.broker.start()
    async with running(hearer.loop(), relaying(relay)):
        await write_at_once(place, notebooks=4, notes=10)
        await hearer.has_heard(40)
        await jetstream.delete_stream(STREAM)  # and with it all that it knew of ids and of who has heard what
        await provision(jetstream)
        live = asyncio.create_task(write(place, "live", *range(20)))
        assert await operate.republish(place.relay_url, tenant=None, from_sequence=1) >= 40
        await live
        await hearer.has_heard(60)

        async def everything_is_there_again() -> bool:
            return {message["sequence"] for message in await published(jetstream)} == {*range(1, 61)}

        async def everything_was_heard_again() -> bool:
            ear = await jetstream.consumer_info(STREAM, f"{hearer.store.service}-from-{SERVICE}")
            return not ear.num_pending and not ear.num_ack_pending

        await until(everything_is_there_again)
        await until(everything_was_heard_again)
    await hearer.apply_all()
    assert await hearer.heard() == [*range(1, 61)]
    assert await hearer.applied() == [(sequence, "applied") for sequence in range(1, 61)]


async def test_an_inbox_without_its_database_hands_back_what_comes_and_loses_nothing(
    hearer_database: HearerDatabase, servers: Servers, jetstream: JetStreamContext
) -> None:
    async with (
        wire_to(servers.admin_url) as database,
        hearing(hearer_database, servers.nats_url, postgres_port=sa.make_url(database.url).port) as hearer,
        running(hearer.loop()),
    ):
        await hearer.broker.start()
        await publish(servers.nats_url, 1, 2, 3)
        await hearer.has_heard(3)
        lose(database)
        answers = await jetstream._nc.subscribe(f"$JS.ACK.{STREAM}.>")
        await publish(servers.nats_url, 4, 5, 6)
        for _ in range(3):
            assert (await answers.next_msg(10)).data.startswith(b"-NAK")
        find_again(database)
        await hearer.has_heard(6)
        assert await hearer.heard() == [1, 2, 3, 4, 5, 6]


async def test_an_applier_whose_connections_are_ended_by_the_database_applies_once(
    hearer: Hearer, servers: Servers
) -> None:
    end = sa.text("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = any(:roles)")
    roles = [f"{HEARER}_{role}" for role in ("app", "relay")]
    admin = create_async_engine(servers.admin_url)
    ended = 0

    async def end_them_all(sequence: int) -> None:
        nonlocal ended
        if sequence == 5 and not ended:
            async with admin.connect() as connection:
                ended = await connection.scalar(end, {"roles": roles})

    hearer.meanwhile = end_them_all
    await hearer.keep(*range(1, 11))
    async with running(hearer.loop()):
        await hearer.has_heard(10)
    await admin.dispose()
    assert ended
    assert await hearer.heard() == [*range(1, 11)]


async def test_what_is_released_while_the_applier_is_at_work_is_not_held_for_ever(hearer: Hearer) -> None:
    hearer.poison = {1}
    await hearer.keep(1)
    await hearer.apply_all()
    hearer.poison = set()
    await hearer.keep(2, session="other")
    await hearer.keep(3)
    retries: list[asyncio.Task[int]] = []

    async def release(sequence: int) -> None:
        """The operator comes when the applier knows what is parked, and has not said yet what waits behind it."""
        if sequence == 2:
            retries.append(asyncio.create_task(operate.parked_retry(hearer.relay_url, SERVICE, TENANT, 1)))
            await until(done_or_waiting)

    async def done_or_waiting() -> bool:
        async with hearer.database.owner.connect() as connection:
            waiting = await connection.scalar(sa.text("select count(*) from pg_locks where not granted"))
        return retries[0].done() or waiting > 0

    hearer.meanwhile = release
    await hearer.apply_all()
    await retries[0]
    await hearer.apply_all()
    assert await hearer.heard() == [2, 1, 3]


async def test_what_is_no_event_stays_parked_until_it_is_dropped(hearer: Hearer) -> None:
    await hearer.inbox.keep(SERVICE, b"not json", 77)
    with pytest.raises(operate.NotParked):
        await operate.parked_retry(hearer.relay_url, SERVICE, "", 77)
    assert [one.sequence for one in await operate.parked_list(hearer.relay_url)] == [77]
    await operate.parked_drop(hearer.relay_url, SERVICE, "", 77, "a stranger's")
    assert await operate.parked_list(hearer.relay_url) == []


async def test_a_gap_is_asked_for_even_where_replicas_come_between(
    hearer: Hearer, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applier, "GAP_SECONDS", 0)
    await publish(servers.nats_url, 1)
    await hearer.broker.connect()
    await hearer.keep(2)
    await hearer.applier.step()  # sees the gap
    async with hearer.store.relay.begin() as other_replica:
        await other_replica.execute(sa.select(tables.applied).with_for_update())
        await hearer.applier.step()  # sees nothing, and forgets nothing
    await hearer.applier.step()
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2]


async def test_no_service_speaks_for_another(hearer: Hearer) -> None:
    await hearer.inbox.keep("rectification", approved(1), 1)
    await hearer.apply_all()
    assert await hearer.heard() == []
    [parked] = await operate.parked_list(hearer.relay_url)
    assert (parked.source, parked.tenant) == ("rectification", "")


def said(epoch: int, sequence: int) -> bytes:
    """Review's public event of an epoch. The first of the second epoch says that the first one ended with its third."""
    restored = LedgerRestored(
        epoch_before=1, last_sequence_before=3, restored_to=2, lost=1, by="operator", reason="the disk"
    )
    approval = DraftApproved(session="s", unit="office", revision=sequence, approved_on=date(2021, 6, 1))
    return encode(
        restored if (epoch, sequence) == (2, 1) else approval,
        tenant=TENANT,
        epoch=epoch,
        sequence=sequence,
        stream="notebook-s",
        ledger=f"{SERVICE}:{TENANT}#{sequence}",
        recorded_at=datetime(2021, 6, 1, tzinfo=UTC),
        business_date=date(2021, 6, 1),
        simulated=True,
        correlation_id="test",
    )


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([(2, 3), (2, 2), (2, 1), (1, 3), (1, 2), (1, 1)], id="backwards"),
        pytest.param(
            [(1, 1), (2, 1), (2, 2), (2, 3), (1, 3), (1, 2)], id="the new epoch before the old one's end"
        ),
    ],
)
async def test_a_new_epoch_begins_when_the_last_event_of_the_old_one_is_there(
    hearer: Hearer, order: list[tuple[int, int]]
) -> None:
    for epoch, sequence in order:
        await hearer.inbox.keep(SERVICE, said(epoch, sequence), sequence)
        await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3, 2, 3]
