"""``python -m benchmarks.arrival``: the process at the other end, told by one line on stdin what to wait for. Says that
it is ready, and at the end when each thing arrived (seconds since the epoch, by its id)."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import nats
import orjson
import uvloop
from nats.aio.msg import Msg
from pydantic import BaseModel

from benchmarks.apply import Hearer, heard
from benchmarks.stage import Database, log_to
from shared.contracts.review import DraftApproved
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause
from shared.messaging.loop import Loop
from shared.messaging.topology import STREAM
from shared.runtime.collector import collect_seldom


class Awaited(BaseModel):
    """What to wait for: so many effects in evaluation's database, or, where none is named, so many bare messages."""

    count: int
    nats_url: str
    evaluation: Database | None
    log: Path


Times = dict[str, float]


def ready() -> None:
    print("ready", flush=True)


async def effects(base: Database, nats_url: str, count: int) -> Times:
    """Evaluation as it runs: inbox and applier. An effect has arrived when the step that made it has committed."""
    made, arrived = list[str](), Times()
    all_here = asyncio.Event()

    def noted(event: DraftApproved, cause: Cause) -> Row:
        made.append(event.session)
        return heard(event, cause)

    hearer = Hearer(base, nats_url, noted)

    async def step() -> bool:
        more = await hearer.applier.step()
        now = time.time()
        arrived.update((id, now) for id in made)
        made.clear()
        if len(arrived) == count:
            all_here.set()
        return more

    applier = Loop("applier", step, hearer.inbox.stored)
    await hearer.broker.start()
    applier.start()
    ready()
    await all_here.wait()
    await hearer.broker.stop()
    await applier.stop()
    await hearer.store.close()
    return arrived


async def messages(nats_url: str, count: int) -> Times:
    """A push subscription of the bare client."""
    arrived, all_here = Times(), asyncio.Event()

    async def take(message: Msg) -> None:
        arrived[message.data.decode().strip()] = time.time()
        await message.ack()
        if len(arrived) == count:
            all_here.set()

    connection = await nats.connect(nats_url)
    await connection.jetstream().subscribe("shufa.>", stream=STREAM, cb=take, manual_ack=True)
    ready()
    await all_here.wait()
    await connection.close()
    return arrived


async def main() -> None:
    told = Awaited.model_validate_json(sys.stdin.readline())
    log_to(told.log)
    collect_seldom()
    if told.evaluation:
        arrived = await effects(told.evaluation, told.nats_url, told.count)
    else:
        arrived = await messages(told.nats_url, told.count)
    print(orjson.dumps(arrived).decode())


if __name__ == "__main__":
    uvloop.run(main())
