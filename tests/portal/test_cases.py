"""The register, a case, duties, bulletins and the short form, as they come over HTTP."""

from __future__ import annotations

import asyncio
import csv
import io
import re

import httpx
from openpyxl import load_workbook

from tests.portal.asked import open_case, send
from tests.portal.conftest import Installation, SignedIn
from tests.portal.town import Town

JINSHAN, LANGXIA = "/t/shanghai.jinshan", "/t/shanghai.jinshan.langxia"
CESHI = "/t/shanghai.jinshan.ceshi"


def units(page: httpx.Response) -> list[str]:
    """The units in the register's rows, in the order they stand."""
    assert page.status_code == 200, page.text
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page.text)


def text(page: httpx.Response) -> str:
    """What a person reads, without marks."""
    assert page.status_code == 200, page.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text))


async def test_the_register_is_narrowed_and_sorted_by_its_address(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    register = f"{JINSHAN}/cases"
    everything = units(await client.get(register))
    assert everything[:3] == ["区工商联", "区交通委", "廊下镇"]
    assert units(await client.get(register, params={"q": "交通"})) == ["区交通委"]
    assert units(await client.get(register, params={"session": "2021-1"})) == everything[:3]
    assert units(await client.get(register, params={"state": "awaiting_receipt"})) == ["示例镇"]
    assert units(await client.get(register, params={"light": "red"})) == []
    by_date = units(await client.get(register, params={"session": "2021-1", "sort": "due_on"}))
    assert by_date == ["区交通委", "区工商联", "廊下镇"]
    down = await client.get(register, params={"session": "2021-1", "sort": "-due_on"})
    assert units(down) == [*reversed(by_date)]
    assert 'aria-sort="descending"' in down.text
    assert "没有符合条件的整改事项" in text(await client.get(register, params={"q": "没有这个单位"}))


async def test_a_tier_above_sees_the_progress_below_and_no_way_into_it(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    page = await client.get(f"{JINSHAN}/cases", params={"within": "subtree"})
    assert "示例村" in text(page)
    assert "本级及下级进展" in text(page)
    assert "2021-1-shilicun" not in page.text


async def test_the_selection_is_taken_out_as_a_workbook_and_as_csv(town: Town, signed_in: SignedIn) -> None:
    await open_case(town, unit_name="=HYPERLINK(1)", person="@示例", title="-主任")
    client = await signed_in("ceshi-law")
    asked = {"q": "HYPERLINK"}
    answer = await client.get(f"{CESHI}/cases.csv", params=asked)
    assert answer.content.startswith("\ufeff层级,案号,轮次".encode())
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    row = dict(zip(head, rows[0], strict=True))
    assert [row[name] for name in ("单位", "责任人", "职务")] == ["'=HYPERLINK(1)", "'@示例", "'-主任"]
    assert not [cell for one in rows for cell in one if cell.startswith(("=", "+", "-", "@"))]
    book = load_workbook(io.BytesIO((await client.get(f"{CESHI}/cases.xlsx", params=asked)).content))
    cells = [list(line) for line in book.worksheets[0].iter_rows()]
    assert [cell.value for cell in cells[0]] == head
    assert len(cells) == 1 + len(rows)
    assert "f" not in {cell.data_type for line in cells for cell in line}
    everything = await client.get(f"{CESHI}/cases.csv", params={"q": "没有这个单位"})
    assert len(everything.content.decode("utf-8-sig").splitlines()) == 1


async def test_a_case_tells_its_dates_and_its_story_from_roster_to_evaluation(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    told = text(await client.get(f"{JINSHAN}/cases/2021-1-langxia"))
    assert "纪要2021年7月7日发出，三个月至2021年10月7日，适逢国庆节假期，顺延至2021年10月8日。" in told
    assert "2021年10月26日退回整改，新期限为2021年11月26日，原期限2021年10月8日仍保留在案。" in told
    story = [
        "述法会定于2021年6月24日召开",
        "述法稿第2稿审核通过。",
        "廊下镇党委书记示例·丙现场述法",
        "点评，提出工作要求1项",
        "会议纪要",
        "廊下镇整改立项，共1项，期限2021年10月8日。",
        "依法治区办退回整改",
        "党委书记由示例·丙变更为示例·丁",
        "依法治区办检查评估：完成，按期反馈，计入2021年度考评。",
        "2021年第2轮述法会上通报2021年第1轮整改情况",
        "2021年度考评表公布。",
    ]
    places = [told.index(one, told.index("全程")) for one in story]
    assert places == sorted(places)
    suspended = text(await client.get(f"{JINSHAN}/cases/2021-2-sifaju"))
    assert (
        "2022年4月1日至2022年5月31日暂停办理，期限内计61天，由2022年5月5日加61天至2022年7月5日。" in suspended
    )


async def test_what_was_written_is_for_the_unit_and_the_offices(signed_in: SignedIn) -> None:
    own, other = await signed_in("liaison-langxia"), await signed_in("liaison-jiaotongwei")
    address = f"{JINSHAN}/cases/2021-1-langxia"
    written = "关于村居议事规程整改落实情况的报告"
    assert written in (await own.get(address)).text
    read = await other.get(address)
    assert written not in read.text
    assert "反馈内容只供本单位和经办办公室查阅" in read.text
    assert "点评，提出工作要求" not in read.text
    assert "廊下镇整改立项" in read.text


async def test_a_liaison_s_duties_are_its_own_unit_s(signed_in: SignedIn) -> None:
    own = await (await signed_in("liaison-langxia")).get(f"{JINSHAN}/duties", params={"unit": "jiaotongwei"})
    assert "形成经合法性审查、各村通用的议事规程" in own.text
    office = await (await signed_in("law-clerk")).get(f"{JINSHAN}/duties", params={"unit": "shilizhen"})
    assert "对在履行的集体土地流转合同逐份作合法性审查" in office.text


async def test_a_form_that_is_sent_twice_does_nothing_twice(town: Town, signed_in: SignedIn) -> None:
    case = await open_case(town)
    client = await signed_in("ceshi-liaison-a")
    page = await client.get(f"{CESHI}/cases/{case}")
    typed = {"text": "已办理。", "signer": "示例·子"}
    for _ in range(2):
        answer = await send(client, page, f"case.{case}.submit-feedback", **typed)
        assert "已办理。" in text(answer) or "处理中" in text(answer)
    row = await asyncio.to_thread(town.get, "ceshi-law", "rectification", f"case-register/case-{case}")
    assert (row["state"], row["version"]) == ("awaiting_receipt", 2)


async def test_a_refusal_calls_an_office_as_the_town_does(town: Town, signed_in: SignedIn) -> None:
    case = await open_case(town)
    unit, law = [await signed_in(who) for who in ("ceshi-liaison-a", "ceshi-law")]
    address, receipt = f"{CESHI}/cases/{case}", f"case.{case}.receipt-feedback"
    await send(
        unit, await unit.get(address), f"case.{case}.submit-feedback", text="已办理。", signer="示例·子"
    )
    page = await law.get(address)
    await send(law, page, receipt)
    row = await asyncio.to_thread(town.get, "ceshi-law", "rectification", f"case-register/case-{case}")
    again = await send(law, page, receipt, _key="another", _version=str(row["version"]))
    assert re.search("司法所已于.{10}签收，无需重复签收", text(again))
    assert "law_office" not in text(again)


async def test_from_feedback_to_verification_each_does_their_step(town: Town, signed_in: SignedIn) -> None:
    case = await open_case(town)
    unit, law, party = [await signed_in(who) for who in ("ceshi-liaison-a", "ceshi-law", "ceshi-party")]
    address = f"{CESHI}/cases/{case}"
    await send(
        unit, await unit.get(address), f"case.{case}.submit-feedback", text="已办理。", signer="示例·子"
    )
    for client in (party, law):
        await send(client, await client.get(address), f"case.{case}.receipt-feedback")
    verify = f"case.{case}.verify-rectification"
    refused = await send(law, await law.get(address), verify, outcome="partly")
    assert "结论为部分完成的，须列明未完成事项" in text(refused)
    done = await send(law, refused, verify, outcome="partly", unfinished__0="danweijia-2")
    assert "部分完成" in text(done)
    row = await asyncio.to_thread(town.get, "ceshi-law", "rectification", f"case-register/case-{case}")
    assert (row["state"], row["outcome"], row["unfinished"]) == ("completed", "partly", ["danweijia-2"])


async def test_a_classified_feedback_names_its_paper_and_keeps_no_text(
    town: Town, signed_in: SignedIn, installation: Installation
) -> None:
    """Not even of a page that was open before: what it sends is refused, and not kept to be put right."""
    case = await open_case(town, classified=True)
    client = await signed_in("ceshi-liaison-a")
    page = await client.get(f"{CESHI}/cases/{case}")
    form = f"case.{case}.submit-feedback"
    assert f"{form}--signer" in page.text
    assert f"{form}--text" not in page.text
    secret, paper = f"涉密情况{case}", {"signer": "示例·子", "document_number": "示例〔2022〕1号"}
    refused = await send(client, page, form, text=secret, **paper)
    assert "涉密" in refused.text
    assert paper["document_number"] in refused.text
    assert (secret in refused.text, await installation.kept(secret)) == (False, 0)
    await send(client, page, form, **paper)
    row = await asyncio.to_thread(town.get, "ceshi-law", "rectification", f"case-register/case-{case}")
    assert row["state"] == "awaiting_receipt"


async def test_a_village_has_one_notice_and_one_short_form_that_the_town_enters(
    town: Town, signed_in: SignedIn
) -> None:
    case = await open_case(town, category="village", unit_name="示例村")
    village, law = await signed_in("ceshi-liaison-a"), await signed_in("ceshi-law")
    address = f"{CESHI}/short-form/{case}"
    notice = await village.get(address)
    assert "建立对外合同台账" in text(notice)
    assert "由镇里的办事机构代为填报" in text(notice)
    assert "<textarea" not in notice.text
    assert address in (await law.get(f"{CESHI}/cases/{case}")).text
    form = f"case.{case}.submit-short-form"
    told = await send(law, await law.get(address), form, text="合同台账已建立。", entered_for="示例·村书记")
    assert "合同台账已建立。" in text(told)
    assert "由示例·村书记提供" in text(told)


async def test_a_case_that_is_not_there_is_said_to_be_missing(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    assert (await client.get(f"{JINSHAN}/cases/2021-1-nobody")).status_code == 404
    assert (await client.get(f"{JINSHAN}/bulletins/1999-1")).status_code == 404


async def test_a_bulletin_is_listed_and_printed_in_its_fixed_words(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    assert "关于2021年第1轮整改情况的通报" in text(await client.get(f"{JINSHAN}/bulletins"))
    assert "区工商联2021年10月29日已完成" in text(await client.get(f"{JINSHAN}/bulletins/2021-2"))
