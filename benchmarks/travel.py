"""From a commit in one service to its effect committed in another, in two processes, beside a bare publish."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import orjson

from benchmarks import errand
from benchmarks.append import ALICE, TENANTS
from benchmarks.apply import HEARD
from benchmarks.arrival import Awaited, Times
from benchmarks.harness import Outcome, Samples
from benchmarks.stage import Database, Stage
from shared.eventstore import BusinessClock, Context, EventStore, Key
from shared.eventstore.store import engine
from shared.messaging.broker import Broker
from shared.messaging.loop import Loop
from shared.messaging.relay import Relay
from shared.messaging.topology import STREAM

A_SECOND = 50
BARE_BYTES = 900
"""About what a public event of the errand takes on the wire."""
PATIENCE_SECONDS = 60

Send = Callable[[int], Awaitable[tuple[str, float]]]
"""Sends the n-th: what it is known by at the other end, and when it was sent."""


async def run(stage: Stage) -> list[Outcome]:
    """`travel_p50_ms`, `travel_p99_ms` and `travel_vs_bare_p50`, in milliseconds."""
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    for _ in range(stage.plan.travel_rounds):
        sides = [(ours, through_services), (bare, by_nats_alone)]
        for found, side in stage.order.sample(sides, 2):
            found.append(await side(stage))
    medians, bare_medians = (Samples(tuple(map(statistics.median, rounds))) for rounds in (ours, bare))
    return [
        Outcome("travel_p50_ms", medians),
        Outcome("travel_p99_ms", Samples(tuple(statistics.quantiles(one, n=100)[98] for one in ours))),
        Outcome("travel_vs_bare_p50", medians, bare_medians),
    ]


async def through_services(stage: Stage) -> list[float]:
    """Commands in review; how long after each commit evaluation had committed what it means there."""
    review = await stage.database("review", {errand.ERRANDS: "private"})
    evaluation = await stage.database("evaluation", {HEARD: "private"})
    store = EventStore("review", engine(review.app, 3), engine(review.relay, 2), BusinessClock())
    broker = Broker(stage.servers.nats_url, "review")

    async def commit(n: int) -> tuple[str, float]:
        id = secrets.token_hex(16)
        context = Context(TENANTS[n % len(TENANTS)], ALICE, correlation=id)
        command = next(errand.commands())
        await store.execute(errand.ERRAND, id, command, context, key=Key(id, id.encode()))
        return id, time.time()

    async with stage.jetstream():
        await broker.connect()
        relay = Loop("relay", Relay(store, broker).step, store.committed)
        relay.start()
        try:
            return await _travel(stage, commit, evaluation)
        finally:
            await relay.stop()
            await broker.stop()
            await store.close()


async def by_nats_alone(stage: Stage) -> list[float]:
    """Messages of the same size, each ack awaited; how long after it was sent each was received."""
    async with stage.jetstream() as jetstream:

        async def publish(n: int) -> tuple[str, float]:
            id, sent = f"{n:08}", time.time()
            subject = f"shufa.progress.review.DraftApproved.{TENANTS[n % len(TENANTS)]}.errand-{id}"
            await jetstream.publish(subject, id.encode().ljust(BARE_BYTES), stream=STREAM)
            return id, sent

        return await _travel(stage, publish)


async def _travel(stage: Stage, send: Send, evaluation: Database | None = None) -> list[float]:
    """Send fifty a second, whatever becomes of them, to a process that notes when each arrived; milliseconds. The
    first second does not count: connections are made, statements are prepared."""
    count = round((1 + stage.plan.travel_seconds) * A_SECOND)
    awaited = Awaited(
        count=count,
        nats_url=stage.servers.nats_url,
        evaluation=evaluation,
        log=stage.servers.home.log("arrival"),
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.arrival"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(stage.plan.travel_seconds + PATIENCE_SECONDS):
            process.stdin.write(awaited.model_dump_json().encode() + b"\n")
            await process.stdout.readline()
            sending, started = [], time.perf_counter()
            for n in range(count):
                await asyncio.sleep(max(0.0, started + n / A_SECOND - time.perf_counter()))
                sending.append(asyncio.ensure_future(send(n)))
            sent = await asyncio.gather(*sending)
            said = await process.stdout.read()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError("the process at the other end did not finish; what it said is above")
    arrived: Times = orjson.loads(said)
    return [1000 * (arrived[id] - at) for id, at in sent[A_SECOND:]]
