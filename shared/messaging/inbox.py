"""Inbox first: a subscriber stores each message and acknowledges it; what it means is the applier's business."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import nats.errors
import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.js.api import AckPolicy as BrokerAck
from nats.js.api import ConsumerConfig, DeliverPolicy
from sqlalchemy.dialects.postgresql import insert

from shared.contracts.envelope import Attributes, CloudEvent, NotACloudEvent, Undecodable, decode
from shared.eventstore import tables
from shared.eventstore.store import EventStore
from shared.messaging.broker import Broker
from shared.messaging.topology import STREAM, durable, everything_from, of_tenant

log = structlog.get_logger(__name__)

PULL = 200
PULL_TIMEOUT_SECONDS = 1.0
AGAIN_AFTER_SECONDS = 1


async def _undecoded(message: Any) -> Any:
    """FastStream would read JSON by itself; the inbox keeps the bytes as they came."""
    return message.body


def ear(
    broker: NatsBroker, service: str, source: str
) -> Callable[[Callable[[NatsMessage], Awaitable[None]]], object]:
    """The subscriber by which a service hears a source; the consumer itself is made by ``provision``."""
    return broker.subscriber(
        everything_from(source),
        durable=durable(service, source),
        stream=JStream(STREAM, declare=False),
        pull_sub=PullSub(batch_size=PULL, timeout=PULL_TIMEOUT_SECONDS),
        ack_policy=AckPolicy.MANUAL,
        decoder=_undecoded,
        title=f"{service} hears {source}",
    )


class Inbox:
    """The ears of one service. ``stored`` is set when something new lies in the inbox."""

    def __init__(self, store: EventStore, broker: Broker, sources: tuple[str, ...]) -> None:
        self.store = store
        self.broker = broker
        self.sources = sources
        self.stored = asyncio.Event()
        for source in sources:
            self._subscribe(source)

    def _subscribe(self, source: str) -> None:
        @ear(self.broker.faststream, self.store.service, source)
        async def take(message: NatsMessage) -> None:
            sequence = message.raw_message.metadata.sequence.stream
            try:
                await self.keep(source, message.body, sequence)
            except Exception as error:
                # Never lost and never hot: the broker keeps it and gives it again in a while.
                log.warning("inbox.not_stored", source=source, error=type(error).__name__)
                await message.nack(delay=AGAIN_AFTER_SECONDS)
            else:
                await message.ack()

    async def keep(self, source: str, payload: bytes, stream_sequence: int) -> None:
        """Store one message in a transaction of its own; again is nothing. What cannot be decoded as an envelope
        is kept under tenant '' with the stream's sequence, parked."""
        row = received_row(source, payload, stream_sequence)
        table = tables.received
        async with self.store.relay.begin() as connection:
            await connection.execute(insert(table).values(**row).on_conflict_do_nothing())
            if row["tenant"]:
                start = insert(tables.applied).values(source=source, tenant=row["tenant"], epoch=row["epoch"])
                await connection.execute(start.on_conflict_do_nothing())
        self.stored.set()

    async def fetch_again(self, source: str, tenant: str) -> int:
        """Read a tenant's events of a source from the stream once more, where the inbox has a gap. How many came."""
        subscription = await self.broker.jetstream.pull_subscribe(
            of_tenant(source, tenant),
            stream=STREAM,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=BrokerAck.NONE,
                mem_storage=True,
                inactive_threshold=30,
            ),
        )
        count = 0
        try:
            with suppress(nats.errors.TimeoutError):
                while messages := await subscription.fetch(PULL, timeout=PULL_TIMEOUT_SECONDS):
                    for message in messages:
                        await self.keep(source, message.data, message.metadata.sequence.stream)
                    count += len(messages)
        finally:
            await subscription.unsubscribe()
        return count


def received_row(source: str, payload: bytes, stream_sequence: int) -> dict[str, Any]:
    """The inbox row of a message. Its data is looked at when it is applied: there its tenant's order is known."""
    try:
        event = envelope_of(payload)
    except Undecodable as error:
        log.error("inbox.undecodable", source=source, stream_sequence=stream_sequence, error=str(error))
        return {
            "source": source,
            "tenant": "",
            "epoch": 0,
            "sequence": stream_sequence,
            "name": "?",
            "partition_key": "?",
            "payload": payload,
            "state": "parked",
            "error": f"{type(error).__name__}: {error}",
        }
    return {
        "source": source,
        "tenant": event.tenant,
        "epoch": event.epoch,
        "sequence": event.sequence,
        "name": event.type.split(".")[3],
        "partition_key": event.partitionkey,
        "payload": payload,
        "state": "waiting",
    }


def envelope_of(payload: bytes) -> Attributes:
    """The envelope alone, even of an event or a version that this code does not know."""
    try:
        return decode(payload)[0]
    except NotACloudEvent:
        raise
    except Undecodable:
        return CloudEvent.model_validate_json(payload)
