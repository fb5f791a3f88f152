"""A role is granted and taken back in scheduling, and every other service goes by it, by way of the real broker."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx
import nats
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from nats.js.errors import NotFoundError
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.scheduling.domain.roles import access_id
from shared.eventstore import tables
from shared.eventstore.store import driver_of
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.provision import provision
from shared.messaging.relay import Relay
from shared.messaging.topology import LISTENS_TO, STREAM
from shared.runtime import gate, messages, problems
from shared.runtime.operations import operation_routes
from shared.security import TokenVerifier
from tests.issuing import AUDIENCE, ISSUER
from tests.services.doors import Door, Doors
from tests.services.scheduling.telling import TODAY
from tests.shared.waiting import until

_numbers = itertools.count(1)

OTHERS = ("review", "rectification", "evaluation")
ASKED = {
    "review": "drafts",
    "rectification": "case-register",
    "evaluation": "sheets",
    "scheduling": "sessions",
}


@dataclass
class Town:
    """A tenant of a test's own, administered by somebody by their token."""

    doors: Doors
    tenant: str
    relay: Relay
    appliers: dict[str, Applier]
    keyed: int = 0
    admin: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.admin = {"tenant": self.tenant, "role": "tenant_admin"}

    @property
    def scheduling(self) -> Door:
        return self.doors.of["scheduling"]

    async def command(self, stream: str, command: str, **body: Any) -> httpx.Response:
        self.keyed += 1
        headers = self.doors.bearer("town-admin", self.admin) | {"Idempotency-Key": str(self.keyed)}
        address = f"/tenants/{self.tenant}/{stream}/{command}"
        return await self.scheduling.client.post(address, json=body, headers=headers)

    async def access(self, person: str, command: str, **body: Any) -> None:
        """One command on a person's roles; it is accepted."""
        stream = f"access/{access_id(person)}"
        answer = await self.command(stream, command, person=person, reason="示例理由", **body)
        assert answer.status_code == 200, answer.text

    async def asked(self, name: str, person: str, *grants: dict[str, Any]) -> int:
        """What a service answers this person, who has such a token."""
        headers = self.doors.bearer(person, *grants)
        client = self.doors.of[name].client
        return (await client.get(f"/tenants/{self.tenant}/{ASKED[name]}", headers=headers)).status_code

    async def everywhere(self, person: str, *grants: dict[str, Any]) -> set[int]:
        return {await self.asked(name, person, *grants) for name in ASKED}

    async def carry(self) -> None:
        """Let scheduling say what it has to say, and every other service apply it."""
        while await self.relay.step():
            pass
        said = await _sequence(self.scheduling, self.tenant)

        async def applied() -> bool:
            for applier in self.appliers.values():
                while await applier.step():
                    pass
            heard = [await _applied(self.doors.of[name], self.tenant) for name in OTHERS]
            return all(one >= said for one in heard)

        await until(applied)

    def wait(self) -> None:
        """The time for which a gate believes what it knew passes."""
        for door in self.doors.of.values():
            door.hands.now += gate.KNOWN_SECONDS


async def _sequence(door: Door, tenant: str) -> int:
    async with door.store.relay.connect() as connection:
        table = tables.heads
        query = sa.select(table.c.public_sequence).where(table.c.tenant == tenant)
        return await connection.scalar(query) or 0


async def _applied(door: Door, tenant: str) -> int:
    async with door.store.relay.connect() as connection:
        table = tables.applied
        query = sa.select(table.c.sequence).where(table.c.tenant == tenant, table.c.source == "scheduling")
        return await connection.scalar(query) or 0


@asynccontextmanager
async def day(door: Door, later: int) -> AsyncIterator[None]:
    """A service lives some days later, for the length of the block."""

    async def live_on(on: date) -> None:
        async with door.store.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=on))
        door.hands.now += gate.KNOWN_SECONDS

    await live_on(TODAY + timedelta(days=later))
    try:
        yield
    finally:
        await live_on(TODAY)


@pytest.fixture(scope="module")
async def carriers(doors: Doors, servers: Servers) -> AsyncIterator[tuple[Relay, dict[str, Applier]]]:
    """Scheduling's relay on an empty stream, and what applies it in every other service."""
    connection = await nats.connect(servers.nats_url)
    js = connection.jetstream()
    with suppress(NotFoundError):
        await js.delete_stream(STREAM)
    await provision(js)
    await connection.close()
    async with AsyncExitStack() as stack:

        def broker(name: str) -> Broker:
            one = Broker(servers.nats_url, name)
            stack.push_async_callback(one.stop)
            return one

        speaking = broker("scheduling")
        await speaking.connect()
        appliers = {}
        for name in OTHERS:
            door, hearing = doors.of[name], broker(name)
            inbox = Inbox(door.store, hearing, LISTENS_TO[name])
            appliers[name] = Applier(door.store, inbox, door.service.reactions)
            await hearing.start()
        yield Relay(doors.of["scheduling"].store, speaking), appliers


@pytest.fixture
async def town(doors: Doors, carriers: tuple[Relay, dict[str, Applier]]) -> Town:
    made = Town(doors, f"chongqing.t{next(_numbers)}", *carriers)
    body = {"name": "示例镇", "tier": "town", "official_order": 1}
    assert (await made.command("tenant/self", "register-tenant", **body)).status_code == 200
    return made


async def test_a_role_is_granted_used_and_taken_back_everywhere(town: Town) -> None:
    office = {"name": "示例·甲", "role": "law_office", "unit": "sifasuo"}
    assert await town.everywhere("u-7") == {403}
    await town.access("u-7", "grant-role", **office)
    await town.carry()
    town.wait()
    assert {await town.asked(name, "u-7") for name in ("scheduling", "review", "rectification")} == {200}
    await town.access("u-7", "revoke-role", role="law_office")
    await town.carry()
    town.wait()
    assert await town.everywhere("u-7") == {403}


async def test_what_only_a_token_gives_is_taken_back_before_the_token_expires(town: Town) -> None:
    stolen = {"tenant": town.tenant, "role": "law_office", "unit": "sifasuo"}
    assert await town.asked("review", "Stolen|7", stolen) == 200
    await town.access("Stolen|7", "revoke-role", role="law_office")
    assert await town.asked("review", "Stolen|7", stolen) == 200, "review has not heard of it yet"
    await town.carry()
    assert await town.asked("review", "Stolen|7", stolen) == 200, "it believes what it knew for two seconds"
    town.wait()
    assert await town.everywhere("Stolen|7", stolen) == {403}
    elsewhere = stolen | {"tenant": f"{town.tenant}.village"}
    headers = town.doors.bearer("Stolen|7", elsewhere)
    answer = await town.doors.of["review"].client.get(
        f"/tenants/{elsewhere['tenant']}/drafts", headers=headers
    )
    assert answer.status_code == 200, "another tenant's grant is another tenant's to take back"
    await town.access("Stolen|7", "grant-role", name="示例·乙", role="law_office", unit="sifasuo")
    await town.carry()
    town.wait()
    assert await town.asked("review", "Stolen|7", stolen) == 200


async def test_a_grant_holds_from_its_first_day_to_its_last_in_every_service(town: Town) -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    dates = {"valid_from": tomorrow, "valid_until": tomorrow}
    await town.access("u-8", "grant-role", name="示例·丙", role="inspector", **dates)
    await town.carry()
    town.wait()
    assert await town.asked("review", "u-8") == 403
    async with day(town.doors.of["review"], 1):
        assert await town.asked("review", "u-8") == 200
    async with day(town.doors.of["review"], 2):
        assert await town.asked("review", "u-8") == 403


async def test_the_administrator_sees_who_holds_what(town: Town) -> None:
    await town.access("u-9", "grant-role", name="示例·丁", role="auditor", valid_until=TODAY.isoformat())
    headers = town.doors.bearer("town-admin", town.admin)
    client = town.scheduling.client
    [row] = (await client.get(f"/tenants/{town.tenant}/granted-roles", headers=headers)).json()["items"]
    assert (row["person"], row["role"], row["given_by"], row["in_force"]) == (
        "u-9",
        "auditor",
        "town-admin",
        True,
    )
    assert await town.asked("scheduling", "u-9") == 200
    answer = await town.command(
        "access/town-admin", "grant-role", person="town-admin", name="x", role="leader", reason="x"
    )
    assert answer.json()["code"] == "scheduling.grant-to-oneself"


async def test_who_looks_after_the_services_does_so_by_the_tokens_word_until_that_is_taken_back(
    town: Town,
) -> None:
    door, woken = town.scheduling, []
    at_the_gate = gate.Gate(TokenVerifier(ISSUER, AUDIENCE, town.doors.issuer.url), door.store, door.hands)
    app = FastAPI()
    problems.install(app, messages.load(["services.scheduling"]))
    app.include_router(operation_routes(door.store, None, at_the_gate, lambda: woken.append(1)))  # type: ignore[arg-type]
    operator = {"tenant": town.tenant, "role": "operator"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://scheduling.test"
    ) as client:

        async def clock(person: str, *grants: dict[str, Any]) -> int:
            return (await client.get("/clock", headers=town.doors.bearer(person, *grants))).status_code

        assert await clock("u-11", operator) == 200
        assert await clock("u-11", operator | {"role": "tenant_admin"}) == 403
        await town.access("u-12", "grant-role", name="示例·己", role="operator")
        assert await clock("u-12") == 403, "the services belong to no tenant: none gives that"
        await town.access("u-11", "revoke-role", role="operator")
        assert await clock("u-11", operator) == 200
        headers = town.doors.bearer("u-13", operator)
        assert (
            await client.post("/clock", json={"today": TODAY.isoformat()}, headers=headers)
        ).status_code == 200
        assert woken == [1]
        assert await clock("u-11", operator) == 403, "with the day everything known is forgotten"


async def test_a_person_with_two_units_is_told_so(town: Town) -> None:
    token = {"tenant": town.tenant, "role": "law_office", "unit": "sifasuo"}
    await town.access("u-10", "grant-role", name="示例·戊", role="liaison", unit="banzi")
    headers = town.doors.bearer("u-10", token)
    answer = await town.scheduling.client.get(f"/tenants/{town.tenant}/sessions", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "security.two-units")


async def test_a_gate_asks_once_in_two_seconds_for_each_person_and_remembers_no_more_than_it_may(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "KNOWN_AT_MOST", 3)
    asked: list[str] = []
    office = {"tenant": town.tenant, "role": "law_office"}

    @asynccontextmanager
    async def counting(app: Any) -> AsyncIterator[Any]:
        async with driver_of(app) as driver:
            yield Counting(driver, asked)

    monkeypatch.setattr("shared.runtime.gate.driver_of", counting)
    for person in ("a", "a", "b", "c", "d", "a"):
        await town.asked("review", person, office)
    assert asked == ["a", "b", "c", "d", "a"]
    town.wait()
    await town.asked("review", "a", office)
    assert asked[5:] == ["a"]


async def test_connections_that_were_cut_meanwhile_do_not_close_the_door(
    town: Town, servers: Servers
) -> None:
    door = town.doors.of["review"]
    headers = town.doors.bearer("u-14", {"tenant": town.tenant, "role": "law_office"})
    address = f"/tenants/{town.tenant}/session/2021-1/confirm-agenda"
    assert (await door.client.post(address, headers=headers)).json()["code"] == "http.idempotency-key-missing"
    admin = create_async_engine(servers.admin_url)
    async with admin.connect() as connection:
        await connection.execute(
            sa.text("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'review_app'")
        )
    await admin.dispose()
    town.wait()
    assert (await door.client.post(address, headers=headers)).json()["code"] == "http.idempotency-key-missing"


@dataclass
class Counting:
    """A connection that notes about whom it was asked."""

    driver: Any
    asked: list[str]

    async def fetch(self, statement: str, tenant: str, path: list[str], person: str) -> Any:
        self.asked.append(person)
        return await self.driver.fetch(statement, tenant, path, person)
