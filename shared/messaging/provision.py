"""``python -m shared.messaging.provision``: makes the stream and every consumer what topology.py says. Idempotent."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from shared.messaging.topology import (
    DUPLICATE_WINDOW_SECONDS,
    LARGEST_MESSAGE,
    LISTENS_TO,
    STREAM,
    SUBJECTS,
    durable,
    everything_from,
    heard_by_subscriber,
)

CONNECT_WITHIN_SECONDS = 15.0


def stream_config(replicas: int) -> StreamConfig:
    """The stream: kept whole, written to disk, no direct reads, atomic batches."""
    return StreamConfig(
        name=STREAM,
        subjects=SUBJECTS,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        num_replicas=replicas,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        max_msg_size=LARGEST_MESSAGE,
        allow_direct=False,
        allow_atomic=True,
    )


def consumer_config(service: str, source: str) -> ConsumerConfig:
    """A service's ear: everything of one source, delivered until the inbox has it."""
    return _kept(durable(service, source), everything_from(source))


def _kept(name: str, subjects: str) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        filter_subject=subjects,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=30,
        max_deliver=-1,
        max_ack_pending=5_000,
    )


async def provision(jetstream: JetStreamContext, replicas: int = 1) -> None:
    """Create what is missing and bring what is there up to the configuration."""
    try:
        await jetstream.stream_info(STREAM)
        await jetstream.update_stream(stream_config(replicas))
    except NotFoundError:
        await jetstream.add_stream(stream_config(replicas))
    for service, sources in LISTENS_TO.items():
        for source in sources:
            await jetstream.add_consumer(STREAM, consumer_config(service, source))


async def admit(url: str, name: str, tenant: str) -> None:
    """Make the consumers of a subscriber outside, from the first event on; those that are there stay where they are."""
    async with _jetstream(url) as jetstream:
        for consumer, subjects in heard_by_subscriber(name, tenant).items():
            await jetstream.add_consumer(STREAM, _kept(consumer, subjects))


async def dismiss(url: str, name: str, tenant: str) -> None:
    """Take a subscriber's consumers away."""
    async with _jetstream(url) as jetstream:
        for consumer in heard_by_subscriber(name, tenant):
            with suppress(NotFoundError):
                await jetstream.delete_consumer(STREAM, consumer)


@asynccontextmanager
async def _jetstream(url: str) -> AsyncIterator[JetStreamContext]:
    # nats-py waits for ever after a handshake that failed, for a certificate that nobody vouches for, say.
    async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
        connection = await nats.connect(url, connect_timeout=5, max_reconnect_attempts=1)
    try:
        yield connection.jetstream(timeout=10)
    finally:
        await connection.close()


async def main() -> int:
    """Provision the server at SHUFA_NATS_URL with SHUFA_NATS_REPLICAS (1 where not set)."""
    url = os.environ.get("SHUFA_NATS_URL")
    if not url:
        print("provision: SHUFA_NATS_URL is not set", file=sys.stderr)
        return 2
    async with _jetstream(url) as jetstream:
        await provision(jetstream, int(os.environ.get("SHUFA_NATS_REPLICAS", "1")))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
