"""The work queue and notices as people meet them: by HTTP, and in a browser where the list changes by itself."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from services.portal.views import cases, drafts, sessions
from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.rebuild import rebuild_projection
from shared.eventstore.store import engine
from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.deskful import DESKS, call_session, open_desks
from tests.portal.town import Town

JINSHAN = "shanghai.jinshan"
QUEUE = f"/t/{DESKS}/work"


@pytest.fixture(scope="module")
async def desks(installation: Installation) -> Town:
    return await asyncio.to_thread(open_desks, installation.cluster)


def words(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_an_office_finds_its_receipt_with_date_reason_and_the_way_there(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    page = await client.get(f"/t/{JINSHAN}/work")
    said = words(page)
    assert "签收整改反馈 2022年7月12日前" in said
    assert "办事机构应在规定工作日内各自签收" in said
    [link] = re.findall(r'href="([^"]+)">签收整改反馈', page.text)
    assert link == f"/t/{JINSHAN}/cases/2021-2-shilizhen"


async def test_who_has_nothing_to_do_is_told_what_will_be_here(signed_in: SignedIn) -> None:
    client = await signed_in("auditor")
    said = words(await client.get(f"/t/{JINSHAN}/work"))
    assert "目前没有待办事项。" in said
    assert "需要您办理的事项会自动出现在这里" in said


async def test_a_unit_sees_of_what_happened_its_own_and_what_is_progress(signed_in: SignedIn) -> None:
    for user, there in (("liaison-langxia", False), ("law-clerk", True)):
        client = await signed_in(user)
        assert ("整改情况已反馈 · 示例镇" in words(await client.get(f"/t/{JINSHAN}/work"))) is there


async def test_muting_never_hides_the_work(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    before = words(await client.get(f"/t/{JINSHAN}/work"))
    page = await client.get(f"/t/{JINSHAN}/notices")
    assert "不会隐藏" in page.text
    [csrf] = set(re.findall(r'data-csrf="([^"]+)"', page.text))
    muted = await client.post(f"/t/{JINSHAN}/notices", data={"_csrf": csrf, "mail": "a@example.org"})
    assert "已办理" in muted.text
    assert 'value="a@example.org"' in muted.text
    assert 'name="tell-cases" value="true" checked' not in muted.text
    assert words(await client.get(f"/t/{JINSHAN}/work")) == before
    kinds = ("drafts", "sessions", "cases", "year")
    told = {f"tell-{kind}": "true" for kind in kinds}
    again = await client.post(f"/t/{JINSHAN}/notices", data={"_csrf": csrf, **told})
    assert again.text.count('value="true" checked') == len(kinds)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("mail", "nobody", "电子邮箱地址的格式不对"),
        ("mail", "a@b.example\nBcc: c@d.example", "电子邮箱地址的格式不对"),
        ("webhook", "https://10.0.0.1/hook", "不得指向内部地址"),
        ("webhook", "ftp://127.0.0.1/", "须以 https:// 开头"),
    ],
)
async def test_a_wrong_address_is_refused_at_its_field_and_what_was_typed_stays(
    signed_in: SignedIn, field: str, value: str, says: str
) -> None:
    client = await signed_in("party-clerk")
    page = await client.get(f"/t/{JINSHAN}/notices")
    [csrf] = set(re.findall(r'data-csrf="([^"]+)"', page.text))
    refused = await client.post(f"/t/{JINSHAN}/notices", data={"_csrf": csrf, field: value})
    assert says in refused.text
    assert f'id="notices--{field}-bad"' in refused.text
    assert value.partition("\n")[0] in refused.text
    kept = await client.get(f"/t/{JINSHAN}/notices")
    assert value.partition("\n")[0] not in kept.text


async def test_a_form_of_somebody_else_is_refused(signed_in: SignedIn) -> None:
    client = await signed_in("party-clerk")
    answer = await client.post(f"/t/{JINSHAN}/notices", data={"_csrf": "x", "mail": "a@example.org"})
    assert answer.status_code == 403


async def test_read_models_that_are_made_anew_are_the_same(installation: Installation) -> None:
    cluster = installation.cluster
    app = engine(cluster.database_url("portal", "app"), 1)
    store = EventStore("portal", app, app, BusinessClock(simulated=True))

    async def rows(table: sa.Table) -> list[tuple[object, ...]]:
        async with store.reading(JINSHAN) as connection:
            found = await connection.execute(sa.select(table).order_by(*table.primary_key))
            return [tuple(row) for row in found]

    for projection in (*sessions.PROJECTIONS, *drafts.PROJECTIONS, *cases.PROJECTIONS):
        before = await rows(projection.table)
        await rebuild_projection(
            cluster.database_url("portal", "owner"), service="portal", projection=projection
        )
        assert await rows(projection.table) == before, projection.table.name
    assert len(await rows(cases.case_heads)) > 3
    await app.dispose()


# ---- in a browser ----


async def test_the_queue_changes_by_itself_when_somebody_is_called(
    page_as: PageAs, installation: Installation, desks: Town
) -> None:
    page = await page_as("ceshi-liaison-a")
    await page.goto(installation.portal + QUEUE)
    await expect(page.get_by_text("目前没有待办事项。")).to_be_visible()
    await page.evaluate("document.body.dataset.stayed = 'yes'")
    await asyncio.to_thread(call_session, desks)
    task = page.get_by_role("link", name="报送述法稿")
    await expect(task).to_be_visible(timeout=30_000)
    await expect(page.locator("#queue .light").first).to_contain_text("剩余")
    assert await page.evaluate("document.body.dataset.stayed") == "yes"  # it was not loaded anew
    assert await axe(page) == []
    await screenshot(page, "work-liaison")
    await _by_keyboard(page)


async def _by_keyboard(page: Page) -> None:
    """Tab leads from the top to the first task."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.closest('#queue .task') !== null"):
            return
    raise AssertionError("no task is reached by keyboard")


@pytest.mark.parametrize("path", ["work", "notices"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_nothing_is_cut_off_and_nobody_kept_out(
    page_as: PageAs, installation: Installation, path: str, width: int
) -> None:
    page = await page_as("law-clerk", width=width)
    await page.goto(f"{installation.portal}/t/{JINSHAN}/{path}")
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert await axe(page) == []
    await screenshot(page, f"{path}-{width}")


async def test_it_works_without_scripts(page_as: PageAs, installation: Installation) -> None:
    page = await page_as("law-clerk", javascript=False)
    await page.goto(f"{installation.portal}/t/{JINSHAN}/work")
    await page.get_by_role("link", name="通知设置").click()
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status").filter(has_text="已办理")).to_be_visible()
