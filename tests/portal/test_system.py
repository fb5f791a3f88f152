"""The operator's page: what is ready, what is on its way, what is stuck; and the documents for other systems."""

from __future__ import annotations

import json
import re
import uuid

import httpx
import pytest
import sqlalchemy as sa

from services.portal.pages.system import Seen, _compare
from shared.contracts import PUBLISHERS
from shared.eventstore import tables
from shared.messaging.asyncapi import FOLDER
from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.town import Town
from tests.shared.conftest import by_hand

SYSTEM = "/t/shanghai.jinshan/system"


def csrf(page: str) -> str:
    found = re.search(r'data-csrf="([^"]+)"', page)
    assert found
    return found[1]


async def test_each_service_is_ready_and_has_applied_what_the_others_said(signed_in: SignedIn) -> None:
    page = (await (await signed_in("operator")).get(SYSTEM)).text
    assert page.count('✓</span><span class="words">数据库') == 5
    assert page.count("已全部收到") == 5
    assert "模拟日期" in page
    assert "没有搁置的事件" in page


def test_behind_is_what_was_said_and_not_applied_here_in_the_operators_tenants() -> None:
    def clock(published: dict[str, str], **applied: dict[str, str]) -> dict[str, object]:
        return {"published": published, "applied": applied}

    said = {"a": "1/3", "a.b": "1/2", "c": "1/9"}
    seen = [
        Seen("scheduling", {}, clock(said), []),
        Seen("review", {}, clock({}, scheduling={"a": "1/3", "a.b": "1/1"}), []),
        Seen("evaluation", {}, clock({}, scheduling={"a": "1/3"}), []),
        Seen("portal", None, None, []),
    ]
    _compare(seen, "a")
    assert [one.behind for one in seen] == [
        [],
        [("scheduling", "a.b", "1/2", "1/1")],
        [("scheduling", "a.b", "1/2", "1/0")],
        [],
    ]


@pytest.mark.parametrize("user", ["auditor", "admin", "law-clerk", "ceshi-operator"])
async def test_it_is_for_operators_of_the_tenant_alone(signed_in: SignedIn, user: str) -> None:
    client = await signed_in(user)
    for path in ("", "/api/review.json", "/events/review.json", "/schemas/RectificationDue.v1.json"):
        assert (await client.get(SYSTEM + path)).status_code == 403


async def test_what_is_parked_is_left_out_with_a_reason_and_is_gone(
    signed_in: SignedIn, installation: Installation, town: Town
) -> None:
    place = {
        "source": "review",
        "tenant": town.tenant,
        "epoch": 1,
        "sequence": 10**6 + uuid.uuid4().int % 10**6,
    }
    async with by_hand(installation.cluster.database_url("evaluation", "owner"), town.tenant) as connection:
        event = {"name": "ReportDelivered", "partition_key": "x", "payload": b"{}"}
        await connection.execute(sa.insert(tables.received).values(**place, **event))
        await connection.execute(
            sa.insert(tables.pending).values(**place, state="parked", error="KeyError: 'duty'")
        )
    client = await signed_in("ceshi-operator")
    own = f"/t/{town.tenant}/system"
    page = (await client.get(own)).text
    assert "KeyError: &#39;duty&#39;" in page
    form = {
        "_csrf": csrf(page),
        "_back": own,
        **{name: str(value) for name, value in place.items() if name != "epoch"},
    }
    foreign = await client.post(f"{own}/evaluation/parked/drop", data=form | {"_csrf": "x", "reason": "y"})
    assert foreign.status_code == 403
    without = await client.post(f"{own}/evaluation/parked/drop", data=form)
    assert "未能办理" in without.text
    assert "KeyError" in without.text
    dropped = await client.post(f"{own}/evaluation/parked/drop", data=form | {"reason": "测试"})
    assert "已办理" in dropped.text
    assert "没有搁置的事件" in dropped.text


async def test_documents_for_other_systems_are_those_of_the_code(signed_in: SignedIn) -> None:
    client = await signed_in("operator")
    for service in PUBLISHERS:
        api: httpx.Response = await client.get(f"{SYSTEM}/api/{service}.json")
        assert api.json()["info"]["title"] == f"Shufa {service}"
        events = await client.get(f"{SYSTEM}/events/{service}.json")
        assert events.json() == json.loads((FOLDER / f"{service}.json").read_text("utf-8"))
    schema = await client.get(f"{SYSTEM}/schemas/RectificationDue.v1.json")
    assert schema.json()["properties"]["dataschema"]["const"] == "urn:shufa:schema:RectificationDue:1"
    for nothing in ("schemas/Nothing.v1.json", "schemas/RectificationDue.v9.json", "api/portal.json"):
        assert (await client.get(f"{SYSTEM}/{nothing}")).status_code == 404


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_page_keeps_nobody_out(page_as: PageAs, width: int) -> None:
    page = await page_as("operator", width)
    await page.goto(f"{page.url.partition('/static')[0]}{SYSTEM}")
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await screenshot(page, "system")
