"""Carries the outbox to JetStream in order: one relay a service at a time, by atomic batch, every ack awaited."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import CONTRACTS
from shared.contracts.envelope import enclose
from shared.eventstore import tables
from shared.eventstore.sql import read
from shared.eventstore.store import EventStore, driver_of
from shared.messaging.broker import Broker
from shared.messaging.loop import all_of
from shared.messaging.topology import STREAM, subject
from shared.observability.metrics import PUBLISHED

log = structlog.get_logger(__name__)

BATCH = 1000
"""The most that JetStream takes in one atomic batch."""
BATCHES = 10
"""The most that are sent in one step: who stops the relay waits for them."""
PUBLISH_TIMEOUT_SECONDS = 5.0
LEASE_SECONDS = 5
DUPLICATE_IN_BATCH = 10201


class Waiting(NamedTuple):
    """A row of the outbox, as far as its message is made of it: the columns of unpublished.sql, in its order."""

    position: int
    tenant: str
    epoch: int
    sequence: int
    ledger_sequence: int
    stream: str
    name: str
    version: int
    partition_key: str
    data: str
    metadata: str
    recorded_at: datetime


_WAITING, _PUBLISHED = read("unpublished"), read("published")


class Outgoing(NamedTuple):
    """One message: its id is the event's, so that the broker knows it when it comes twice."""

    id: str
    subject: str
    payload: bytes


class NotPublished(ConnectionError):
    """The broker did not take a batch; whether it has it is unknown, and it is sent again."""


class DuplicateInBatch(Exception):
    """The broker has seen a message of this batch: send them one by one."""


class Relay:
    """The relay of one service. ``step`` publishes some batches and answers whether there may be more."""

    def __init__(self, store: EventStore, broker: Broker) -> None:
        self.store = store
        self.broker = broker
        self._alone = store.relay.execution_options(isolation_level="AUTOCOMMIT")
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held_until = 0.0

    @property
    def holds_lease(self) -> bool:
        """Is this the one active relay of the service now?"""
        return asyncio.get_running_loop().time() < self._held_until

    async def step(self) -> bool:
        """Publish what is waiting, oldest first. Takes what is unpublished and never remembers a position: the order of
        commits is not the order of positions. While a batch is on its way the one before it is marked, and the next
        one is looked for."""
        if not await self._hold_lease():
            return False
        sent: Sequence[Waiting] = ()
        rows = await self._mark_and_look((), ())
        for _ in range(BATCHES):
            if not rows or not await self._hold_lease():
                break
            _, following = await all_of([self._publish(rows), self._mark_and_look(sent, rows)])
            sent, rows = rows, following
        await self._mark(sent)
        return bool(rows)

    async def _mark_and_look(
        self, sent: Sequence[Waiting], on_its_way: Sequence[Waiting]
    ) -> Sequence[Waiting]:
        """Mark what was sent; then what waits besides the batch on its way, which took all unless it is full."""
        await self._mark(sent)
        if 0 < len(on_its_way) < BATCH:
            return ()
        async with driver_of(self.store.relay) as connection:
            found = await connection.fetch(_WAITING, [row.position for row in on_its_way], BATCH)
        return [Waiting._make(row) for row in found]

    async def _mark(self, sent: Sequence[Waiting]) -> None:
        if sent:
            async with driver_of(self.store.relay) as connection:
                await connection.fetch(_PUBLISHED, [row.position for row in sent])
            PUBLISHED.inc(len(sent))

    async def _hold_lease(self) -> bool:
        if self.holds_lease:
            return True
        now = asyncio.get_running_loop().time()
        async with self._alone.connect() as connection:
            held = await take_lease(connection, "relay", self.holder, LEASE_SECONDS)
        # Renewed well before it ends; a relay that was frozen beyond it finds another holder.
        self._held_until = now + LEASE_SECONDS / 2 if held else 0.0
        return held

    async def _publish(self, rows: Sequence[Waiting]) -> None:
        if len(rows) > 1:
            try:
                await self._publish_batch(rows)
                return
            except DuplicateInBatch:
                log.info("relay.duplicate_in_batch", messages=len(rows))
        for row in rows:
            message = outgoing(self.store.service, row)
            ack = await self.broker.jetstream.publish(
                message.subject,
                message.payload,
                stream=STREAM,
                timeout=PUBLISH_TIMEOUT_SECONDS,
                headers={"Nats-Msg-Id": message.id},
            )
            if ack.stream != STREAM:
                raise NotPublished(f"acknowledged by {ack.stream}")

    async def _publish_batch(self, rows: Sequence[Waiting]) -> None:
        """All or nothing: the first message opens the batch, the last commits it and is acknowledged."""
        connection = self.broker.jetstream._nc
        batch = secrets.token_hex(16)
        last = len(rows)
        for n, row in enumerate(rows, start=1):
            message = outgoing(self.store.service, row)  # one at a time: a thousand of them are much memory
            headers = {"Nats-Msg-Id": message.id, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(n)}
            if n == last:
                headers["Nats-Batch-Commit"] = "1"
            if n in (1, last):
                reply = await connection.request(
                    message.subject, message.payload, timeout=PUBLISH_TIMEOUT_SECONDS, headers=headers
                )
                self._check(reply.data, committed=n == last, messages=last)
            else:
                await connection.publish(message.subject, message.payload, headers=headers)

    @staticmethod
    def _check(data: bytes, committed: bool, messages: int) -> None:
        answer: dict[str, Any] = orjson.loads(data) if data else {}
        if error := answer.get("error"):
            if error.get("err_code") == DUPLICATE_IN_BATCH:
                raise DuplicateInBatch
            raise NotPublished(f"{error.get('err_code')}: {error.get('description')}")
        if committed and (answer.get("stream") != STREAM or answer.get("count") != messages):
            raise NotPublished("the batch was not acknowledged as a whole")


def outgoing(service: str, row: Waiting) -> Outgoing:
    """An outbox row as a message."""
    metadata = orjson.loads(row.metadata)
    return Outgoing(
        id=f"{service}:{row.tenant}/{row.epoch}/{row.sequence}",
        subject=subject(service, row.name, row.version, row.tenant, row.stream),
        payload=enclose(
            CONTRACTS[row.name, row.version],
            row.data,
            row.partition_key,
            tenant=row.tenant,
            epoch=row.epoch,
            sequence=row.sequence,
            stream=row.stream,
            ledger=f"{service}:{row.tenant}#{row.ledger_sequence}",
            recorded_at=row.recorded_at,
            business_date=date.fromisoformat(metadata["business_date"]),
            simulated=metadata["simulated"],
            correlation_id=metadata["correlation"],
            causation_id=metadata["causation"],
            traceparent=metadata.get("traceparent"),
        ),
    )


async def take_lease(connection: AsyncConnection, name: str, holder: str, seconds: int) -> bool:
    """Take or renew a lease by system time; False where somebody else holds it."""
    table = tables.leases
    until = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    taking = insert(table).values(name=name, holder=holder, until=until)
    taking = taking.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": taking.excluded.holder, "until": taking.excluded.until},
        where=(table.c.holder == holder) | (table.c.until < sa.func.clock_timestamp()),
    )
    return (await connection.execute(taking.returning(table.c.holder))).first() is not None
