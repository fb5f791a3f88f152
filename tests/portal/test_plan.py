"""The year's plan and its rosters in the portal: made by the law office, seen by everybody, printed for the file."""

from __future__ import annotations

import pytest

from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.planning import NEXT_YEAR, YEAR, Planned, form_of


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("plan", "plan?year=2022"),
        ("roster", "plan/2021-2"),
        ("roster-to-draft", "plan/2022-2"),
        ("policy", "plan/policy"),
        ("slip", "sessions/2021-2/print/roster"),
        ("notices", "sessions/2021-2/print/notices"),
        ("drafts", "drafts?year=2021"),
        ("draft", "drafts/2021-1-langxia"),
    ],
)
async def test_a_page_keeps_nobody_out_and_fits_the_screen(
    page_as: PageAs, installation: Installation, name: str, path: str, width: int
) -> None:
    page = await page_as("law-clerk", width=width)
    await page.goto(f"{installation.portal}/t/shanghai.jinshan/{path}")
    assert await page.locator("h1").count() == 1
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await screenshot(page, name)


async def test_the_plan_says_who_reported_and_whose_turn_it_is(signed_in: SignedIn) -> None:
    page = await (await signed_in("liaison-langxia")).get("/t/shanghai.jinshan/plan?year=2021")
    for said in ("第2轮", "2022年1月12日", "纪要已印发", "示例镇", "尚未述法", "拟参加名单"):
        assert said in page.text
    turns = page.text[page.text.index('id="turns"') :]
    assert turns.index("山阳镇") < turns.index("廊下镇")  # reported in 2017, and in 2021
    assert "确定年度计划" not in page.text
    assert "补录" not in page.text.replace("历史补录", "")


async def test_a_plan_is_adopted_without_javascript_and_a_refusal_keeps_what_was_typed(
    page_as: PageAs, installation: Installation, planned: Planned
) -> None:
    page = await page_as("ceshi-law", javascript=False)
    await page.goto(f"{installation.portal}{planned.page('plan')}?year={NEXT_YEAR}")
    await page.get_by_label("第1轮计划日期").fill("2023-06-15")
    await page.get_by_label("第2轮计划日期").fill("2025-06-15")
    await page.get_by_role("button", name="确定").click()
    assert "2025-06-15 不在 2023 年度内" in await page.locator(".field.bad .complaint").inner_text()
    assert await page.get_by_label("第2轮计划日期").input_value() == "2025-06-15"
    await page.get_by_label("第2轮计划日期").fill("")
    await page.get_by_role("button", name="确定").click()
    assert "已办理" in await page.get_by_role("status").first.inner_text()
    assert "年度计划仅安排 1 次会议" in await page.locator(".warned").inner_text()
    assert "2023年6月15日" in await page.locator("#rounds").inner_text()


async def test_a_form_sent_twice_does_nothing_twice(signed_in: SignedIn, planned: Planned) -> None:
    client = await signed_in("ceshi-law")
    page = await client.get(planned.page("plan"), params={"year": YEAR})
    action, fields = form_of(page, f"plan.{YEAR}.amend-plan")
    days = [
        one["planned_on"] for one in planned.town.get("ceshi-law", "scheduling", "plans/plan-2022")["rounds"]
    ]
    said = fields | {f"planned_on[{n}]": day for n, day in enumerate(days[:-1])} | {"reason": "少开一轮"}
    before = planned.town.get("ceshi-law", "scheduling", f"plans/plan-{YEAR}")["version"]
    for _ in range(2):
        assert "已办理" in (await client.post(action, data=said)).text
    assert planned.town.get("ceshi-law", "scheduling", f"plans/plan-{YEAR}")["version"] == before + 1


async def test_who_saw_an_older_roster_is_told_and_keeps_what_was_chosen(
    signed_in: SignedIn, planned: Planned
) -> None:
    client = await signed_in("ceshi-law")
    session = f"{NEXT_YEAR}-2"
    first = await client.get(planned.page("plan", session))
    action, fields = form_of(first, f"session.{session}.draft-roster")
    ours = fields | {"reporters[0]": "danweijia/head", "provisional": "true"}
    other, theirs = form_of(
        await client.get(planned.page("plan", session)), f"session.{session}.draft-roster"
    )
    assert "已办理" in (await client.post(other, data=theirs | {"reporters[0]": "danweiyi/head"})).text
    stale = await client.post(action, data=ours)
    assert "内容已有变化" in stale.text
    assert '<option value="danweijia/head" selected' in stale.text
    assert "示例·丑" in stale.text  # what stands there now


async def test_a_round_is_made_from_roster_to_notices(
    page_as: PageAs, installation: Installation, planned: Planned
) -> None:
    rounds = [{"number": 1, "planned_on": "2024-06-13"}, {"number": 2, "planned_on": "2024-12-12"}]
    planned.town.do("ceshi-law", "scheduling", "plan/2024/adopt-plan", rounds=rounds)
    page = await page_as("ceshi-law")
    for session, unit in (("2024-2", "示例单位乙"), ("2024-1", "示例单位甲")):
        await page.goto(f"{installation.portal}{planned.page('plan', session)}")
        choice = page.get_by_label("述法对象1")
        value = await choice.locator("option", has_text=unit).get_attribute("value")
        assert value is not None
        await choice.select_option(value)
        await page.get_by_role("button", name="拟定", exact=True).click()
        await page.locator("#roster table", has_text=unit).wait_for()
    await page.get_by_text("确定列席人员：2024年度第2轮的拟参加对象").click()
    await page.get_by_role("button", name="确定列席").click()
    await page.locator("#observers table", has_text="示例·丑").wait_for()
    day = page.get_by_label("会议日期")
    assert await day.input_value() == "2024-06-13"
    await day.fill("2025-06-15")
    await page.get_by_role("button", name="确定会期").click()
    assert "2025-06-15 不在 2024 年度内" in await page.locator(".field.bad .complaint").inner_text()
    assert await day.input_value() == "2025-06-15"
    await day.fill("2024-06-13")
    await page.get_by_role("button", name="确定会期").click()
    await page.locator("#roster", has_text="已定会期").wait_for()
    await page.get_by_role("link", name="打印通知").click()
    await page.emulate_media(media="print")
    said = await page.locator("main").inner_text()
    assert "示例单位甲：" in said
    assert "请主任示例·子同志到会" in said
    assert "请下一轮拟参加述法的副镇长示例·丑同志列席会议" in said
    assert not await page.locator("nav.menu").is_visible()
    await page.emulate_media(media="screen")
    await page.goto(f"{installation.portal}{planned.page('sessions', '2024-1', 'print', 'roster')}")
    slip = await page.locator("main").inner_text()
    assert "专题述法对象审批单" in slip
    assert "签字" in slip
    await page.goto(f"{installation.portal}{planned.page('plan', '2024-1')}")
    await page.get_by_text("替换述法对象").click()
    form = page.locator('[id="session.2024-1.substitute-reporter"]')
    await form.get_by_label("不能本人述法的单位").select_option("danweijia")
    await form.get_by_label("递补的单位").select_option("danweijia/head")
    await form.get_by_label("理由").first.fill("住院")
    await form.get_by_role("button", name="替换").click()
    assert "已是本次会议的述法对象" in await form.locator(".complaint").inner_text()
    assert await form.get_by_label("理由").first.input_value() == "住院"


async def test_a_session_from_before_the_system_is_entered(signed_in: SignedIn, planned: Planned) -> None:
    client = await signed_in("ceshi-law")
    page = await client.get(planned.page("plan"))
    action, fields = form_of(page, "session.past.record-past-session")
    said = fields | {
        "plan_year": "2019",
        "number": "1",
        "held_on": "2020-01-10",
        "reporters[0][head]": "danweijia/head",
        "reporters[0][person]": "示例·前任",
    }
    assert "已办理" in (await client.post(action, data=said)).text
    row = planned.town.get("ceshi-law", "scheduling", "sessions/session-2019-1")
    assert (row["held_on"], row["reporters"][0]["person"]) == ("2020-01-10", "示例·前任")


async def test_policy_is_adopted_by_form_and_its_rule_says_what_is_laxer(
    signed_in: SignedIn, planned: Planned
) -> None:
    client = await signed_in("ceshi-law")
    page = await client.get(planned.page("plan", "policy"))
    assert "上海市金山区" in page.text
    action, fields = form_of(page, "policy.self.adopt-policy")
    said = fields | {"holds_from": planned.town.today().isoformat(), "values[reporters_per_session]": "1"}
    refused = await client.post(action, data=said | {"values[speech_seconds]": "900"})
    assert "下级只能比上级更严" in refused.text
    assert 'value="900"' in refused.text
    done = await client.post(
        action, data=said | {"values[speech_seconds]": "420", "values[second_bell_seconds]": "420"}
    )
    assert "已办理" in done.text
    assert "示例计划镇第2版" in done.text


async def test_who_may_not_is_shown_no_form_and_refused(signed_in: SignedIn, planned: Planned) -> None:
    client = await signed_in("ceshi-liaison-b")
    page = await client.get(planned.page("plan", f"{YEAR}-1"))
    assert '<form method="post" action="/t/' not in page.text
    law = await (await signed_in("ceshi-law")).get(planned.page("plan", "2025-1"))
    action, fields = form_of(law, "session.2025-1.draft-roster")
    refused = await client.post(action, data=fields)
    assert refused.status_code == 403
