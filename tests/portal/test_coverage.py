"""全覆盖: the tree, who is missing, the charts; in the official order, for who holds a role, without a script."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import openpyxl
import pytest

from services.portal.pages.coverage import nested
from shared.decider import Refused
from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.town import Town

HERE = "/t/shanghai.jinshan/coverage"
LANGXIA = "/t/shanghai.jinshan.langxia/coverage"
VILLAGE = "shanghai.jinshan.langxia.v001"
LARGEST_PAGE = 200_000


def row(tenant: str) -> dict[str, Any]:
    return {"tenant": tenant, "sum": [{"tier": "town", "tenants": 1}]}


def test_rows_in_order_become_a_tree_in_the_same_order() -> None:
    top = nested([row("a"), row("a.c"), row("a.c.z"), row("a.c.b"), row("a.b")])
    assert [one.row["tenant"] for one in top.below] == ["a.c", "a.b"]
    assert [one.row["tenant"] for one in top.below[0].below] == ["a.c.z", "a.c.b"]


def test_a_row_whose_parent_is_missing_hangs_under_the_tier_above_it() -> None:
    assert [one.row["tenant"] for one in nested([row("a"), row("a.x.y")]).below] == ["a.x.y"]
    with pytest.raises(Refused):
        nested([])


async def test_the_whole_tree_is_on_one_page_in_the_official_order(
    signed_in: SignedIn, installation: Installation
) -> None:
    client = await signed_in("law-clerk")
    answer = await client.get(HERE, params={"year": 2021})
    assert answer.status_code == 200
    assert len(answer.content) < LARGEST_PAGE
    shown = unescape(answer.text)
    assert shown.count('<li><span class="name">') >= 244
    towns = re.findall(r'<summary class="node">\s*<span class="name">([^<]+)<', shown)
    assert towns[:3] == ["石化街道", "朱泾镇", "枫泾镇"]
    assert towns.index("廊下镇") < towns.index("金山卫镇") < towns.index("山阳镇")
    assert "2021年11月18日已召开" in shown
    assert "覆盖率" not in shown
    assert "%" not in re.sub(r"\s(href|src|action|value)=\"[^\"]*\"", "", shown)


async def test_a_tree_is_opened_whole_by_a_plain_link(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    closed = (await client.get(HERE, params={"year": 2021})).text
    opened = (await client.get(HERE, params={"year": 2021, "open": "all"})).text
    assert closed.count("<details") == opened.count("<details") > 10
    assert (closed.count(" open>"), opened.count(" open>")) == (0, opened.count("<details"))


async def test_a_town_sees_its_own_part(signed_in: SignedIn) -> None:
    client = await signed_in("langxia-justice")
    shown = (await client.get(LANGXIA, params={"year": 2021})).text
    assert "廊下镇2021年度述法全覆盖" in shown
    assert "石化街道" not in shown


async def test_who_looks_from_above_without_a_role_of_their_own_is_shown_no_cases(
    signed_in: SignedIn,
) -> None:
    client = await signed_in("auditor")
    assert "cases-by-tier" in (await client.get(HERE)).text
    shown = await client.get(LANGXIA)
    assert shown.status_code == 200
    assert "cases-by-tier" not in shown.text


async def test_who_holds_no_role_is_helped_and_not_shown(signed_in: SignedIn) -> None:
    client = await signed_in("liaison-langxia")
    answer = await client.get(LANGXIA)
    assert answer.status_code == 403
    assert "管理员" in answer.text


async def test_a_village_is_answered_at_its_town(signed_in: SignedIn) -> None:
    client = await signed_in("auditor")
    answer = await client.get(f"/t/{VILLAGE}/coverage")
    assert answer.status_code == 404
    assert "镇" in answer.text


async def test_who_is_missing_is_named_page_by_page_and_taken_along_whole(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    asked = {"year": "2021", "of": "tenants", "tier": "village"}
    page = await client.get(f"{HERE}/gaps", params=asked)
    total = int(re.findall(r"共(\d+)个单位", page.text)[0])
    assert total >= 244
    named: list[str] = []
    while True:
        named += re.findall(r'<th scope="row" class="named">([^<]+)</th>', unescape(page.text))
        following = re.search(r'<a href="(\?[^"]+)">下一页', page.text)
        if following is None:
            break
        page = await client.get(f"{HERE}/gaps{unescape(following[1])}")
    assert len(named) == total
    taken = await client.get(f"{HERE}/gaps.csv", params=asked)
    rows = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert [one["单位"] for one in rows] == named
    assert rows[0]["上级"] == "石化街道"
    book = openpyxl.load_workbook(io.BytesIO((await client.get(f"{HERE}/gaps.xlsx", params=asked)).content))
    assert book.worksheets[0].max_row == total + 3


async def test_heads_who_have_not_reported_are_named_with_their_posts(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    shown = unescape((await client.get(f"{HERE}/gaps", params={"year": 2021, "of": "heads"})).text)
    assert '<th scope="row" class="named">示例·辛</th><td>主任</td><td>区委办公室</td>' in shown
    assert "示例·甲</th>" not in shown


async def test_a_year_nobody_can_mean_and_a_page_nobody_gave_are_refused(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    for path in (f"{HERE}?year=1", f"{HERE}/gaps?year=2021&after=nobody", f"{HERE}/heads-hamlet.svg"):
        assert (await client.get(path)).status_code == 400
    assert (await client.get(f"{HERE}?year=2021&at=shanghai.elsewhere")).status_code == 404


async def test_a_chart_is_a_picture_with_the_numbers_of_the_table(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    page = (await client.get(HERE, params={"year": 2021})).text
    pictures = re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', page)
    assert len(pictures) == 4
    assert all("旁边的表" in alt for _, alt in pictures)
    table = re.findall(r'<td class="nowrap">2021</td><th[^>]*>街镇</th>((?:<td[^>]*>\d+</td>)+)', page)
    _, _, heads, heard = re.findall(r"\d+", re.sub(r"<[^>]+>", " ", table[0]))
    answer = await client.get(next(src for src, _ in pictures if "heads-town" in src))
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert f">{heads}</text>" in answer.text
    assert f">{heard}</text>" in answer.text


async def test_it_is_said_in_english_too(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    client.cookies.set("language", "en")
    shown = (await client.get(HERE, params={"year": 2021})).text
    for words in (": full coverage, 2021", "Tenant by tenant", "Heads: 16, reported: 8", "Year by year"):
        assert words in shown
    assert "逐级情况" not in shown


async def test_a_town_without_anything_below_and_without_a_year_is_told_what_will_be_here(
    signed_in: SignedIn, town: Town
) -> None:
    client = await signed_in("ceshi-leader")
    shown = (await client.get(f"/t/{town.tenant}/coverage")).text
    assert "本级以下还没有登记单位" in shown


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_tree_is_opened_by_keyboard_and_nothing_keeps_people_out(
    page_as: PageAs, installation: Installation, width: int
) -> None:
    page = await page_as("law-clerk", width=width)
    await page.goto(f"{installation.portal}{HERE}?year=2021")
    town = page.locator("details", has=page.locator("summary", has_text="廊下镇"))
    await town.locator("summary").focus()
    assert not await town.get_by_text("景展居委会").is_visible()
    await page.keyboard.press("Enter")
    assert await town.get_by_text("景展居委会").is_visible()
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    await screenshot(page, "coverage")
    await page.goto(f"{installation.portal}{HERE}/gaps?year=2021&of=heads")
    assert await axe(page) == []
    await screenshot(page, "coverage-gaps")


async def test_without_a_script_the_tree_opens_and_the_list_is_narrowed(
    page_as: PageAs, installation: Installation
) -> None:
    page = await page_as("law-clerk", javascript=False)
    await page.goto(f"{installation.portal}{HERE}?year=2021")
    await page.get_by_role("link", name="全部展开").click()
    assert await page.get_by_text("景展居委会").first.is_visible()
    await page.goto(f"{installation.portal}{HERE}/gaps?year=2021")
    await page.get_by_label("层级").select_option("town")
    await page.get_by_role("button", name="查看").click()
    assert "tier=town" in page.url
    assert await page.get_by_role("rowheader", name="石化街道").is_visible()
    assert await page.get_by_role("rowheader", name="廊下镇").count() == 0
