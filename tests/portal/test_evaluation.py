"""年度考评: a sheet and what each line rests on, for the organisation department and the unit, for nobody else."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import get_args

import openpyxl
import pytest

from services.evaluation.domain.lines import KINDS as OF_A_SHEET
from services.evaluation.domain.lines import LineState, What
from services.portal.domain.sentences import SENTENCES
from services.portal.pages.evaluation import in_order, subject_of
from services.portal.pages.evaluation_registers import heads_of
from services.portal.web.evidence import FACTS, KINDS, STATES
from tests.portal.conftest import SignedIn

HERE = "/t/shanghai.jinshan/evaluation"
NOBODY_ELSE = ("party-clerk", "supervision", "secretary", "auditor", "operator", "law-clerk")


# ---- the words ----


def test_there_are_words_for_everything_that_a_sheet_may_say() -> None:
    assert set(FACTS) == set(get_args(What))
    assert set(STATES) == set(get_args(LineState))
    assert set(KINDS) == set(OF_A_SHEET)
    assert len({sign for sign, _ in STATES.values()}) == 4


def test_what_says_more_of_a_fact_is_a_public_event() -> None:
    assert {event for _, event in FACTS.values() if event} <= set(SENTENCES)


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
        "示例·丙现场述法，用时8分25秒，超出规定时长25秒（时任：示例·丙） review:shanghai.jinshan#",
        "依法治区办退回整改，期限由2021年10月8日改为2021年11月26日（时任：示例·丙） rectification:shanghai.jinshan#",
        "依法治区办检查评估：完成，按期反馈，计入2021年度考评（时任：示例·丁）",
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
    assert "更正记录：报送日期由2021年10月26日更正为2021年10月27日；" in shown


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
    for words in (": sheet of 2021", "reports in person, ", "Handovers", "As reported, unconfirmed"):
        assert words in shown
