"""年度考评: a sheet and what each line rests on, for the organisation department and the unit, for nobody else."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import get_args

import openpyxl
import pytest
from playwright.async_api import expect

from services.evaluation.domain.lines import KINDS as OF_A_SHEET
from services.evaluation.domain.lines import LineState, What
from services.portal.pages.evaluation import in_order, subject_of
from services.portal.pages.evaluation_registers import heads_of
from services.portal.web.evidence import KINDS, SENTENCES, STATES, sentence
from shared.contracts import rectification, review, scheduling
from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.town import Town

HERE = "/t/shanghai.jinshan/evaluation"
NOBODY_ELSE = ("party-clerk", "supervision", "secretary", "auditor", "operator", "law-clerk")


# ---- the words ----


def test_there_are_words_for_everything_that_a_sheet_may_say() -> None:
    assert set(SENTENCES) == set(get_args(What))
    assert set(STATES) == set(get_args(LineState))
    assert set(KINDS) == set(OF_A_SHEET)
    assert len({sign for sign, _ in STATES.values()}) == 4


@pytest.mark.parametrize("what", sorted(SENTENCES))
def test_every_blank_of_a_sentence_is_a_field_of_its_event(what: str) -> None:
    short, full, events = SENTENCES[what]
    blanks = set(re.findall(r"%\((\w+)\)s", full))
    assert bool(blanks) == bool(events)
    assert not re.findall(r"%\(", short)
    for event in events:
        contract = next(
            getattr(module, event) for module in (rectification, review, scheduling) if hasattr(module, event)
        )
        assert blanks <= set(contract.model_fields)


def test_an_event_is_told_with_its_dates_and_the_offices_of_the_tier() -> None:
    returned = {"due_on": "2021-11-26", "due_on_before": "2021-10-08"}
    assert (
        sentence("returned", returned, "zh", "district")
        == "检查评估后退回，期限改为2021年11月26日，原期限2021年10月8日"
    )
    receipted = {"office": "law_office"}
    assert sentence("receipted", receipted, "zh", "district") == "依法治区办签收反馈"
    assert sentence("receipted", receipted, "zh", "town") == "司法所签收反馈"
    assert (
        sentence("verified", {"by_office": "law_office", "outcome": "partly"}, "zh", "district")
        == "依法治区办检查评估：部分完成"
    )


def test_an_event_that_is_not_at_hand_or_leaves_a_blank_open_is_told_shortly() -> None:
    assert sentence("fed_back", None, "zh", "district") == "报送整改反馈"
    assert (
        sentence("fed_back", {"signer": "示例·甲", "document_number": None}, "zh", "district")
        == "报送整改反馈"
    )


def test_a_line_says_which_session_it_is_about() -> None:
    assert subject_of({"kind": "report", "subject": "2021-2"}, "zh") == "2021年度第2次述法会"
    assert (
        subject_of({"kind": "rectification", "subject": "2021-1-langxia"}, "zh")
        == "2021年度第1次述法会工作要求的整改"
    )
    assert subject_of({"kind": "report", "subject": None}, "zh") == "本年度无此项"


def test_units_with_and_without_a_sheet_stand_in_the_official_order() -> None:
    units = [
        {"unit": unit, "name": unit, "official_order": order, "category": "government"}
        for unit, order in (("b", 2), ("c", 1))
    ]
    sheets = [
        {"unit": unit, "unit_name": None, "official_order": order, "lines": ["line"]}
        for unit, order in (("b", 2), ("gone", 3))
    ]
    rows = in_order(sheets, units, 2021)
    assert [(row["unit"], len(row["lines"])) for row in rows] == [("c", 0), ("b", 1), ("gone", 1)]


def test_each_head_is_asked_for_one_annual_report_and_who_left_is_listed_with_theirs() -> None:
    unit = {
        "unit": "v1",
        "posts": [
            {"post": "secretary", "title": "书记", "person": "甲"},
            {"post": "director", "title": "主任", "person": "甲"},
        ],
    }
    filed = [{"unit": "v1", "person": "乙", "document_number": "1号"}, {"unit": "v2", "person": "丙"}]
    assert [(one["person"], one["titles"], bool(one["filed"])) for one in heads_of(unit, filed)] == [
        ("甲", ["书记", "主任"], False),
        ("乙", [], True),
    ]


# ---- who sees a sheet ----


async def test_the_organisation_department_sees_every_unit_in_the_official_order(
    signed_in: SignedIn,
) -> None:
    client = await signed_in("organization")
    shown = unescape((await client.get(HERE, params={"year": 2021})).text)
    units = re.findall(r'<th scope="row" class="named"><a href="[^"]+">([^<]+)</a>', shown)
    assert units[:4] == ["区委", "区政府", "区委办公室", "区委督查室"]
    assert units.index("区工商联") < units.index("区交通委") < units.index("廊下镇")
    assert shown.count("带头述法") == 2
    assert "得分" not in shown


async def test_a_unit_sees_its_own_sheet_and_no_other(signed_in: SignedIn) -> None:
    for user in ("liaison-langxia", "reporter-langxia"):
        client = await signed_in(user)
        shown = (await client.get(HERE, params={"year": 2021})).text
        assert re.findall(r'class="named"><a href="[^"]+">([^<]+)</a>', shown) == ["廊下镇"]
        assert (await client.get(f"{HERE}/2021/langxia")).status_code == 200
        for path in ("2021/jiaotongwei", "2021/jiaotongwei/sheet.xlsx"):
            refused = await client.get(f"{HERE}/{path}")
            assert refused.status_code == 403
            assert "没有权限" in refused.text
        book = openpyxl.load_workbook(io.BytesIO((await client.get(f"{HERE}/2021/sheets.xlsx")).content))
        assert {row[0].value for row in book.worksheets[0].iter_rows(min_row=4)} == {"廊下镇"}


@pytest.mark.parametrize("user", NOBODY_ELSE)
async def test_nobody_else_sees_a_sheet_and_is_told_what_helps(signed_in: SignedIn, user: str) -> None:
    client = await signed_in(user)
    for path in ("2021/langxia", "2021/langxia/sheet.xlsx", "2021/sheets.xlsx"):
        answer = await client.get(f"{HERE}/{path}")
        assert answer.status_code == 403
        assert "请联系本级管理员授权" in answer.text
        assert "security.not-permitted" in answer.text
    way_in = await client.get(HERE)
    if user == "law-clerk":  # who keeps the register of annual reports
        assert way_in.url.path == f"{HERE}/reports"
    else:
        assert way_in.status_code == 403


async def test_a_unit_that_is_not_registered_has_no_sheet(signed_in: SignedIn) -> None:
    client = await signed_in("organization")
    assert (await client.get(f"{HERE}/2021/nobody")).status_code == 404


# ---- a sheet ----


async def test_each_line_rests_on_events_that_are_cited_with_day_and_sentence(signed_in: SignedIn) -> None:
    client = await signed_in("organization")
    shown = unescape((await client.get(f"{HERE}/2021/langxia")).text)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", shown))
    for said in (
        "2021年6月24日在2021年6月24日的述法会上述法（时任：示例·丙） review:shanghai.jinshan#",
        "检查评估后退回，期限改为2021年11月26日，原期限2021年10月8日（时任：示例·丙） rectification:shanghai.jinshan#",
        "依法治区办检查评估：完成（时任：示例·丁）",
        "党委书记由示例·丙交接给示例·丁",
        "2022年1月20日公布",
        "2021年12月31日；此后到期的整改计入下一年度",
        "示例·丁：示例廊委〔2022〕2号",
        "全国平安建设最高荣誉“长安杯”",
        "如实填报，未经核实",
    ):
        assert said in words
    lines = re.findall(r'<td class="nowrap">(\S+)</td>.*?<td>(.*?)</td><td>(\S+)</td></tr>', shown)
    told = [(kind, re.sub(r"<[^>]+>", "", state).split()[-1], person) for kind, state, person in lines]
    assert told == [("述法", "完成", "示例·丙"), ("整改", "完成", "示例·丁")]


async def test_a_correction_is_marked_with_its_reason(signed_in: SignedIn) -> None:
    client = await signed_in("organization")
    shown = (await client.get(f"{HERE}/2021/gongshanglian")).text
    assert "记录已更正" in shown
    assert "更正记录：反馈发出日由2021年10月26日更正为2021年10月27日。理由：" in shown


async def test_what_a_year_has_nothing_of_is_not_applicable_and_not_zero(signed_in: SignedIn) -> None:
    client = await signed_in("organization")
    shown = (await client.get(f"{HERE}/2021/jingwei")).text
    assert shown.count("不适用</span>") == 2
    unpublished = (await client.get(f"{HERE}/2021/xinfangban")).text
    assert "不适用</span>" not in unpublished
    assert "公布考评表</button>" in unpublished


async def test_a_citation_is_a_link_for_who_may_open_the_ledger_only(
    signed_in: SignedIn,
) -> None:
    client = await signed_in("organization")
    assert 'class="cite" href' not in (await client.get(f"{HERE}/2021/langxia")).text


async def test_a_sheet_is_taken_along_with_what_it_rests_on(signed_in: SignedIn) -> None:
    client = await signed_in("organization")
    answer = await client.get(f"{HERE}/2021/langxia/sheet.xlsx")
    [sheet] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert len(rows) == 11
    assert rows[0][1:4] == ["述法", "2021年度第1次述法会", "完成"]
    assert all(str(row[7]).partition("#")[0].endswith(":shanghai.jinshan") for row in rows)


async def test_it_is_said_in_english_too(signed_in: SignedIn) -> None:
    client = await signed_in("organization")
    client.cookies.set("language", "en")
    shown = unescape((await client.get(f"{HERE}/2021/langxia")).text)
    for words in (": sheet of 2021", "Reported at the session of", "Handovers", "As reported, unconfirmed"):
        assert words in shown


# ---- in a browser ----


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
    page = await page_as("ceshi-organization")
    await page.goto(f"{installation.portal}/t/{town.tenant}/evaluation/outcomes?unit=danweijia")
    form = page.locator("form.command", has=page.get_by_role("button", name="登记成效"))
    await form.get_by_label("内容").fill("示例成效")
    await form.get_by_label("数值").fill("12")
    await form.get_by_role("button").click()
    await expect(form.get_by_text("缺少计量单位").first).to_be_visible()
    await expect(form.get_by_label("内容")).to_have_value("示例成效")
    await form.get_by_label("计量单位").fill("件")
    await form.get_by_role("button").click()
    recorded = page.locator("#recorded li", has_text="示例成效")
    await expect(recorded.get_by_text("如实填报，未经核实")).to_be_visible()
    await expect(recorded.get_by_text("12件")).to_be_visible()
    await recorded.locator("summary").click()
    await recorded.get_by_label("期间").fill("2022年度")
    await recorded.get_by_label("依据").fill("示例〔2022〕1号")
    await recorded.get_by_role("button", name="补充").click()
    await expect(recorded.get_by_text("有期间和依据")).to_be_visible()
    assert await recorded.count() == 1


async def test_an_honour_belongs_to_no_unit(page_as: PageAs, installation: Installation, town: Town) -> None:
    page = await page_as("ceshi-law", javascript=False)
    await page.goto(f"{installation.portal}/t/{town.tenant}/evaluation/outcomes")
    form = page.locator("form.command", has=page.get_by_role("button", name="登记荣誉"))
    assert not await form.get_by_label("单位", exact=True).count()
    await form.get_by_label("内容").fill("示例荣誉")
    await form.get_by_role("button").click()
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
    await page.get_by_role("button", name="登记").click()
    await expect(page.locator("#filed").get_by_text(f"示例〔{year}〕5号")).to_be_visible()
    assert await page.locator("#filed tbody").count() == 1
    law = await page_as("ceshi-law", javascript=False)
    await law.goto(f"{installation.portal}/t/{town.tenant}/evaluation?year={year}")
    assert law.url.endswith("/evaluation/reports")
    await law.goto(f"{law.url}?year={year}")
    await expect(law.locator("#filed").get_by_text(f"示例〔{year}〕5号")).to_be_visible()
