"""The register and a case in a real browser: refusals, changes meanwhile, two windows, no script, keys, axe."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.pages import axe, screenshot
from tests.portal.asked import open_case
from tests.portal.conftest import Installation, PageAs
from tests.portal.town import Town

CESHI = "/t/shanghai.jinshan.ceshi"


async def at(page: Page, installation: Installation, path: str) -> Page:
    await page.goto(f"{installation.portal}{path}")
    return page


async def test_a_refusal_stands_at_its_field_and_what_was_typed_stays(
    town: Town, installation: Installation, page_as: PageAs
) -> None:
    case = await open_case(town)
    page = await at(await page_as("ceshi-liaison-a"), installation, f"{CESHI}/cases/{case}")
    await page.get_by_text("申请延期", exact=True).click()
    form = page.locator(f"[id='case.{case}.request-extension']")
    row = await asyncio.to_thread(town.get, "ceshi-law", "rectification", f"case-register/case-{case}")
    await form.get_by_label("延至").fill(row["due_on"])
    await form.get_by_label("理由").fill("印制延误")
    await form.get_by_role("button", name="申请").click()
    field = form.locator(".field.bad")
    await expect(field).to_contain_text("延期后的日期")
    await expect(field.get_by_label("延至")).to_have_attribute("aria-invalid", "true")
    await expect(field.get_by_label("延至")).to_have_value(row["due_on"])
    await expect(form.get_by_label("理由")).to_have_value("印制延误")


async def test_who_saw_an_older_version_is_told_what_changed_and_keeps_the_text(
    town: Town, installation: Installation, page_as: PageAs
) -> None:
    case = await open_case(town)
    page = await at(await page_as("ceshi-liaison-a"), installation, f"{CESHI}/cases/{case}")
    form = page.locator(f"[id='case.{case}.submit-feedback']")
    await form.get_by_label("整改情况").fill("台账已建立。")
    await form.get_by_label("签发人").fill("示例·子")
    await asyncio.to_thread(
        town.do, "ceshi-reporter-a", "rectification", f"case/{case}/note-progress", text="进展顺利"
    )
    await form.get_by_role("button", name="报送").click()
    await expect(form.get_by_role("alert")).to_contain_text("内容已有变化（登记整改进展）")
    await expect(form.get_by_label("整改情况")).to_have_value("台账已建立。")
    await form.get_by_role("button", name="报送").click()
    await expect(page.locator("#standing")).to_contain_text("待签收")


async def test_another_window_follows_by_itself(
    town: Town, installation: Installation, page_as: PageAs
) -> None:
    case = await open_case(town)
    watching = await at(await page_as("ceshi-law"), installation, f"{CESHI}/cases/{case}")
    listing = await at(await page_as("ceshi-party"), installation, f"{CESHI}/cases?session={case[:7]}")
    await expect(watching.locator("#standing")).to_contain_text("整改中")
    body = {"text": "台账已建立。", "signer": "示例·子"}
    await asyncio.to_thread(
        town.do, "ceshi-liaison-a", "rectification", f"case/{case}/submit-feedback", **body
    )
    await expect(watching.locator("#standing")).to_contain_text("待签收")
    await expect(watching.locator("#story")).to_contain_text("报送整改反馈")
    await expect(listing.locator("#register")).to_contain_text("待签收")


async def test_a_case_is_worked_on_without_scripts(
    town: Town, installation: Installation, page_as: PageAs
) -> None:
    case = await open_case(town)
    page = await at(await page_as("ceshi-liaison-a", javascript=False), installation, f"{CESHI}/cases/{case}")
    form = page.locator(f"[id='case.{case}.submit-feedback']")
    await form.get_by_label("整改情况").fill("台账已建立。")
    await form.get_by_label("签发人").fill("示例·子")
    await form.get_by_role("button", name="报送").click()
    await expect(page.locator("#standing")).to_contain_text("待签收")


async def test_the_register_and_a_case_are_used_by_keys_alone(
    town: Town, installation: Installation, page_as: PageAs
) -> None:
    case = await open_case(town)
    page = await at(await page_as("ceshi-liaison-a"), installation, f"{CESHI}/cases?session={case[:7]}")
    await page.get_by_role("link", name="期限").last.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("期限")
    await page.get_by_role("link", name="示例单位甲").focus()
    await page.keyboard.press("Enter")
    await page.locator("#act-note-progress > summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("已完成摸底")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#further")).to_contain_text("已完成摸底")


@pytest.mark.parametrize("width", [1440, 390])
async def test_no_page_of_the_register_keeps_anybody_out(
    width: int, installation: Installation, page_as: PageAs
) -> None:
    page = await page_as("law-clerk", width)
    for name, path in {
        "cases": "cases",
        "cases-below": "cases?within=subtree",
        "case": "cases/2021-2-shilizhen",
        "duties": "duties?unit=shilizhen",
        "bulletins": "bulletins",
        "bulletin": "bulletins/2021-2",
        "short-form": "short-form/2021-2-shilizhen",
    }.items():
        await at(page, installation, f"/t/shanghai.jinshan/{path}")
        assert await axe(page) == [], name
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        await screenshot(page, name)


async def test_duties_are_one_sheet_of_paper(installation: Installation, page_as: PageAs) -> None:
    page = await at(await page_as("law-clerk"), installation, "/t/shanghai.jinshan/duties?unit=shilizhen")
    paper = await page.pdf(format="A4", prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1
    await page.emulate_media(media="print")
    await expect(page.locator("nav.menu")).to_be_hidden()
    await expect(page.locator("form.filters")).to_be_hidden()
