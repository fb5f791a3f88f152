"""Pages of what went wrong, as people meet them: each says what happened, what to do, and has what was typed."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect
from sqlalchemy.ext.asyncio import create_async_engine

from tests.browser.pages import axe, screenshot
from tests.portal.asked import open_case
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.town import Town, working_days_after
from tests.standing_still import frozen

WIDTHS = (1440, 390)


async def looked_at(page: Page, name: str) -> None:
    """The page as it stands fits, wide and narrow, and is for everybody."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await axe(page) == []
        await screenshot(page, name)


@asynccontextmanager
async def without_rights(installation: Installation, table: str) -> AsyncIterator[None]:
    """A fault of the portal: what it takes for granted of its own database is not so."""
    owner = create_async_engine(installation.cluster.database_url("portal", "owner"))

    async def say(statement: str) -> None:
        async with owner.begin() as connection:
            await connection.execute(sa.text(statement))

    await say(f"revoke all on {table} from portal_app")
    try:
        yield
    finally:
        await say(f"grant select, insert, update, delete on {table} to portal_app")
        await owner.dispose()


async def test_a_fault_says_that_it_is_the_systems_and_what_was_sent_can_be_sent_again(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    where = f"{installation.portal}/t/{town.tenant}/notices"
    page = await page_as("ceshi-party", expected=(500,))
    await page.goto(where)
    await page.get_by_label("电子邮箱").fill("dangzheng@example.org")
    async with without_rights(installation, "desk.notice_wishes"):
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("h1")).to_have_text("系统出错")
        await expect(page.locator("main")).to_contain_text("与您的操作无关")
        await expect(page.locator("p.code")).to_contain_text(re.compile("portal.fault.+[0-9a-f]{32}"))
        await looked_at(page, "error-500-form")
        other = await page.context.new_page()
        answer = await other.goto(where)
        assert answer is not None
        assert answer.status == 500
        await expect(other.get_by_role("link", name="重新打开本页")).to_have_attribute(
            "href", f"/t/{town.tenant}/notices"
        )
        await expect(other.get_by_role("button", name="再次提交")).to_have_count(0)
        await looked_at(other, "error-500")
    await page.get_by_role("button", name="再次提交").click()
    await expect(page.get_by_role("status").filter(has_text="已办理")).to_be_visible()
    await expect(page.get_by_label("电子邮箱")).to_have_value("dangzheng@example.org")


async def test_a_service_that_does_not_answer_is_named_and_a_page_comes_back_by_itself(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    """Its form keeps what was typed and the key: whether it was done is not known, and it is done once at most."""
    case = await open_case(town)
    where = f"{installation.portal}/t/{town.tenant}/cases/{case}"
    page = await page_as("ceshi-liaison-a", expected=(503,))
    await page.goto(where)
    form = page.locator(f"[id='case.{case}.submit-feedback']")
    await form.get_by_label("整改情况").fill("台账已建立。")
    await form.get_by_label("签发人").fill("示例·子")
    key = await form.locator("[name=_key]").input_value()
    with frozen(installation.cluster, "rectification"):
        await form.get_by_role("button", name="报送").click()
        await expect(page.locator("h1")).to_have_text("暂时不能办理", timeout=20_000)
        await expect(page.locator("main")).to_contain_text("“整改”服务（rectification）暂时没有应答")
        await expect(page.get_by_role("link", name="重新打开本页")).to_be_visible()
        await looked_at(page, "error-503")
    # What had been sent may be done as soon as the service goes on, before the page is there again or after.
    await expect(page.locator("h1")).to_contain_text("整改事项", timeout=20_000)
    vain = page.locator("section.vain")
    await expect(page.locator("main > p.said.bad")).to_contain_text("没有得到答复")
    await looked_at(page, "error-503-form")
    if await vain.count():
        await expect(vain.locator("pre").first).to_have_text("台账已建立。")
        await expect(vain).to_contain_text("此事可能已经办理")
    else:
        await expect(form.get_by_label("整改情况")).to_have_value("台账已建立。")
        await expect(form.get_by_role("alert")).to_contain_text("不会重复办理")
        assert await form.locator("[name=_key]").input_value() == key
        await form.get_by_role("button", name="报送").click()
    await expect(page.locator("#standing")).to_contain_text("待签收")


async def test_a_stale_page_says_who_did_what_since_and_has_the_text_where_the_form_has_gone(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    case = await open_case(town)
    at = f"case/{case}"

    def as_far_as_its_verification() -> None:
        town.do("ceshi-liaison-a", "rectification", f"{at}/submit-feedback", text="已办。", signer="示例·子")
        for office in ("party", "law"):
            receipt = {"office": f"{office}_office"}
            town.do(f"ceshi-{office}", "rectification", f"{at}/receipt-feedback", **receipt)

    await asyncio.to_thread(as_far_as_its_verification)
    page = await page_as("ceshi-law")
    await page.goto(f"{installation.portal}/t/{town.tenant}/cases/{case}")
    form = page.locator(f"[id='case.{case}.return-rectification']")
    await page.locator("#act-return-rectification > summary").click()
    await form.get_by_label("意见").fill("台账缺少签订日期。")
    later = working_days_after(await asyncio.to_thread(town.today), 90)
    await form.get_by_label("新的期限").fill(later)
    returned = {"remarks": "台账不全。", "due_on": later}
    await asyncio.to_thread(town.do, "ceshi-law", "rectification", f"{at}/return-rectification", **returned)
    await form.get_by_role("button", name="退回").click()
    await expect(page.locator("main > p.said.bad")).to_contain_text("（示例·测试司法所：退回")
    await expect(page.locator(f"form[id='case.{case}.return-rectification']")).to_have_count(0)
    await expect(page.locator("section.vain pre")).to_have_text("台账缺少签订日期。")
    await page.get_by_role("link", name="回到表单").click()
    await expect(page.locator("section.vain")).to_be_in_viewport()
    await looked_at(page, "error-412")


async def test_what_cannot_be_done_now_says_so_and_leads_back(
    page_as: PageAs, installation: Installation
) -> None:
    page = await page_as("law-clerk", expected=(403, 404, 409))
    for status, path, head, says in (
        (409, "/sessions/2022-1/print/notices", "现在不能这样做", "会期尚未确定"),
        (404, "/cases/none", "没有找到", "请核对地址"),
        (403, "/system", "没有权限", "有权办理的角色：运维"),
    ):
        answer = await page.goto(f"{installation.portal}/t/shanghai.jinshan{path}")
        assert answer is not None
        assert answer.status == status
        await expect(page.locator("h1")).to_have_text(head)
        await expect(page.locator("main")).to_contain_text(says)
        await expect(page.locator("main").get_by_role("link", name="回到首页")).to_be_visible()
        await looked_at(page, f"error-{status}-page")


async def test_a_form_sent_again_with_other_words_is_told_so_and_can_then_be_sent(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    """As after the browser's way back: the key in the page is that of what was done."""
    case = await open_case(town)
    where = f"{installation.portal}/t/{town.tenant}/cases/{case}"
    page = await page_as("ceshi-liaison-a")
    await page.goto(where)
    form = page.locator(f"[id='case.{case}.note-progress']")
    key = await form.locator("[name=_key]").input_value()
    for text in ("摸底", "再摸底"):
        await page.locator("#act-note-progress").evaluate("one => { one.open = true; }")
        await form.get_by_label("进展").fill(text)
        await form.locator("[name=_key]").evaluate("(one, key) => { one.value = key; }", key)
        await form.get_by_role("button").last.click()
        await page.wait_for_url("**note=**")
    await expect(form.get_by_role("alert")).to_contain_text("本表已提交过一次")
    await expect(form.get_by_label("进展")).to_have_value("再摸底")
    await looked_at(page, "error-422-repeated")
    await form.get_by_role("button").last.click()
    await expect(page.locator("#further")).to_contain_text("再摸底")


@pytest.mark.parametrize(
    "typed",
    [{"name": "a\x00"}, {"a\x00": "b"}, {"_form": "\x00"}, {"name": "x", "name[y]": "z"}],
)
async def test_a_form_with_what_no_browser_sends_is_refused_and_breaks_nothing(
    signed_in: SignedIn, town: Town, typed: dict[str, str]
) -> None:
    client = await signed_in("ceshi-admin")
    page = (await client.get(f"/t/{town.tenant}/work")).text
    token = re.search(r'data-csrf="([^"]+)"', page)
    assert token
    fields = {"_csrf": token[1], "_key": uuid.uuid4().hex} | typed
    answer = await client.post(f"/t/{town.tenant}/do/scheduling/unit/danweijia/rename-unit", data=fields)
    assert (answer.status_code, "http.invalid-body" in answer.text) == (400, True)
    kept = await client.put(
        f"/t/{town.tenant}/unsent/x", content=rb'{"a": "\u0000\ud800"}', headers={"X-Csrf": token[1]}
    )
    assert kept.status_code == 400
    for path in ("cases?unit=%00", "cases/%00"):
        assert (await client.get(f"/t/{town.tenant}/{path}")).status_code == 400
