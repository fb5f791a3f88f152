"""An outbox carried to JetStream, beside the same messages sent by bare atomic batches."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.js import JetStreamContext

from benchmarks.harness import Outcome, Watch
from benchmarks.peers import atomic_batch
from benchmarks.stage import Database, Stage, expect, superuser
from shared.contracts.review import DraftApproved
from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.store import engine
from shared.messaging.broker import Broker
from shared.messaging.relay import BATCH, Relay, outgoing
from shared.messaging.topology import STREAM

TENANTS = 16


@dataclass(frozen=True)
class OutboxRow:
    """An outbox row as the append function writes it."""

    tenant: str
    sequence: int
    stream: str
    data: str
    metadata: str
    recorded_at: datetime
    position: int = 0
    epoch: int = 1
    ledger_sequence: int = 1
    name: str = "DraftApproved"
    version: int = 1
    partition_key: str = "2021-1"


def outbox_rows(lap: str, count: int) -> list[OutboxRow]:
    """Public events of sixteen tenants; no two laps have one in common, or the broker would know it again."""
    now = datetime.now(UTC)
    metadata: dict[str, object] = {
        "actor": {"id": "alice", "name": "Alice"},
        "business_date": now.date().isoformat(),
        "causation": None,
        "command": "approve-draft",
        "correlation": "b2c0a1f4d5e64b6f8a7c9d0e1f203142",
        "policy": [],
        "simulated": False,
    }
    rows = []
    for n in range(count):
        event = DraftApproved(session="2021-1", unit=f"u{n}", revision=1 + n, approved_on=now.date())
        rows.append(
            OutboxRow(
                tenant=f"shanghai.{lap}.t{n % TENANTS}",
                sequence=1 + n // TENANTS,
                stream=f"draft-2021-1-u{n}",
                data=event.model_dump_json(),
                metadata=json.dumps(metadata, separators=(",", ":")),
                recorded_at=now,
            )
        )
    return rows


async def fill(base: Database, rows: list[OutboxRow]) -> None:
    """Put rows into the outbox."""
    columns = [name for name in OutboxRow.__dataclass_fields__ if name != "position"]
    async with superuser(base) as connection:
        records = [tuple(getattr(row, name) for name in columns) for row in rows]
        await connection.copy_records_to_table("outbox", records=records, columns=columns)
        await connection.execute("analyze outbox")


async def run(stage: Stage) -> list[Outcome]:
    """`relay_vs_atomic_batch`: messages a second, every batch acknowledged by the server."""
    base = await stage.database("review")
    store = EventStore("review", engine(base.app, 1), engine(base.relay, 2), BusinessClock())
    broker = Broker(stage.servers.nats_url, "review")
    await broker.connect()
    relay = Relay(store, broker)
    laps = itertools.count(1)
    async with stage.jetstream() as jetstream:

        async def ours(watch: Watch, count: int = stage.plan.messages) -> int:
            await fill(base, outbox_rows(f"a{next(laps)}", count))
            before = await messages(jetstream)
            with watch:
                while await relay.step():
                    pass
            return expect(count, await messages(jetstream) - before)

        async def bare(watch: Watch, count: int = stage.plan.messages) -> int:
            rows: list[Any] = outbox_rows(f"b{next(laps)}", count)
            ready = [outgoing("review", row) for row in rows]
            batches = [
                [(one.subject, one.payload, {"Nats-Msg-Id": one.id}) for one in ready[n : n + BATCH]]
                for n in range(0, count, BATCH)
            ]
            before = await messages(jetstream)
            with watch:
                for batch in batches:
                    await atomic_batch.publish(jetstream._nc, batch)
            return expect(count, await messages(jetstream) - before)

        for side in (ours, bare):
            await side(Watch(), BATCH)
        found = await stage.in_turns({"ours": ours, "bare": bare})
    await broker.stop()
    await store.close()
    return [Outcome("relay_vs_atomic_batch", found["ours"], found["bare"])]


async def messages(jetstream: JetStreamContext) -> int:
    """How many messages the stream holds."""
    return (await jetstream.stream_info(STREAM)).state.messages
