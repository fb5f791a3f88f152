"""年度考评 in a browser: evidence by keyboard, print, publishing and the registers, with a script and without."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs
from tests.portal.town import Town

HERE = "/t/shanghai.jinshan/evaluation"


async def sent_again(page: Page, button: Locator) -> None:
    """Push a button, then send the same once more as a browser does that is asked to."""
    async with page.expect_request(lambda one: one.method == "POST") as pushed:
        await button.click()
    await expect(page.get_by_role("status").filter(has_text="已办理")).to_be_visible()
    first = await pushed.value
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    again = await page.request.post(first.url, headers=form, data=first.post_data)
    assert "已办理" in await again.text()
    await page.reload()


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_lines_evidence_is_opened_by_keyboard_and_nothing_keeps_people_out(
    page_as: PageAs, installation: Installation, width: int
) -> None:
    page = await page_as("organization", width=width)
    await page.goto(f"{installation.portal}{HERE}/2021/langxia")
    evidence = page.locator("#line-2")
    await evidence.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(evidence.get_by_text("检查评估：完成")).to_be_visible()
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await screenshot(page, "evaluation-sheet")
    for path in ("?year=2021", "/reports?year=2021&unit=langxia", "/outcomes"):
        await page.goto(f"{installation.portal}{HERE}{path}")
        assert await axe(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await screenshot(page, "evaluation-outcomes")


async def test_printed_a_sheet_has_its_evidence_and_nothing_to_click(
    page_as: PageAs, installation: Installation
) -> None:
    page = await page_as("organization", width=660)
    await page.goto(f"{installation.portal}{HERE}/2021/langxia")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("heading", name="依据", exact=True)).to_be_visible()
    await expect(page.get_by_text("依法治区办检查评估：完成").last).to_be_visible()
    for hidden in ("nav.menu", "form.command", "summary", ".tabs", ".foot"):
        assert not await page.locator(hidden).filter(visible=True).count()
    await screenshot(page, "evaluation-sheet-print")


async def test_a_sheet_is_published_without_a_script_and_its_unit_sees_it(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    """Of a unit that was never rostered: both kinds are not applicable."""
    year = town.today().year
    sheet = f"{installation.portal}/t/{town.tenant}/evaluation/{year}/danweiyi"
    page = await page_as("ceshi-organization", javascript=False)
    await page.goto(sheet)
    await page.get_by_role("button", name="公布考评表").click()
    await expect(page.get_by_role("status").filter(has_text="已办理")).to_be_visible()
    assert await page.get_by_text("不适用", exact=False).count() >= 2
    await expect(page.get_by_text("已公布，此后没有新的事实。")).to_be_visible()
    own = await page_as("ceshi-reporter-b", javascript=False)
    await own.goto(sheet)
    await expect(own.get_by_role("heading", name=f"示例单位乙{year}年度考评表")).to_be_visible()
    assert not await own.get_by_role("button", name="公布").count()


async def test_an_outcome_without_evidence_is_unconfirmed_until_it_is_supplied(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    what = f"示例成效{uuid.uuid4().hex[:6]}"
    page = await page_as("ceshi-organization")
    await page.goto(f"{installation.portal}/t/{town.tenant}/evaluation/outcomes?unit=danweijia")
    form = page.locator("form.command", has=page.get_by_role("button", name="登记成效"))
    await form.get_by_label("内容").fill(what)
    await form.get_by_label("数值").fill("12")
    await form.get_by_role("button").click()
    await expect(form.get_by_text("缺少计量单位").first).to_be_visible()
    await expect(form.get_by_label("内容")).to_have_value(what)
    await form.get_by_label("计量单位").fill("件")
    await sent_again(page, form.get_by_role("button"))
    recorded = page.locator("#recorded li", has_text=what)
    await expect(recorded.locator(".is", has_text="如实填报，未经核实")).to_be_visible()
    await expect(recorded.get_by_text("12件")).to_be_visible()
    await recorded.locator("summary").click()
    await recorded.get_by_label("期间").fill("2022年度")
    await recorded.get_by_label("依据").fill("示例〔2022〕1号")
    await recorded.get_by_role("button", name="补充").click()
    await expect(recorded.locator(".is", has_text="有期间和依据")).to_be_visible()
    assert await recorded.count() == 1


async def test_an_honour_belongs_to_no_unit(page_as: PageAs, installation: Installation, town: Town) -> None:
    page = await page_as("ceshi-law", javascript=False)
    await page.goto(f"{installation.portal}/t/{town.tenant}/evaluation/outcomes")
    form = page.locator("form.command", has=page.get_by_role("button", name="登记荣誉"))
    assert not await form.get_by_label("单位", exact=True).count()
    await form.get_by_label("内容").fill("示例荣誉")
    await sent_again(page, form.get_by_role("button"))
    assert await page.locator("#recorded").get_by_text("示例荣誉").is_visible()
    [honour] = [
        one
        for one in town.get("ceshi-law", "evaluation", "outcomes", honour="true")["items"]
        if one["what"] == "示例荣誉"
    ]
    assert honour["unit"] is None


async def test_a_unit_registers_its_heads_annual_report_and_what_is_wrong_is_said_at_its_field(
    page_as: PageAs, installation: Installation, town: Town
) -> None:
    year = town.today().year
    page = await page_as("ceshi-liaison-a", javascript=False)
    await page.goto(f"{installation.portal}/t/{town.tenant}/evaluation/reports?year={year}")
    assert await page.get_by_label("主要负责人").input_value() == "示例·子"
    await page.get_by_label("文号").fill(f"示例〔{year}〕5号")
    await page.get_by_label("报送日期").fill(f"{year + 1}-01-10")
    await page.get_by_role("button", name="登记").click()
    await expect(page.locator(".field.bad")).to_contain_text("尚未到")
    await expect(page.get_by_label("文号")).to_have_value(f"示例〔{year}〕5号")
    await page.get_by_label("报送日期").fill(town.today().isoformat())
    await sent_again(page, page.get_by_role("button", name="登记"))
    await expect(page.locator("#filed").get_by_text(f"示例〔{year}〕5号")).to_be_visible()
    assert await page.locator("#filed tbody").count() == 1
    law = await page_as("ceshi-law", javascript=False)
    await law.goto(f"{installation.portal}/t/{town.tenant}/evaluation?year={year}")
    assert law.url.endswith("/evaluation/reports")
    await law.goto(f"{law.url}?year={year}")
    await expect(law.locator("#filed").get_by_text(f"示例〔{year}〕5号")).to_be_visible()
