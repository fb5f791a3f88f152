"""The pages of a session in a real browser: wide and narrow, without scripts, while others write, on A4."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.pages import axe, screenshot
from tests.portal import hall as halls
from tests.portal.conftest import Installation, PageAs
from tests.portal.hall import SESSION, Hall, open_hall

SENT = "/t/shanghai.jinshan/sessions/2021-2"
PAPERS = ("agenda", "script", "signin", "signing", "distribution", "receipts", "minutes", "excerpt/sifaju")
MARK = f"session.{SESSION}"


@pytest.fixture(scope="module")
async def hall(installation: Installation) -> Hall:
    """The agenda is confirmed and nothing said yet."""
    hall = await asyncio.to_thread(open_hall, installation.cluster, f"{halls.HALL}b")
    decision = {"by": "示例·测试书记", "title": "镇党委书记", "reason": "会期已定。"}
    order = ["danweijia", "danweiyi"]
    agenda = {"order": order, "deputy_director": "示例·测试所长", "decision": decision}
    await asyncio.to_thread(hall.do, "ceshi-law", "review", f"session/{SESSION}/confirm-agenda", **agenda)
    return hall


async def go(page: Page, installation: Installation, path: str) -> None:
    await page.goto(installation.portal + path)


async def assert_fit(page: Page) -> None:
    """Nothing sticks out to the right, and axe has nothing grave to say."""
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wide), page.url
    assert await axe(page) == [], page.url


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_pages_fit_and_are_for_everybody(
    installation: Installation, hall: Hall, page_as: PageAs, width: int
) -> None:
    for user, path, name in (
        ("party-clerk", "/t/shanghai.jinshan/sessions", "list"),
        ("party-clerk", SENT, "sent"),
        ("law-clerk", SENT, "sent-law"),
        ("liaison-shichangjianguan", SENT, "told"),
        ("ceshi-party", hall.url(), "room-party"),
        ("ceshi-law", hall.url(), "room-law"),
        ("ceshi-party", f"{hall.url('comment', 'new')}?unit=danweijia", "comment"),
        ("ceshi-law", hall.url("supplement", "danweijia"), "supplement"),
    ):
        page = await page_as(user, width)
        await go(page, installation, path)
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        await assert_fit(page)
        await screenshot(page, f"session-{name}")


@pytest.mark.parametrize("paper", PAPERS)
async def test_papers_are_a4_without_the_page_around_them(
    installation: Installation, page_as: PageAs, paper: str
) -> None:
    for width in (390, 1440):
        page = await page_as("party-clerk", width)
        await go(page, installation, f"{SENT}/print/{paper}")
        await assert_fit(page)
        await screenshot(page, f"session-paper-{paper.partition('/')[0]}")
    await page.emulate_media(media="print")
    for around in (".top", ".foot", ".no-print"):
        await expect(page.locator(around).first).to_be_hidden()
    pdf = (await page.pdf(prefer_css_page_size=True)).decode("latin-1")
    boxes = {
        (float(width), float(height)) for width, height in re.findall(r"/MediaBox \[0 0 (\S+) (\S+)\]", pdf)
    }
    assert boxes
    assert all(abs(w - 595.28) < 1 and abs(h - 841.89) < 1 for w, h in boxes)


async def test_a_comment_is_written_without_scripts(
    installation: Installation, hall: Hall, page_as: PageAs
) -> None:
    page = await page_as("ceshi-party", javascript=False)
    await go(page, installation, f"{hall.url('comment', 'new')}?unit=danweiyi")
    await page.get_by_label("点评领导").fill("示例·镇长")
    await page.get_by_label("职务").fill("镇长")
    await page.get_by_label("点评内容").fill("工作扎实。")
    await page.get_by_label("提出工作要求").check()
    await page.get_by_label("任务事项").first.fill("第一件事")
    await page.get_by_role("button", name="再加一项工作要求").click()
    await expect(page.get_by_label("任务事项")).to_have_count(3)
    await expect(page.get_by_label("点评内容")).to_have_value("工作扎实。")
    await page.get_by_label("任务事项").nth(2).fill("第三件事")
    await page.get_by_role("button", name="登记点评").click()
    await expect(page.get_by_text("已办理。")).to_be_visible()
    await expect(page.locator("#comments")).to_contain_text("第三件事")
    await expect(page.locator("#comments")).to_contain_text("第一件事")


async def test_what_is_typed_is_kept_and_the_other_clerk_is_named(
    installation: Installation, hall: Hall, page_as: PageAs
) -> None:
    path = f"{hall.url('comment', 'new')}?unit=danweijia"
    page = await page_as("ceshi-party")
    await go(page, installation, path)
    await page.get_by_label("点评内容").fill("写到一半")
    await expect(page.locator("[data-kept]")).to_have_text("已自动保存")
    await page.reload()
    await expect(page.get_by_label("点评内容")).to_have_value("写到一半")
    await page.get_by_role("button", name="放弃，重新填写").click()
    await expect(page.get_by_label("点评内容")).to_have_value("")


async def test_a_click_too_many_is_one_entry_and_everybody_sees_it_at_once(
    installation: Installation, hall: Hall, page_as: PageAs
) -> None:
    watching, page = await page_as("ceshi-law"), await page_as("ceshi-party")
    await go(watching, installation, hall.url())
    await go(page, installation, hall.url())
    form = page.locator(f"[id='{MARK}.record-speech.danweijia']")
    await page.locator(f"[id='fold.{MARK}.record-speech.danweijia'] > summary").click()
    await form.get_by_label("分", exact=True).fill("8")
    await form.get_by_label("秒", exact=True).fill("25")
    await form.get_by_role("button", name="登记用时").dblclick()
    await expect(page.locator("#room")).to_contain_text("−0:25")
    await expect(watching.locator("#room")).to_contain_text("−0:25")
    assert len((await asyncio.to_thread(hall.row))["speeches"]) == 1


async def test_what_is_chosen_stays_chosen_while_others_write(
    installation: Installation, hall: Hall, page_as: PageAs
) -> None:
    page = await page_as("ceshi-law")
    await go(page, installation, hall.url())
    await page.locator(f"[id='fold.{MARK}.note-bulletin'] > summary").click()
    chosen = page.locator(f"[id='{MARK}.note-bulletin']").get_by_label("是否通报")
    await chosen.select_option("false")
    await page.locator("h1").click()
    guest = {"guest": "g-1", "organisation": "示例·兄弟单位", "kind": "other_district", "spoke": False}
    await asyncio.to_thread(hall.do, "ceshi-law", "review", f"session/{SESSION}/record-guest", **guest)
    await expect(page.locator("#room")).to_contain_text("示例·兄弟单位")
    await expect(chosen).to_have_value("false")


async def test_a_refused_form_is_open_and_has_the_words_of_the_rule(
    installation: Installation, hall: Hall, page_as: PageAs
) -> None:
    page = await page_as("ceshi-law", 390)
    await go(page, installation, hall.url())
    await page.locator(f"[id='fold.{MARK}.note-bulletin'] > summary").click()
    form = page.locator(f"[id='{MARK}.note-bulletin']")
    await form.get_by_label("是否通报").select_option("true")
    await form.get_by_role("button", name="登记").click()
    await expect(form.get_by_role("alert")).to_contain_text("尚未印发供本次会议通报的上一轮整改情况通报")
    await expect(form.get_by_label("决定人")).to_be_visible()
    await assert_fit(page)
    await screenshot(page, "session-refused")
