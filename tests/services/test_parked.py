"""What an operator does about parked events over HTTP, and of whose tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from shared.eventstore import tables
from shared.eventstore.sql import read
from shared.eventstore.store import driver_of
from shared.runtime import gate, messages, problems
from shared.runtime.operations import operation_routes
from shared.security import TokenVerifier
from tests.issuing import AUDIENCE, ISSUER
from tests.services.doors import Door, Doors
from tests.shared.conftest import by_hand

DISTRICT, TOWN, ELSEWHERE = "beijing.parked", "beijing.parked.town", "beijing.parkedx"


@pytest.fixture
async def client(doors: Doors) -> AsyncIterator[httpx.AsyncClient]:
    door = doors.of["review"]
    app = FastAPI()
    problems.install(app, messages.load(["services.review"]))
    at_the_gate = gate.Gate(TokenVerifier(ISSUER, AUDIENCE, doors.issuer.url), door.store, door.hands)
    app.include_router(operation_routes(door.store, None, at_the_gate, lambda: None))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://review.test") as made:
        yield made


def operator(doors: Doors, tenant: str = DISTRICT, role: str = "operator") -> dict[str, str]:
    return doors.bearer(f"{role} of {tenant}", {"tenant": tenant, "role": role})


async def park(door: Door, tenant: str, *sequences: int) -> None:
    """The first is parked, the others wait behind it."""
    async with by_hand(door.owner_url, tenant) as connection:
        for sequence in sequences:
            place = {"source": "scheduling", "tenant": tenant, "epoch": 1, "sequence": sequence}
            await connection.execute(
                sa.delete(tables.pending).where(
                    tables.pending.c.tenant == tenant, tables.pending.c.sequence == sequence
                )
            )
            row = {**place, "name": "SessionScheduled", "partition_key": "2021-1", "payload": b"{}"}
            await connection.execute(sa.insert(tables.received).values(row))
            state = (
                {"state": "parked", "error": "ValueError: x"}
                if sequence == sequences[0]
                else {"state": "held"}
            )
            await connection.execute(sa.insert(tables.pending).values(**place, **state))


async def states(door: Door, tenant: str) -> dict[int, str]:
    async with door.store.relay.connect() as connection:
        query = sa.select(tables.pending.c.sequence, tables.pending.c.state).where(
            tables.pending.c.tenant == tenant
        )
        return {row.sequence: row.state for row in await connection.execute(query)}


async def test_an_operator_sees_and_lets_go_what_is_parked_in_the_tenants_it_looks_after(
    client: httpx.AsyncClient, doors: Doors
) -> None:
    door, headers = doors.of["review"], operator(doors)
    for tenant in (DISTRICT, TOWN, ELSEWHERE):
        await park(door, tenant, 7, 8, 9)
    seen = (await client.get("/parked", headers=headers)).json()
    assert [(one["tenant"], one["sequence"], one["waiting_behind"]) for one in seen] == [
        (DISTRICT, 7, 2),
        (TOWN, 7, 2),
    ]
    assert seen[0]["error"] == "ValueError: x"
    this: dict[str, Any] = {"source": "scheduling", "tenant": DISTRICT, "sequence": 7}
    assert (await client.post("/parked/retry", json=this, headers=headers)).json() == {"released": 3}
    assert await states(door, DISTRICT) == {7: "waiting", 8: "waiting", 9: "waiting"}
    again = await client.post("/parked/retry", json=this, headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "http.not-found")

    town = this | {"tenant": TOWN}
    assert (await client.post("/parked/drop", json=town, headers=headers)).status_code == 400, "a reason"
    blank = await client.post("/parked/drop", json=town | {"reason": "  "}, headers=headers)
    assert blank.status_code == 400
    dropped = await client.post("/parked/drop", json=town | {"reason": "not ours"}, headers=headers)
    assert dropped.json() == {"released": 2}
    assert await states(door, TOWN) == {7: "dropped", 8: "waiting", 9: "waiting"}

    other = await client.post("/parked/retry", json=this | {"tenant": ELSEWHERE}, headers=headers)
    assert other.status_code == 404
    assert (await states(door, ELSEWHERE))[7] == "parked"


@pytest.mark.parametrize("role", ["tenant_admin", "auditor", "law_office", "leader", "service"])
async def test_nobody_else_does(client: httpx.AsyncClient, doors: Doors, role: str) -> None:
    headers, this = operator(doors, role=role), {"source": "scheduling", "tenant": DISTRICT, "sequence": 7}
    assert (await client.get("/parked", headers=headers)).status_code == 403
    assert (await client.post("/parked/retry", json=this, headers=headers)).status_code == 403
    dropped = await client.post("/parked/drop", json=this | {"reason": "x"}, headers=headers)
    assert dropped.status_code == 403
    assert (await client.get("/parked")).status_code == 401


async def test_a_message_that_nobody_could_read_is_every_operator_s_to_drop(
    client: httpx.AsyncClient, doors: Doors
) -> None:
    unread = ["scheduling"], [""], [1], [77], ["?"], ["?"], [b"noise"], ["not JSON"]
    async with driver_of(doors.of["review"].store.relay) as connection:
        await connection.execute(read("keep"), *unread)
    headers = operator(doors, ELSEWHERE)
    this = {"source": "scheduling", "tenant": "", "sequence": 77}
    assert "" in [one["tenant"] for one in (await client.get("/parked", headers=headers)).json()]
    assert (await client.post("/parked/retry", json=this, headers=headers)).status_code == 404
    dropped = await client.post("/parked/drop", json=this | {"reason": "noise"}, headers=headers)
    assert dropped.json() == {"released": 0}
