"""Relay, inbox and applier between real PostgreSQL and a real NATS server."""

from __future__ import annotations

import asyncio
import json

import pytest
import sqlalchemy as sa
from asyncpg import InsufficientPrivilegeError
from nats.js import JetStreamContext
from sqlalchemy.exc import ProgrammingError

from shared.eventstore import BusinessClock
from shared.messaging import operate
from shared.messaging.applier import Applier
from shared.messaging.relay import Relay
from tests.shared.conftest import SERVICE, TENANT, Place
from tests.shared.messaging.conftest import HEARER, Hearer, approved, published, write


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
    await hearer.has_received(3)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


async def test_events_are_applied_in_order_whatever_the_order_they_come_in(hearer: Hearer) -> None:
    await hearer.keep(3, 1, 2, 1, 3)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]
    assert [state for _, state in await hearer.applied()] == ["applied"] * 3


async def test_a_gap_waits(hearer: Hearer) -> None:
    await hearer.keep(1, 3)
    await hearer.apply_all()
    assert await hearer.heard() == [1]
    await hearer.keep(2)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


async def test_a_gap_is_filled_from_the_stream(place: Place, relay: Relay, hearer: Hearer) -> None:
    await write(place, "a", 1, 2, 3)
    await relay.step()
    await hearer.keep(3, session="a")
    await hearer.broker.connect()
    assert await hearer.inbox.fetch_again("review", TENANT) == 3
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


async def test_a_poison_event_waits_with_its_key_while_others_flow(place: Place, hearer: Hearer) -> None:
    hearer.poison = {2}
    for sequence, session in ((1, "s"), (2, "s"), (3, "s"), (4, "other"), (5, "s")):
        await hearer.keep(sequence, session=session)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 4]
    [parked] = await operate.parked_list(hearer.relay_url)
    assert (parked.sequence, parked.partition_key, parked.waiting_behind) == (2, "s", 2)
    assert parked.error == "ValueError: poison 2"

    hearer.poison = set()
    assert await operate.parked_retry(hearer.relay_url, "review", TENANT, 2) == 3
    await hearer.apply_all()
    assert await hearer.heard() == [1, 4, 2, 3, 5]
    with pytest.raises(operate.NotParked):
        await operate.parked_retry(hearer.relay_url, "review", TENANT, 2)


async def test_a_dropped_event_lets_those_behind_it_go_on(hearer: Hearer) -> None:
    hearer.poison = {1}
    await hearer.keep(1, 2)
    await hearer.apply_all()
    assert await operate.parked_drop(hearer.relay_url, "review", TENANT, 1, "not ours") == 1
    await hearer.apply_all()
    assert await hearer.heard() == [2]
    assert await hearer.applied() == [(1, "dropped"), (2, "applied")]


async def test_two_replicas_share_the_work_and_each_event_has_one_effect(hearer: Hearer) -> None:
    other = Applier(hearer.store, hearer.inbox, hearer.applier.reactions)
    for tenant in (TENANT, "shanghai.other"):
        await hearer.keep(*range(1, 31), tenant=tenant)

    async def all_of(applier: Applier) -> None:
        while await applier.step():
            pass

    await asyncio.gather(all_of(hearer.applier), all_of(other))
    await hearer.apply_all()
    for tenant in (TENANT, "shanghai.other"):
        assert await hearer.heard(tenant) == [*range(1, 31)]


@pytest.mark.parametrize(
    "payload", [b"not json", b'{"specversion": "1.0", "id": "x"}', bytes(range(0x80, 0xC0))]
)
async def test_what_is_no_cloudevent_is_kept_and_parked(hearer: Hearer, payload: bytes) -> None:
    await hearer.inbox.keep("review", payload, 77)
    await hearer.inbox.keep("review", payload, 77)
    [parked] = await operate.parked_list(hearer.relay_url)
    assert (parked.tenant, parked.sequence) == ("", 77)
    assert parked.error.startswith("NotACloudEvent")


async def test_an_event_of_an_unknown_version_is_parked_and_says_so(hearer: Hearer) -> None:
    event = json.loads(approved(1))
    event["type"] = event["type"].replace(".v1", ".v9")
    event["dataschema"] = event["dataschema"].replace(":1", ":9")
    await hearer.inbox.keep("review", json.dumps(event).encode(), 1)
    await hearer.keep(2, session="other")
    await hearer.apply_all()
    [parked] = await operate.parked_list(hearer.relay_url)
    assert "version 9 of DraftApproved is not known" in parked.error
    assert await hearer.heard() == [2]


async def test_an_event_of_a_simulated_clock_is_refused_by_a_real_one(hearer: Hearer) -> None:
    hearer.store.clock = BusinessClock(simulated=False)
    await hearer.inbox.keep("review", approved(1, simulated=True), 1)
    await hearer.apply_all()
    assert await hearer.heard() == []
    assert await hearer.applied() == [(1, "parked")]


async def test_the_effect_and_the_state_are_one_transaction(hearer: Hearer) -> None:
    await hearer.keep(1)
    await hearer.database.run(f"revoke delete on pending from {HEARER}_app")
    try:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await hearer.applier.step()  # the effect is written, and the state cannot be
        assert await hearer.heard() == []
        assert await hearer.applied() == [(1, "waiting")]
    finally:
        await hearer.database.run(f"grant delete on pending to {HEARER}_app")
    await hearer.apply_all()
    assert await hearer.heard() == [1]
    assert await hearer.applied() == [(1, "applied")]


async def test_messages_that_come_at_the_same_moment_are_kept_together(hearer: Hearer) -> None:
    await asyncio.gather(*(hearer.keep(sequence) for sequence in range(1, 101)))
    async with hearer.database.owner.connect() as connection:
        # As many transactions as there are different ones that made a row: the first did not wait for the others.
        await connection.execute(
            sa.text("select set_config('shufa.tenant', :tenant, true)"), {"tenant": TENANT}
        )
        kept = sa.text("select count(*), count(distinct xmin::text) from received")
        assert (await connection.execute(kept)).one() == (100, 2)


async def test_what_is_kept_together_is_kept_or_handed_back_together(hearer: Hearer) -> None:
    await hearer.database.run(f"revoke insert on received from {HEARER}_relay")
    try:
        came = await asyncio.gather(*(hearer.keep(n) for n in (1, 2, 3)), return_exceptions=True)
        assert [type(error) for error in came] == [InsufficientPrivilegeError] * 3
    finally:
        await hearer.database.run(f"grant insert on received to {HEARER}_relay")
    assert await hearer.applied() == []
    await hearer.keep(1, 2, 3)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 3]


@pytest.mark.parametrize(
    ("attribute", "value"), [("partitionkey", "\0"), ("epoch", 2**31), ("sequence", 2**63)]
)
async def test_what_no_database_holds_is_parked_and_keeps_nobody_waiting(
    hearer: Hearer, attribute: str, value: object
) -> None:
    event = json.loads(approved(1)) | {attribute: value}
    event["id"] = f"{SERVICE}:{TENANT}/{event['epoch']}/{event['sequence']}"
    strange = hearer.inbox.keep(SERVICE, json.dumps(event).encode(), 77)
    await asyncio.gather(hearer.keep(1), strange, hearer.keep(2))
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2]
    [parked] = await operate.parked_list(hearer.relay_url)
    assert (parked.tenant, parked.sequence) == ("", 77)


async def test_a_backlog_of_many_tenants_is_found_by_who_was_not_told_of_it(hearer: Hearer) -> None:
    tenants = [f"shanghai.t{n}" for n in range(30)]
    for tenant in tenants:
        await hearer.keep(1, 2, tenant=tenant)
    other = Applier(hearer.store, hearer.inbox, hearer.applier.reactions)
    hearer.inbox.take_arrived()
    assert await other.step()
    for tenant in tenants:
        assert await hearer.heard(tenant) == [1, 2]
    assert not await other.step()
