"""Inbox first: a subscriber stores each message and acknowledges it; what it means is the applier's business."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.js.api import AckPolicy as BrokerAck
from nats.js.api import ConsumerConfig, DeliverPolicy

from shared.contracts.envelope import Attributes, CloudEvent, NotACloudEvent, Undecodable, decode
from shared.eventstore.sql import read
from shared.eventstore.store import EventStore, driver_of
from shared.messaging.broker import Broker
from shared.messaging.topology import STREAM, durable, everything_from, of_tenant

log = structlog.get_logger(__name__)

PULL = 200
PULL_TIMEOUT_SECONDS = 1.0
AGAIN_AFTER_SECONDS = 1
LARGEST_EPOCH, LARGEST_SEQUENCE = 2**31 - 1, 2**63 - 1
"""What the database's integers hold."""


async def _as_it_came(message: Any) -> Any:
    """FastStream would read JSON by itself; the inbox keeps the bytes as they came, and acknowledges."""
    return message


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
        decoder=_as_it_came,
        title=f"{service} hears {source}",
    )


@dataclass(frozen=True)
class Received:
    """A message as the inbox keeps it. ``error`` says why it is parked at once, None where it waits for its turn."""

    source: str
    tenant: str
    epoch: int
    sequence: int
    name: str
    partition_key: str
    payload: bytes
    error: str | None


_KEEP = read("keep")
_COLUMNS = [field.name for field in fields(Received)]


class Inbox:
    """The ears of one service. ``stored`` is set when something new lies in the inbox."""

    def __init__(self, store: EventStore, broker: Broker, sources: tuple[str, ...]) -> None:
        self.store = store
        self.broker = broker
        self.sources = sources
        self.stored = asyncio.Event()
        self._coming: list[tuple[Received, asyncio.Future[None]]] = []
        self._keeping = asyncio.Lock()
        self._arrived: set[tuple[str, str]] = set()
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
        """Store one message; when this returns, it is committed. Again is nothing. What cannot be decoded as an
        envelope is kept under tenant '' with the stream's sequence, parked.

        Messages that come while others are being stored are stored together, in one statement.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._coming.append((received(source, payload, stream_sequence), kept))
        async with self._keeping:
            if not kept.done():
                await self._keep_all_that_came()
        await kept

    async def _keep_all_that_came(self) -> None:
        coming, self._coming = self._coming, []
        try:
            await self.keep_all([message for message, _ in coming])
        except BaseException as error:
            for _, kept in coming:
                kept.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            for _, kept in coming:
                kept.set_result(None)

    async def keep_all(self, messages: Sequence[Received]) -> None:
        """Store messages in one statement, all or none. What is there already stays as it is."""
        columns = [[getattr(message, name) for message in messages] for name in _COLUMNS]
        async with driver_of(self.store.relay) as connection:
            await connection.fetch(_KEEP, *columns)
        self._arrived |= {(message.source, message.tenant) for message in messages if message.error is None}
        self.stored.set()

    def take_arrived(self) -> set[tuple[str, str]]:
        """Of which source and tenant something came since this was asked last."""
        arrived, self._arrived = self._arrived, set()
        return arrived

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
            with suppress(TimeoutError):  # nats-py raises its own or asyncio's
                while messages := await subscription.fetch(PULL, timeout=PULL_TIMEOUT_SECONDS):
                    await asyncio.gather(
                        *(self.keep(source, one.data, one.metadata.sequence.stream) for one in messages)
                    )
                    count += len(messages)
        finally:
            await subscription.unsubscribe()
        return count


def received(source: str, payload: bytes, stream_sequence: int) -> Received:
    """A message as it is kept. Its data is looked at when it is applied: there its tenant's order is known."""
    try:
        event = envelope_of(payload)
        if event.source != f"/shufa/{source}":
            raise NotACloudEvent("is not who speaks here", "source")
        if event.epoch > LARGEST_EPOCH or event.sequence > LARGEST_SEQUENCE or "\0" in event.partitionkey:
            raise NotACloudEvent("holds what no ledger has", "payload")
    except Undecodable as error:
        log.error("inbox.undecodable", source=source, stream_sequence=stream_sequence, error=str(error))
        reason = f"{type(error).__name__}: {error}"
        return Received(source, "", 0, stream_sequence, "?", "?", payload, reason)
    return Received(
        source,
        event.tenant,
        event.epoch,
        event.sequence,
        event.type.split(".")[3],
        event.partitionkey,
        payload,
        None,
    )


def envelope_of(payload: bytes) -> Attributes:
    """The envelope alone, even of an event or a version that this code does not know."""
    try:
        return decode(payload)[0]
    except NotACloudEvent:
        raise
    except Undecodable:
        return CloudEvent.model_validate_json(payload)
