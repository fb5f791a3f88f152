"""What a service says of itself while its broker stands still: not ready, in time, and which part it is."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from shared.runtime import measuring
from shared.runtime.gate import Gate
from shared.runtime.operations import operation_routes
from shared.security.tokens import TokenVerifier
from tests.shared.conftest import SERVICE
from tests.shared.messaging.conftest import HEARER, Hearer, HearerDatabase, hearing
from tests.shared.messaging.own_nats import OwnNats
from tests.shared.waiting import until

PATIENCE_OF_A_PROBE = 10.0
"""Long enough for a busy machine, and far from what a question to a frozen server would take: for ever."""


@asynccontextmanager
async def asking(hearer: Hearer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the operator's routes of a service."""
    nobody = TokenVerifier("https://issuer.example", "shufa", "https://issuer.example/jwks.json")
    app = FastAPI()
    app.include_router(operation_routes(hearer.store, hearer.broker, Gate(nobody, hearer.store), None))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://service.test", timeout=PATIENCE_OF_A_PROBE
    ) as client:
        yield client
    await nobody.close()


def gauge(name: str, **labels: str) -> float | None:
    """What a gauge shows; None where there is no such series."""
    return REGISTRY.get_sample_value(name, labels)


async def test_a_frozen_broker_shows_and_so_does_its_thaw(
    own_nats: OwnNats, hearer_database: HearerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "FRESH_SECONDS", 0.0)
    # Not started: nobody has set the simulated day, and a service asks for it.
    await hearer_database.run("insert into business_day (today) values ('2021-06-01') on conflict do nothing")
    async with hearing(hearer_database, own_nats.url) as hearer, asking(hearer) as client:
        await hearer.broker.start()

        async def ready() -> tuple[int, dict[str, Any]]:
            answer = await client.get("/readyz")
            return answer.status_code, answer.json()

        assert await ready() == (200, {"database": True, "broker": True, "ledger": True})
        assert (await client.get("/metrics")).status_code == 200
        assert gauge("shufa_answers", part="broker") == 1
        assert gauge("shufa_consumer_pending_events", source=SERVICE, hearer=HEARER) == 0

        own_nats.freeze()
        assert await ready() == (503, {"database": True, "broker": False, "ledger": True})
        told = await client.get("/metrics")
        assert told.status_code == 200, "what can be told is told"
        assert gauge("shufa_answers", part="broker") == 0
        assert gauge("shufa_answers", part="database") == 1
        assert gauge("shufa_consumer_pending_events", source=SERVICE, hearer=HEARER) is None
        assert math.isnan(gauge("shufa_stream_messages") or 0.0), "no old number passes for a new one"

        own_nats.thaw()

        async def ready_again() -> bool:
            return (await ready())[0] == 200

        await until(ready_again)
        await client.get("/metrics")
        assert gauge("shufa_answers", part="broker") == 1
        assert gauge("shufa_consumer_pending_events", source=SERVICE, hearer=HEARER) == 0


async def test_a_question_that_hangs_is_not_asked_again_before_it_has_ended() -> None:
    asked, release = 0, asyncio.Event()

    async def hang() -> None:
        nonlocal asked
        asked += 1
        await release.wait()

    question = measuring.Asked(hang, within=0.01)
    assert [await question.answered() for _ in range(3)] == [False, False, False]
    assert asked == 1
    release.set()
    assert await question.answered()
    assert await question.answered()
    assert asked == 2
