"""Forms that the town's story has no step for, each pushed by who may, in a browser; what is sent twice is done once.

An observer who did not come, minutes that turn out to be classified, a suspension of all work, a round's bulletin.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from deploy.local.waiting import until
from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, SignedIn
from tests.portal.hall import SESSION, Hall, open_hall
from tests.portal.hands import Fields, Hands, Sent

ROOM = "shanghai.jinshan.ceshishe"
AT = f"session.{SESSION}"
TYPED, TAKEN_DOWN = (f"{what}的讲话{uuid.uuid4().hex[:8]}" for what in ("尚未提交", "已经登记"))
COMMENT: dict[str, Any] = {
    "comment": "danweijia-1",
    "unit": "danweijia",
    "by": "示例·测试书记",
    "by_title": "镇党委书记",
    "text": TAKEN_DOWN,
    "requirements": [{"requirement": "r1", "task_line": "公开执法事项清单", "units": ["danweijia"]}],
}
OF_ANOTHER = COMMENT | {
    "comment": "danweiyi-1",
    "unit": "danweiyi",
    "by": "示例·测试镇长",
    "by_title": "镇长",
    "text": f"{TAKEN_DOWN}乙",
    "requirements": [],
}


@pytest.fixture(scope="module")
async def room(installation: Installation) -> Hall:
    """A session that is observed, with its agenda, on the day; the tests of this module go on from each other."""

    def opened() -> Hall:
        hall = open_hall(installation.cluster, ROOM, observed=True)
        decision = {"by": "示例·测试书记", "title": "镇党委书记", "reason": "会期已定。"}
        order = {"order": ["danweijia", "danweiyi"], "deputy_director": "示例·测试所长"}
        hall.do("ceshi-law", "review", f"session/{SESSION}/confirm-agenda", **order, decision=decision)
        return hall

    return await asyncio.to_thread(opened)


@pytest.fixture
def hands(installation: Installation, context_of: Callable[..., Awaitable[BrowserContext]]) -> Hands:
    return Hands(installation.portal, context_of)


async def form(hands: Hands, user: str, room: Hall, path: str, name: str) -> Locator:
    """A form of a page, with somebody before it."""
    page = await hands.page_of(user)
    await page.goto(f"{hands.portal}/t/{room.tenant}{path}")
    found = page.locator(f"form[id='{name}']")
    await expect(found).to_have_count(1)
    return found


async def pushed_twice(
    hands: Hands, room: Hall, where: Locator, fields: Fields, stream: tuple[str, str]
) -> Sent:
    """Fill in and send a form, then the same again as a browser does that is asked to; one entry comes of it."""
    action = await where.get_attribute("action")
    sent = await hands.send(where, fields)
    assert not sent.refused, sent.words
    before = await entries(room, *stream)
    again = await where.page.request.post(f"{hands.portal}{action}", form=dict(sent.fields))
    assert "已办理" in await again.text()
    assert await entries(room, *stream) == before
    return sent


async def entries(room: Hall, service: str, stream: str) -> int:
    found = await asyncio.to_thread(room.get, "ceshi-auditor", service, "ledger", stream=stream, limit="200")
    return len(found["items"])


async def opened(page: Page, hands: Hands, room: Hall, path: str, name: str) -> None:
    """The page as it reads afterwards: it fits, and is for everybody."""
    for width in (390, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(f"{hands.portal}/t/{room.tenant}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await screenshot(page, name)
    assert await axe(page) == []


async def test_an_observer_who_did_not_come_is_recorded_with_the_reason(room: Hall, hands: Hands) -> None:
    name, path = f"{AT}.record-attendance.sifasuo", f"/sessions/{SESSION}"
    where = await form(hands, "ceshi-law", room, path, name)
    without = await hands.send(where, [("attended", "false")])
    assert without.refused
    assert "原因" in without.words
    where = await form(hands, "ceshi-law", room, path, name)
    absent = [("attended", "false"), ("reason", "出席上级会议")]
    await pushed_twice(hands, room, where, absent, ("review", f"session-{SESSION}"))
    page = where.page
    await opened(page, hands, room, path, "forms-attendance")
    await expect(page.get_by_text("未列席（出席上级会议）")).to_be_visible()
    where = await form(hands, "ceshi-law", room, path, name)
    assert not (await hands.send(where, [("attended", "true")])).refused
    [observer] = [one for one in (await asyncio.to_thread(room.row))["observers"] if one["unit"] == "sifasuo"]
    assert (observer["attended"], observer["reason"]) == (True, None)


async def test_of_minutes_that_are_classified_the_portal_shows_and_keeps_no_words(
    room: Hall, hands: Hands, installation: Installation, signed_in: SignedIn
) -> None:
    """Before, they are for who took them down and who spoke. Then what was taken down is blanked by its owner; what was
    only typed, or is sent from a page that is still open, lies nowhere in the portal either."""
    at = f"session/{SESSION}"
    typing = await form(
        hands,
        "ceshi-party",
        room,
        f"/sessions/{SESSION}/comment/new?unit=danweiyi",
        f"{AT}.record-comment.new.danweiyi",
    )
    stale = await typing.page.context.new_page()
    await stale.goto(typing.page.url)
    await stale.locator("textarea[name=text]").fill(TYPED)
    await expect(stale.locator("[data-kept]")).to_have_text("已自动保存")
    assert await installation.kept(TYPED, TAKEN_DOWN) > 0

    def as_far_as_the_minutes() -> None:
        for note in (COMMENT, OF_ANOTHER):
            room.do("ceshi-party", "review", f"{at}/record-comment", **note)
        room.do("ceshi-law", "review", f"{at}/note-bulletin", told=False, reason="首轮。")
        room.do("ceshi-law", "review", f"{at}/close-session")

    await asyncio.to_thread(as_far_as_the_minutes)
    for user, words in (("party", [True, True]), ("leader", [True, False]), ("law", [False, False])):
        for path in ("", "/print/minutes"):
            client = await signed_in(f"ceshi-{user}")
            shown = (await client.get(f"/t/{room.tenant}/sessions/{SESSION}{path}")).text
            assert [f"{one['text']}<" in shown for one in (COMMENT, OF_ANOTHER)] == words, (user, path)
    where = await form(hands, "ceshi-party", room, f"/sessions/{SESSION}", f"{AT}.draft-minutes")
    await pushed_twice(hands, room, where, [("classified", "true")], ("review", f"session-{SESSION}"))
    page = where.page
    await page.goto(f"{hands.portal}/t/{room.tenant}/sessions/{SESSION}")
    await expect(page.locator(f"form[id='{AT}.check-requirements']")).to_have_count(0)
    for path, name in (
        (f"/sessions/{SESSION}", "forms-classified"),
        (f"/sessions/{SESSION}/comment/danweijia-1", "forms-classified-comment"),
        (f"/sessions/{SESSION}/comment/new?unit=danweiyi", "forms-classified-new"),
    ):
        await opened(page, hands, room, path, name)
        html = await page.content()
        assert TAKEN_DOWN not in html
        assert TYPED not in html
    assert await installation.kept(TYPED, TAKEN_DOWN) == 0
    await stale.locator("input[name=by]").fill("示例·测试书记")
    await stale.locator("input[name=by_title]").fill("镇党委书记")
    await stale.locator("[name=asks][value=nothing]").check()
    await stale.get_by_role("button", name="登记点评").click()
    await expect(stale.locator("main > p.said.bad")).to_contain_text("涉密")
    assert TYPED not in await stale.content()
    assert await installation.kept(TYPED, TAKEN_DOWN) == 0


async def test_all_work_is_suspended_and_the_days_are_added(room: Hall, hands: Hands) -> None:
    def as_far_as_the_cases() -> dict[str, Any]:
        at = f"session/{SESSION}"
        for unit, head in (("danweijia", "示例·子"), ("danweiyi", "示例·丑")):
            speech = {"unit": unit, "person": head, "spoken_seconds": 470}
            room.do("ceshi-party", "review", f"{at}/record-speech", **speech)
            room.do("ceshi-law", "review", f"{at}/record-supplement", unit=unit, text="")
        room.do("ceshi-law", "review", f"{at}/check-requirements")
        for note in (COMMENT, OF_ANOTHER):
            words = {"comment": note["comment"], "entered_for": note["by"]}
            room.do("ceshi-party", "review", f"{at}/confirm-words", **words)
        room.do("ceshi-party", "review", f"{at}/sign-minutes", signed_by="示例·测试书记")
        room.do("ceshi-party", "review", f"{at}/number-minutes", document_number="示委办〔2022〕9号")
        room.do("ceshi-party", "review", f"{at}/send-minutes")
        until(lambda: cases(room), within=30.0, what="no case was opened")
        return cases(room)[0]

    case = await asyncio.to_thread(as_far_as_the_cases)
    today = room.today()
    period = [
        ("suspended_from", today.isoformat()),
        ("suspended_until", (today + timedelta(days=9)).isoformat()),
        ("decision[by]", "示例·测试书记"),
        ("decision[title]", "镇党委书记"),
        ("decision[reason]", "防汛救灾"),
    ]
    name = f"suspension.{today.year}-1.suspend-cases"
    where = await form(hands, "ceshi-party", room, "/cases", name)
    await pushed_twice(hands, room, where, period, ("rectification", f"suspension-{today.year}-1"))
    page = where.page
    await opened(page, hands, room, "/cases", "forms-suspension")
    await expect(page.locator("#suspensions li")).to_have_count(1)
    await expect(page.locator("#suspensions")).to_contain_text("10天")
    [later] = await asyncio.to_thread(cases, room)
    assert later["due_on"] > case["due_on"]
    await opened(page, hands, room, f"/cases/{SESSION}-danweijia", "forms-suspended-case")
    await expect(page.locator("#standing")).to_contain_text("暂停")


def cases(room: Hall) -> list[dict[str, Any]]:
    return list(room.get("ceshi-law", "rectification", "case-register")["items"])


async def test_the_law_office_issues_the_bulletin_of_a_round_once(room: Hall, hands: Hands) -> None:
    where = await form(hands, "ceshi-law", room, "/bulletins", "bulletin.2022-2.issue-bulletin")
    await pushed_twice(hands, room, where, [("about_session", SESSION)], ("rectification", "bulletin-2022-2"))
    page = where.page
    await opened(page, hands, room, "/bulletins", "forms-bulletins")
    await expect(page.locator("form[id^='bulletin.2022-2']")).to_have_count(0)
    await page.locator("#told a").click()
    await expect(page.locator("main")).to_contain_text("示例单位甲")
    await expect(page.locator("main")).to_contain_text("未到期")
    await screenshot(page, "forms-bulletin")
