"""What a register is asked beyond its filters: an order by a column, a text in a name, the light of a day."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.local.servers import Servers
from services.rectification.application import CASES
from services.rectification.domain.commands import SubmitFeedback
from shared.contracts.scheduling import TenantRegistered
from shared.eventstore import Context, EventStore, reference, tables, views
from shared.eventstore.unit_of_work import UnitOfWork
from tests.services.asking import Asking
from tests.services.rectification.conftest import new_store
from tests.services.rectification.telling import LIAISON, PARTY_OFFICE, SENT, open_case

TENANT = "shanghai.jinshan"
DAY = date(2021, 9, 17)
DATES = (date(2021, 9, 10), date(2021, 9, 22), date(2021, 9, 30), date(2021, 10, 8), date(2021, 12, 31))
NAMES = ("廊下镇", "区交通委", "区工商联", "100%_镇")


@dataclass(frozen=True)
class Register:
    """Two dozen cases of many units with few dates: equals are many. A third of them is fed back, one by one."""

    asking: Asking
    who: dict[str, str]

    async def all(self, page: int = 5, **asked: str) -> list[dict[str, Any]]:
        return await self.asking.items(f"{TENANT}/case-register", self.who, limit=str(page), **asked)

    async def refused(self, **asked: str) -> str:
        answer = await self.asking.get(f"{TENANT}/case-register", self.who, **asked)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["code"])


async def _fill(store: EventStore) -> None:
    registered = TenantRegistered(
        name="金山区", tier="district", official_order=1, registered_on=date(2021, 1, 1)
    )

    async def know(work: UnitOfWork) -> None:
        await work.enter()
        change = reference.change(TENANT, registered)
        await views.write(work.connection, [change] if change else [])

    await store.in_transaction(Context(TENANT, PARTY_OFFICE, "test"), know)
    for n in random.Random(1).sample(range(24), 24):
        opened = replace(
            open_case(),
            unit=f"u{n}",
            unit_name=f"{NAMES[n % 4]}{n}",
            due_on=DATES[n % 5],
            due_before_rolling=DATES[n % 5],
            official_order=n // 2,
        )
        await store.execute(CASES, f"2021-1-u{n}", opened, Context(TENANT, PARTY_OFFICE, "t", today=SENT))
        if n % 3 == 0:
            unit = replace(LIAISON, unit=f"u{n}")
            sent = SubmitFeedback("已办理", "示例甲", sent_on=SENT + timedelta(days=n % 4))
            await store.execute(CASES, f"2021-1-u{n}", sent, Context(TENANT, unit, "t", today=DAY))


@pytest.fixture(scope="module")
async def register(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Register]:
    async with new_store(servers, new_database) as store:
        await _fill(store)
        async with store.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=DAY))
        asking = Asking(store)
        yield Register(asking, asking.by({"tenant": TENANT, "role": "law_office"}))
        await asking.client.aclose()


@pytest.mark.parametrize("page", [1, 5, 23, 200])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("by", ["due_on", "official_order", "state", "fed_back_on"])
async def test_a_register_is_sorted_by_a_column_page_by_page_empty_values_last(
    register: Register, by: str, down: bool, page: int
) -> None:
    rest = ("original_due_on", "official_order", "stream")
    expected = sorted(await register.all(), key=lambda one: [one[name] for name in rest])
    # sorted keeps equals as they stood, also downwards.
    filled = sorted((one for one in expected if one[by] is not None), key=lambda one: one[by], reverse=down)
    empty = [one for one in expected if one[by] is None]
    found = await register.all(page, sort=f"-{by}" if down else by)
    assert [one["stream"] for one in found] == [one["stream"] for one in (*filled, *empty)]


async def test_a_text_is_looked_for_in_the_name_as_it_is_written(register: Register) -> None:
    assert {one["unit"] for one in await register.all(search="交通")} == {f"u{n}" for n in range(1, 24, 4)}
    assert [one["unit"] for one in await register.all(search="镇20")] == ["u20"]
    assert len(await register.all(search="100%_")) == 6
    assert await register.all(search="100__") == []
    found = await register.all(2, search="交通", sort="-due_on", state="open")
    assert {one["state"] for one in found} == {"open"}
    assert [one["due_on"] for one in found] == sorted((one["due_on"] for one in found), reverse=True)


async def test_a_register_is_asked_by_the_light_of_the_day(register: Register) -> None:
    everything = await register.all()
    lights = {one["light"] for one in everything}
    assert lights == {"green", "yellow", "orange", "red", "none"}
    for light in (*lights, "supervision"):
        expected = [one["stream"] for one in everything if one["light"] == light]
        assert [one["stream"] for one in await register.all(2, light=light)] == expected


async def test_what_a_list_cannot_be_asked_is_said(register: Register) -> None:
    assert await register.refused(sort="person") == "http.unknown-sort"
    page = await register.asking.get(f"{TENANT}/case-register", register.who, sort="due_on", limit="2")
    assert await register.refused(sort="-due_on", after=page.json()["next"]) == "http.invalid-cursor"
    assert await register.refused(after=page.json()["next"]) == "http.invalid-cursor"
    assert await register.refused(within="subtree", sort="due_on") == "http.of-one-tenant-only"
    assert await register.refused(within="subtree", light="red") == "http.of-one-tenant-only"
    answer = await register.asking.get(f"{TENANT}/items", register.who, search="镇")
    assert (answer.status_code, answer.json()["code"]) == (400, "http.unknown-filter")


async def test_a_text_is_looked_for_in_the_subtree_too(register: Register) -> None:
    assert {one["unit"] for one in await register.all(within="subtree", search="镇20")} == {"u20"}
