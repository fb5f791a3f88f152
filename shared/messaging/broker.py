"""The connection to NATS: one broker a process, set so that it never gives up silently."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass

import nats.errors
import structlog
from faststream.nats import NatsBroker
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo

from shared.messaging.topology import STREAM

log = structlog.get_logger(__name__)

READY_WITHIN_SECONDS = 1.5
"""Less than a supervisor waits for a probe: it is to hear which part does not answer."""

_CONSUMERS_A_PAGE = 256


async def _exit_when_closed() -> None:
    # A closed connection never comes back, and its pull loops would spin: end, and be started again.
    log.critical("nats.closed")
    os._exit(70)


async def _note(error: Exception) -> None:
    log.warning("nats.error", error=type(error).__name__)


@dataclass(frozen=True)
class HowFar:
    """What JetStream says of the stream and of each durable consumer, by its name."""

    messages: int
    bytes: int
    consumers: dict[str, ConsumerInfo]


async def _all_consumers(jetstream: JetStreamContext) -> dict[str, ConsumerInfo]:
    """Page by page; without those that last for one reading only."""
    found: dict[str, ConsumerInfo] = {}
    offset = 0
    while page := await jetstream.consumers_info(STREAM, offset):
        found |= {one.name: one for one in page if one.config.durable_name}
        offset += len(page)
        if len(page) < _CONSUMERS_A_PAGE:
            break
    return found


class Broker:
    """FastStream's broker and, beneath it, the JetStream context for what FastStream has no word for."""

    connect_within_seconds = 15.0
    """After a handshake that failed nats-py waits for ever: who connects is told, and tries again."""

    def __init__(self, url: str, name: str) -> None:
        self._stopping = False
        self.faststream = NatsBroker(
            url,
            name=name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=2,
            ping_interval=10,
            closed_cb=self._closed,
            error_cb=_note,
            graceful_timeout=10.0,
            logger=None,
            apply_types=False,  # a handler is given the message; solving its parameters costs a thread each
        )

    async def _closed(self) -> None:
        if not self._stopping:
            await _exit_when_closed()

    async def start(self) -> None:
        """Connect and start every subscriber. Raises when the server cannot be reached."""
        await self.faststream.start()

    async def connect(self) -> None:
        """Connect without starting subscribers. Raises TimeoutError; another try begins anew."""
        async with asyncio.timeout(self.connect_within_seconds):
            await self.faststream.connect()

    async def stop(self) -> None:
        """Stop taking, finish what was taken, leave: without a goodbye where the server is away."""
        self._stopping = True
        try:
            await self.faststream.stop()
        except (nats.errors.Error, OSError) as error:
            log.warning("nats.left", error=type(error).__name__)
            with suppress(OSError):
                await self.jetstream._nc.close()

    @property
    def jetstream(self) -> JetStreamContext:
        """JetStream on the same connection."""
        context: JetStreamContext = self.faststream.config.connection_state.stream
        return context

    async def ready(self) -> bool:
        """A real JetStream call, within a time: ping stays true when the server is frozen."""
        try:
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                await self.jetstream.stream_info(STREAM)
        except Exception:
            return False
        return True

    async def how_far(self) -> HowFar:
        """How full the stream is and how far its hearers are. Raises what JetStream says, TimeoutError in time."""
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            state = (await self.jetstream.stream_info(STREAM)).state
            consumers = await _all_consumers(self.jetstream)
        return HowFar(state.messages, state.bytes, consumers)
