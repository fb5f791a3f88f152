"""The ground that every page stands on: forms, notes, headers, languages, pages that help where one is refused."""

from __future__ import annotations

import re
import uuid

import httpx
import pytest

from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.town import Town

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def csrf(page: str) -> str:
    found = re.search(r'data-csrf="([^"]+)"', page)
    assert found
    return found[1]


async def own(client: httpx.AsyncClient, town: Town) -> str:
    """What a form of this person carries."""
    return csrf((await client.get(f"/t/{town.tenant}/work")).text)


def rename(town: Town) -> str:
    return f"/t/{town.tenant}/do/scheduling/unit/danweijia/rename-unit"


async def entries(client: httpx.AsyncClient, town: Town, name: str) -> int:
    page = (await client.get(f"/t/{town.tenant}/ledger/scheduling?name={name}")).text
    return len(re.findall(r'<tr id="e\d+"', page))


@pytest.mark.parametrize("given", [None, "", "x", "of another"])
async def test_a_form_that_is_not_ours_does_nothing(
    signed_in: SignedIn, town: Town, given: str | None
) -> None:
    client, other, auditor = (
        await signed_in("ceshi-admin"),
        await signed_in("ceshi-law"),
        await signed_in("ceshi-auditor"),
    )
    before = await entries(auditor, town, "UnitRenamed")
    token = await own(other, town) if given == "of another" else given
    form = {"name": "示例单位改", "from_day": "2022-07-01"} | ({} if token is None else {"_csrf": token})
    answer = await client.post(rename(town), data=form)
    assert (answer.status_code, "portal.form-not-ours" in answer.text) == (403, True)
    typed = await client.put(f"/t/{town.tenant}/unsent/x", json={"a": "b"}, headers={"X-Csrf": token or ""})
    assert typed.status_code == 403
    assert await entries(auditor, town, "UnitRenamed") == before


async def test_a_form_that_is_sent_twice_does_nothing_twice(signed_in: SignedIn, town: Town) -> None:
    client, auditor = await signed_in("ceshi-admin"), await signed_in("ceshi-auditor")
    before = await entries(auditor, town, "PostAdded")
    form = {
        "_csrf": await own(client, town),
        "_key": uuid.uuid4().hex,
        "_back": f"/t/{town.tenant}/work",
        "post": f"p{uuid.uuid4().hex[:8]}",
        "title": "副主任",
        "person": "示例·寅",
    }
    address = f"/t/{town.tenant}/do/scheduling/unit/danweiyi/add-post"
    for _ in range(2):
        answer = await client.post(address, data=form)
        assert "已办理" in answer.text
    assert await entries(auditor, town, "PostAdded") == before + 1


async def test_a_refusal_is_said_to_who_was_refused_and_to_nobody_else(
    signed_in: SignedIn, town: Town
) -> None:
    client, other = await signed_in("ceshi-admin"), await signed_in("ceshi-law")
    form = {"_csrf": await own(client, town), "_back": f"/t/{town.tenant}/work?year=2022", "name": "x" * 999}
    answer = await client.post(
        f"/t/{town.tenant}/do/scheduling/unit/nobody/rename-unit", data=form, follow_redirects=False
    )
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert there.startswith(f"/t/{town.tenant}/work?year=2022&note=")
    assert "未能办理" in (await client.get(there)).text
    for who in (other, client):
        page = (await who.get(there.replace("note=", "note=x"))).text
        assert "未能办理" not in page
    assert "未能办理" not in (await other.get(there)).text


async def test_the_way_back_of_a_form_is_a_page_of_ours(signed_in: SignedIn, town: Town) -> None:
    client = await signed_in("ceshi-admin")
    for back in ("https://elsewhere.example/", "//elsewhere.example/x", "/\\elsewhere.example"):
        form = {"_csrf": await own(client, town), "_back": back, "name": "x"}
        answer = await client.post(rename(town), data=form, follow_redirects=False)
        assert answer.headers["location"].startswith("/?note=")


async def test_an_address_that_holds_more_than_a_step_reaches_no_other_route(
    signed_in: SignedIn, town: Town
) -> None:
    client = await signed_in("ceshi-admin")
    form = {"_csrf": await own(client, town), "_back": f"/t/{town.tenant}/work"}
    answer = await client.post(f"/t/{town.tenant}/do/scheduling/unit/x%3Fy=1%23/rename-unit", data=form)
    assert answer.status_code == 200
    assert "未能办理" in answer.text


async def test_what_is_typed_is_the_persons_own_and_others_hear_who_types(
    signed_in: SignedIn, town: Town
) -> None:
    one, other = await signed_in("ceshi-law"), await signed_in("ceshi-party")
    form = f"form-{uuid.uuid4().hex}"
    address = f"/t/{town.tenant}/unsent/{form}"
    first = await one.put(address, json={"said": "只给自己"}, headers={"X-Csrf": await own(one, town)})
    assert first.json() == {"others": []}
    token = await own(other, town)
    second = await other.put(address, json={"said": "另一份"}, headers={"X-Csrf": token})
    assert second.json() == {"others": ["示例·测试司法所"]}
    assert "只给自己" not in second.text
    await other.post(f"{address}/drop", data={"_csrf": token})
    assert (await one.put(address, json={}, headers={"X-Csrf": await own(one, town)})).json() == {
        "others": []
    }
    for wrong in (b"[]", b"x", b"\xff"):
        refused = await one.put(address, content=wrong, headers={"X-Csrf": await own(one, town)})
        assert refused.status_code == 400
    large = await one.put(address, content=b"x" * 300_000, headers={"X-Csrf": await own(one, town)})
    assert large.status_code == 413


async def test_every_answer_carries_the_headers_that_keep_strangers_out(
    signed_in: SignedIn, installation: Installation, town: Town
) -> None:
    client = await signed_in("ceshi-law")
    nobody = httpx.AsyncClient(base_url=installation.portal, trust_env=False, timeout=20.0)
    answers = [
        await client.get(f"/t/{town.tenant}/work"),
        await client.get("/static/shufa.css"),
        await client.get("/static/nothing.css"),
        await client.get("/nothing"),
        await client.get("/t/shanghai.jinshan/work"),
        await client.get("/t/NOT-A-TENANT/work"),
        await client.post(f"/t/{town.tenant}/unsent/x/drop", data={}),
        await client.delete("/"),
        await nobody.get("/"),
        await nobody.get("/signin/callback?state=x"),
        await nobody.get(f"/t/{town.tenant}/work"),
        await nobody.get("/readyz"),
    ]
    assert [one.status_code for one in answers] == [
        200,
        200,
        404,
        404,
        403,
        400,
        403,
        405,
        200,
        400,
        303,
        200,
    ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.request.url
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    await nobody.aclose()


async def test_who_is_no_browser_gets_problem_details(installation: Installation) -> None:
    async with httpx.AsyncClient(base_url=installation.portal, trust_env=False) as program:
        answer = await program.get("/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "http.not-found"


async def test_a_form_that_is_too_large_is_not_read(signed_in: SignedIn, town: Town) -> None:
    client = await signed_in("ceshi-admin")
    answer = await client.post(rename(town), data={"name": "x" * 2_000_000})
    assert (answer.status_code, "portal.form-too-large" in answer.text) == (413, True)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("status", "path", "says"),
    [
        (404, "/t/shanghai.jinshan.ceshi/nothing", "没有找到"),
        (403, "/t/shanghai.jinshan/work", "没有权限"),
        (400, "/t/NOT-A-TENANT/work", "请求的格式不对"),
    ],
)
async def test_a_page_that_cannot_be_opened_says_what_to_do(
    page_as: PageAs, town: Town, width: int, status: int, path: str, says: str
) -> None:
    page = await page_as("ceshi-law", width, expected=(status,))
    answer = await page.goto(f"{page.url.partition('/static')[0]}{path}")
    assert answer is not None
    assert answer.status == status
    assert await page.locator("h1").inner_text() == says
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await screenshot(page, f"error-{status}")


async def test_the_pages_speak_english_where_that_was_chosen(page_as: PageAs, town: Town) -> None:
    page = await page_as("ceshi-auditor")
    await page.goto(f"{page.url.partition('/static')[0]}/t/{town.tenant}/ledger")
    await page.get_by_role("button", name="English").click()
    assert await page.locator("h1").inner_text() == "Audit"
    assert page.url.endswith(f"/t/{town.tenant}/ledger")
    assert await page.locator("html").get_attribute("lang") == "en"
    await page.get_by_role("button", name="中文").click()
    assert await page.locator("h1").inner_text() == "审计"


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("record-speech", {"minutes[x]": "1"}),
        ("record-comment", {"requirements": "no list", "asks": "items"}),
        ("record-comment", {"requirements[0]": "no fields", "asks": "items"}),
    ],
)
async def test_a_form_of_the_session_that_is_none_of_ours_is_refused(
    town: Town, signed_in: SignedIn, command: str, typed: dict[str, str]
) -> None:
    client = await signed_in("ceshi-law")
    form = {"_csrf": await own(client, town), "_key": "k", **typed}
    answer = await client.post(
        f"/t/{town.tenant}/sessions/2022-1/record/{command}", data=form, follow_redirects=False
    )
    assert (answer.status_code, "http.invalid-body" in answer.text) == (400, True)
