"""The pages of a session: its whole way gone through by its forms alone, what a refusal keeps, and who sees what."""

from __future__ import annotations

import asyncio
import re
from datetime import date

import pytest

from tests.portal import hall as halls
from tests.portal.conftest import Installation, SignedIn
from tests.portal.filled import forms, send
from tests.portal.hall import SESSION, Hall, open_hall, see_to_the_end
from tests.shared.waiting import until


@pytest.fixture(scope="module")
async def hall(installation: Installation) -> Hall:
    """Gone through from the agenda to a correction of the minutes by the tests of this module, in their order."""
    return await asyncio.to_thread(open_hall, installation.cluster, halls.HALL)


@pytest.fixture
async def ended(hall: Hall, signed_in: SignedIn) -> Hall:
    """The same when its minutes have been sent and the portal has heard it; who asks for it stands by itself."""
    await asyncio.to_thread(see_to_the_end, hall)
    party = await signed_in("ceshi-party")

    async def is_heard() -> bool:
        return (await party.get(hall.url("print", "excerpt", "danweijia"))).status_code == 200

    await until(is_heard)
    return hall


def form(command: str, *of: str) -> str:
    return ".".join(("session", SESSION, command, *of))


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


AGENDA = {"order[0]": "danweiyi", "order[1]": "danweijia", "deputy_director": "示例·测试所长"}
DECISION = {
    "decision[by]": "示例·测试书记",
    "decision[title]": "镇党委书记",
    "decision[reason]": "会期已定。",
}


async def test_an_agenda_that_is_refused_keeps_what_was_typed_and_offers_the_chairs_decision(
    hall: Hall, signed_in: SignedIn
) -> None:
    law = await signed_in("ceshi-law")
    page = await send(law, hall.url(), form("confirm-agenda"), AGENDA)
    assert "示例单位乙" in text_of(page)
    assert "述法稿尚未审核通过" in text_of(page)
    kept = forms(page)[form("confirm-agenda")].fields
    assert {name: kept[name] for name in AGENDA} == AGENDA
    assert re.search(rf'<details id="{form("confirm-agenda")}--decision" class="decision" open>', page)
    half = await send(law, hall.url(), form("confirm-agenda"), AGENDA | {"decision[by]": "示例·测试书记"})
    assert "此项没有填写或格式不对" in half
    page = await send(law, hall.url(), form("confirm-agenda"), AGENDA | DECISION)
    assert "会期已定。" in text_of(page)
    assert (hall.row()["state"], hall.row()["passed_over"]) == ("agenda_confirmed", ["danweiyi"])


async def test_a_speech_is_typed_as_minutes_and_seconds_and_overrun_is_below_zero(
    hall: Hall, signed_in: SignedIn
) -> None:
    party = await signed_in("ceshi-party")
    speech = form("record-speech", "danweijia")
    page = await send(party, hall.url(), speech, {"person": "示例·副手", "minutes": "8", "seconds": "12"})
    assert "不得代为宣读" in page
    assert forms(page)[speech].fields["minutes"] == "8"
    page = await send(party, hall.url(), speech, {"person": "示例·子", "minutes": "8", "seconds": "12"})
    assert "−0:12 超时" in text_of(page)
    assert [one["spoken_seconds"] for one in hall.row()["speeches"]] == [492]
    assert speech not in forms(page)


async def test_what_is_sent_twice_is_done_once(hall: Hall, signed_in: SignedIn) -> None:
    party = await signed_in("ceshi-party")
    one = forms((await party.get(hall.url())).text)[form("record-speech", "danweiyi")]
    typed = one.fields | {"minutes": "7", "seconds": "30"}
    for _ in range(2):
        answer = await party.post(one.action, data=typed)
        assert "已办理" in answer.text, text_of(answer.text)
    assert [one["unit"] for one in hall.row()["speeches"]] == ["danweijia", "danweiyi"]


async def test_a_supplement_is_shown_and_can_be_put_right(hall: Hall, signed_in: SignedIn) -> None:
    law = await signed_in("ceshi-law")
    for text in ("补充一点。", "补充两点。"):
        page = await send(
            law, hall.url("supplement", "danweijia"), form("record-supplement", "danweijia"), {"text": text}
        )
    assert "补充两点。" in page
    assert "补充一点。" not in page


COMMENT = {
    "by": "示例·测试书记",
    "by_title": "镇党委书记",
    "text": "讲得实，还要再细。",
    "requirements[0][task_line]": "公开执法事项清单",
    "requirements[0][focus_area]": "优化营商环境",
    "requirements[0][units][4]": "danweijia",
    "requirements[0][units][5]": "danweiyi",
    "requirements[1][task_line]": "健全合法性审查",
}


async def test_a_comment_says_whether_it_asks_for_something(hall: Hall, signed_in: SignedIn) -> None:
    party, page = await signed_in("ceshi-party"), hall.url("comment", "new") + "?unit=danweijia"
    new = form("record-comment", "new", "danweijia")
    said = {name: value for name, value in COMMENT.items() if not name.startswith("requirements")}
    nothing = await send(party, page, new, said | {"asks": "items"})
    assert "没有填写任何工作要求" in nothing
    assert forms(nothing)[new].fields["text"] == COMMENT["text"]
    both = await send(party, page, new, COMMENT | {"asks": "nothing"})
    assert "请清空工作要求" in both
    kept = forms(both)[new].fields
    assert {name: kept.get(name) for name in COMMENT} == COMMENT
    assert hall.row()["words"] == []


async def test_a_comment_that_its_owner_refuses_keeps_its_requirement_lines(
    hall: Hall, signed_in: SignedIn
) -> None:
    party, page = await signed_in("ceshi-party"), hall.url("comment", "new") + "?unit=danweijia"
    new = form("record-comment", "new", "danweijia")
    line = {"requirements[1][focus_area]": "乡村振兴", "requirements[1][task_line]": " "}
    refused = await send(party, page, new, COMMENT | line | {"asks": "items"})
    assert "未填任务事项" in refused
    kept = forms(refused)[new].fields
    assert {name: kept.get(name) for name in COMMENT | line} == COMMENT | line | {
        "requirements[1][task_line]": kept["requirements[1][task_line]"]
    }


async def test_a_line_is_added_and_nothing_typed_is_lost(hall: Hall, signed_in: SignedIn) -> None:
    party, page = await signed_in("ceshi-party"), hall.url("comment", "new") + "?unit=danweijia"
    new = form("record-comment", "new", "danweijia")
    longer = await send(party, page, new, COMMENT, to=0)
    fields = forms(longer)[new].fields
    assert "requirements[2][task_line]" in fields
    assert {name: fields.get(name) for name in COMMENT} == COMMENT
    more = {"requirements[2][task_line]": "按季公开进展", "requirements[2][units][1]": "sifasuo"}
    done = await send(party, page, new, {"asks": "items"} | more)
    assert "共性要求，点名：" in done
    [words] = hall.get("ceshi-party", "review", "comments", session=SESSION)["items"]
    assert [(one["requirement"], one["task_line"], one["units"]) for one in words["requirements"]] == [
        ("r1", "公开执法事项清单", ["danweijia", "danweiyi"]),
        ("r2", "健全合法性审查", ["danweijia"]),
        ("r3", "按季公开进展", ["sifasuo"]),
    ]
    assert forms((await party.get(page)).text)[new].fields.get("text") == ""


async def test_a_comment_is_put_right_only_as_it_was_seen(hall: Hall, signed_in: SignedIn) -> None:
    party = await signed_in("ceshi-party")
    [words] = hall.row()["words"]
    page, change = hall.url("comment", words["comment"]), form("record-comment", words["comment"])
    seen = forms((await party.get(page)).text)[change]
    assert seen.fields["requirements[0][units][5]"] == "danweiyi"
    await send(party, page, change, {"text": "讲得实。"})
    late = await party.post(seen.action, data=seen.fields | {"text": "讲得不实。"})
    assert "内容已有变化" in late.text
    assert forms(late.text)[change].fields["text"] == "讲得不实。"
    assert "讲得实。" in text_of((await party.get(hall.url())).text)


async def test_what_is_missing_is_named_until_it_is_supplied_or_marked(
    hall: Hall, signed_in: SignedIn
) -> None:
    law = await signed_in("ceshi-law")
    page = text_of(await send(law, hall.url(), form("note-bulletin"), {"told": "false"}))
    assert "须填写不适用的原因" in page
    page = await send(law, hall.url(), form("note-bulletin"), {"told": "false", "reason": "首轮。"})
    assert "原因：首轮。" in text_of(page)
    assert "示例单位乙：补充汇报" in text_of(page)
    for what in ("supplement", "comment"):
        mark = form("mark-not-held", "danweiyi")
        page = await send(law, hall.url(), mark, {"what": what, "reason": "时间所限。"})
    assert "示例单位乙：补充汇报" not in text_of(page)
    assert "时间所限。" in page
    assert form("mark-not-held", "danweiyi") not in forms(page)
    await send(
        law, hall.url(), form("record-guest"), {"organisation": "示例区依法治区办", "kind": "higher_office"}
    )
    page = await send(law, hall.url(), form("close-session"))
    assert "示例区依法治区办" in page
    assert hall.row()["state"] == "held"


async def test_the_minutes_go_their_way(hall: Hall, signed_in: SignedIn) -> None:
    offices = ("party", "law", "leader", "supervision")
    party, law, leader, standing_in = [await signed_in(f"ceshi-{one}") for one in offices]
    await send(party, hall.url(), form("draft-minutes"))
    assert form("check-requirements") not in forms((await (leader).get(hall.url())).text)
    page = await send(law, hall.url(), form("check-requirements"))
    assert "；其余待核对" in text_of(page)
    assert form("check-requirements") not in forms(page)
    assert "按季公开进展" in (await standing_in.get(hall.url())).text
    await send(standing_in, hall.url(), form("check-requirements"))
    assert hall.row()["state"] == "checked"
    page = await send(party, hall.url(), form("sign-minutes"), {"signed_by": "示例·测试书记"})
    assert "尚未确认本人点评" in text_of(page)
    [words] = hall.row()["words"]
    await send(leader, hall.url(), form("confirm-words", words["comment"]))
    page = await send(
        party, hall.url(), form("sign-minutes"), {"signed_by": "示例·测试书记", "scan": "签发件2022-9"}
    )
    assert "签发件2022-9" in page
    page = await send(party, hall.url(), form("number-minutes"), {"document_number": "示委办[2022]03号"})
    assert "六角括号" in page
    assert forms(page)[form("number-minutes")].fields["document_number"] == "示委办[2022]03号"
    await send(party, hall.url(), form("number-minutes"), {"document_number": "示委办〔2022〕9号"})
    page = await send(party, hall.url(), form("send-minutes"))
    assert hall.row()["state"] == "sent"
    due = date.fromisoformat(hall.row()["due_on"]["danweijia"])
    assert f"{due.year}年{due.month}月{due.day}日" in text_of(page)


async def test_a_wrong_line_is_corrected_and_the_others_stay(hall: Hall, signed_in: SignedIn) -> None:
    party, correct = await signed_in("ceshi-party"), form("correct-minutes")
    nothing = await send(party, hall.url(), correct, {"reason": "漏字。"})
    assert "更正须至少改动一项" in nothing
    typed = {"corrections[2][task_line]": "健全重大决策合法性审查", "reason": "漏字。"}
    page = text_of(await send(party, hall.url(), correct, typed))
    assert "健全合法性审查 → 健全重大决策合法性审查" in page
    paper = text_of((await party.get(hall.url("print", "excerpt", "danweijia"))).text)
    assert "健全重大决策合法性审查" in paper
    assert "公开执法事项清单" in paper
    assert "漏字。" in paper


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        ("agenda", "示例·测试所长"),
        ("script", "同志述法"),
        ("signin", "签名"),
        ("signing", "签发件2022-9"),
        ("distribution", "示例单位乙"),
        ("receipts", "签收人"),
        ("minutes", "示委办〔2022〕9号"),
    ],
)
async def test_papers_are_printed_from_what_is_known(
    ended: Hall, signed_in: SignedIn, paper: str, says: str
) -> None:
    for user in ("ceshi-party", "ceshi-leader"):
        answer = await (await signed_in(user)).get(ended.url("print", paper))
        assert answer.status_code == 200
        assert says in answer.text


async def test_a_unit_reads_its_own_excerpt_and_no_other_paper(ended: Hall, signed_in: SignedIn) -> None:
    liaison = await signed_in("ceshi-liaison-a")
    page = await liaison.get(ended.url())
    assert ended.url("print", "excerpt", "danweijia") in page.text
    assert (await liaison.get(ended.url("print", "excerpt", "danweijia"))).status_code == 200
    for other in (("excerpt", "danweiyi"), ("minutes",), ("signing",)):
        assert (await liaison.get(ended.url("print", *other))).status_code == 403
    assert (await liaison.get(ended.url("comment", "new") + "?unit=danweijia")).status_code == 403


@pytest.mark.parametrize("user", ["ceshi-liaison-a", "ceshi-supervision", "ceshi-auditor"])
async def test_who_may_not_read_the_proceedings_sees_what_progress_tells(
    hall: Hall, signed_in: SignedIn, user: str
) -> None:
    client = await signed_in(user)
    page = text_of((await client.get(hall.url())).text)
    assert "8:12" in page
    assert "示例区依法治区办" in page
    for private in ("讲得实。", "补充两点。", "公开执法事项清单", "镇党委书记"):
        assert private not in page
    assert SESSION in (await client.get(f"/t/{hall.tenant}/sessions")).text
    assert (await client.get(f"/t/{hall.tenant}/sessions/2031-1")).status_code == 404


async def test_a_tenant_without_sessions_says_who_makes_them(signed_in: SignedIn) -> None:
    page = await (await signed_in("admin")).get("/t/shanghai.jinshan.t310116001/sessions")
    assert "还没有排定的述法会" in page.text


async def test_the_pages_speak_english_too(hall: Hall, signed_in: SignedIn) -> None:
    party = await signed_in("ceshi-party")
    await party.post("/language", data={"language": "en", "_back": hall.url()})
    page = text_of((await party.get(hall.url())).text)
    assert "Minutes sent" in page
    assert "纪要已印发" not in page
