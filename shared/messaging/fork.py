"""After a restore: what a service said and heard that its database, set back, does not know."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from shared.decider import Actor
from shared.eventstore import tables
from shared.eventstore.restore import AcceptRestore, LostEvent, accept
from shared.eventstore.roots import Chain, Folder, NotARoot, may_hand_over, opened
from shared.eventstore.sql import read
from shared.eventstore.store import EventStore
from shared.eventstore.unit_of_work import Answer
from shared.eventstore.verify import Seal
from shared.messaging.inbox import PULL, Inbox, received
from shared.messaging.topology import STREAM, durable, everything_from

log = structlog.get_logger(__name__)

EARLIER = timedelta(minutes=1)
"""How much earlier than need be the stream is read: clocks differ, and transactions take a while."""
FETCH_SECONDS = 5.0

Place = tuple[int, int]
"""Epoch and sequence."""


@dataclass(frozen=True)
class Behind:
    """One ledger that was set back. ``database`` and ``stream`` are the places of its last public event in either,
    ``sequence`` is that of its last event in the database, ``sealed`` what a root says beyond it, ``lost`` are the
    public events that it does not know, the first of them said at ``since``."""

    tenant: str
    sequence: int
    database: Place
    stream: Place
    sealed: Seal | None
    lost: tuple[LostEvent, ...]
    since: datetime | None

    @property
    def next_epoch(self) -> int:
        """The first epoch in which nothing was said or sealed."""
        return max(self.database[0], self.stream[0], self.sealed.epoch if self.sealed else 0) + 1

    def accepted(self, reason: str) -> AcceptRestore:
        """The command that begins it."""
        return AcceptRestore(
            epoch=self.next_epoch,
            epoch_before=self.stream[0],
            last_sequence_before=self.stream[1],
            restored_to=self.sequence,
            sealed_until=self.sealed.sequence if self.sealed else 0,
            lost=self.lost,
            reason=reason,
        )


@dataclass(frozen=True)
class _Said:
    """One public event on the stream."""

    place: Place
    event: LostEvent
    at: datetime


async def behind(
    store: EventStore, jetstream: JetStreamContext, first: Ed25519PublicKey, folder: Path
) -> list[Behind]:
    """The ledgers of a service that are behind what it has said or sealed, by tenant; none after a normal stop.

    Reads what was said since the newest event that the database knows, and the roots that it does not know, from the
    ``first`` public key on.
    """
    async with store.relay.connect() as connection:
        rows = (await connection.execute(sa.select(tables.heads))).all()
        newest = await connection.scalar(sa.text(read("newest_said")))
        known = await connection.scalar(sa.select(sa.func.max(tables.roots.c.number))) or 0
    heads = {row.tenant: row for row in rows}

    def place(tenant: str) -> Place:
        return (heads[tenant].epoch, heads[tenant].public_sequence) if tenant in heads else (1, 0)

    def end(tenant: str) -> Place:
        return (heads[tenant].epoch, heads[tenant].sequence) if tenant in heads else (1, 0)

    said: dict[str, dict[Place, _Said]] = defaultdict(dict)
    async for tenant, one in _said(jetstream, store.service, newest):
        if one.place > place(tenant):
            said[tenant][one.place] = one
    sealed = {
        tenant: seal
        for tenant, seal in (
            await asyncio.to_thread(_sealed, Folder(folder), Chain(store.service, first), known)
        ).items()
        if (seal.epoch, seal.sequence) > end(tenant)
    }
    return [
        Behind(
            tenant,
            end(tenant)[1],
            place(tenant),
            max(said[tenant], default=place(tenant)),
            sealed.get(tenant),
            tuple(said[tenant][at].event for at in sorted(said[tenant])),
            min((one.at for one in said[tenant].values()), default=None),
        )
        for tenant in sorted({*said, *sealed})
    ]


async def accept_all(store: EventStore, ledgers: list[Behind], by: Actor, reason: str) -> list[Answer]:
    """Begin a new epoch of each ledger that is behind. The answers are of those in which this did."""
    answers = [await accept(store, one.tenant, by, one.accepted(reason)) for one in ledgers]
    return [answer for answer in answers if answer is not None]


async def hear_again(store: EventStore, jetstream: JetStreamContext, inbox: Inbox) -> None:
    """Put into the inbox what it acknowledged and, set back, does not know: what was said since the newest event
    that it knows. What it knows already changes nothing."""
    async with store.relay.connect() as connection:
        rows = await connection.execute(sa.text(read("newest_heard")))
        newest: dict[str, datetime] = {row.source: row.recorded_at for row in rows}
    for source in inbox.sources:
        if source not in newest:
            consumer = await jetstream.consumer_info(STREAM, durable(store.service, source))
            if consumer.ack_floor is None or consumer.ack_floor.stream_seq == 0:
                continue  # nothing was ever acknowledged: all of it comes by itself
        async for messages in _again(jetstream, everything_from(source), newest.get(source)):
            await inbox.keep_all(
                [received(source, one.data, one.metadata.sequence.stream) for one in messages]
            )


async def _said(
    jetstream: JetStreamContext, service: str, since: datetime | None
) -> AsyncIterator[tuple[str, _Said]]:
    """Tenant and place of each public event of a service, from the headers that its relay gave it."""
    async for messages in _again(jetstream, everything_from(service), since, headers_only=True):
        for message in messages:
            id = (message.headers or {}).get("Nats-Msg-Id", "")
            if not id.startswith(f"{service}:"):
                continue  # not by our relay
            tenant, epoch, sequence = id.removeprefix(f"{service}:").split("/")
            event = LostEvent(id, message.subject.split(".")[3], message.subject)
            yield tenant, _Said((int(epoch), int(sequence)), event, message.metadata.timestamp)


def _sealed(folder: Folder, chain: Chain, known: int) -> dict[str, Seal]:
    """The last seals in the roots of the folder that the table does not know. Of those that it knows only the ones
    that hand over are read: they say what the later ones must be signed with."""
    seals: dict[str, Seal] = {}
    for number in folder.numbers():
        text = folder.read(number) or ""
        if number > known or may_hand_over(text):
            try:
                root = opened(text, chain.key_of(number), chain.service)
            except NotARoot as error:
                log.error("fork.not_a_root", root=number, error=str(error))
                continue
            seals |= root.seals if number > known else {}
            if root.next_key is not None:
                chain.handovers[number] = root.next_key
    return seals


async def _again(
    jetstream: JetStreamContext, subject: str, since: datetime | None, *, headers_only: bool = False
) -> AsyncIterator[list[Msg]]:
    """What lies on the stream under a subject since shortly before an instant, or all of it, and no longer."""
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_TIME if since else DeliverPolicy.ALL,
        opt_start_time=since - EARLIER if since else None,
        ack_policy=AckPolicy.NONE,
        headers_only=headers_only,
        mem_storage=True,
        inactive_threshold=30,
    )
    subscription = await jetstream.pull_subscribe(subject, stream=STREAM, config=config)
    try:
        waiting = (await subscription.consumer_info()).num_pending or 0
        while waiting > 0:
            messages = await subscription.fetch(min(waiting, PULL), timeout=FETCH_SECONDS)
            yield messages
            waiting -= len(messages)
    finally:
        await subscription.unsubscribe()
