"""Audit: what a person finds in a ledger, what was known on a day, and that it is what was written."""

from __future__ import annotations

import re

import pytest

from tests.browser.pages import axe, screenshot
from tests.portal.conftest import PageAs, SignedIn

LEDGER = "/t/shanghai.jinshan/ledger"
CASE = "case-2021-1-langxia"


def sequences(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'<tr id="e(\d+)"', page)]


async def test_each_ledger_is_verified_up_to_its_head_and_shows_its_last_seal(signed_in: SignedIn) -> None:
    page = (await (await signed_in("auditor")).get(LEDGER)).text
    assert page.count("已逐条核验至第") == 4
    assert len(re.findall(r"第\d+次，.*封存至第\d+条", page)) == 4
    for service in ("scheduling", "review", "rectification", "evaluation"):
        assert f'href="{LEDGER}/{service}"' in page


async def test_an_event_shows_who_when_what_and_its_hash(signed_in: SignedIn) -> None:
    page = (await (await signed_in("auditor")).get(f"{LEDGER}/rectification?name=FeedbackSubmitted")).text
    assert "报送反馈" in page
    assert "示例·廊下镇联络员" in page
    assert re.search(r'<code class="hash">[0-9a-f]{64}</code>', page)
    assert sequences(page) == sorted(sequences(page), reverse=True)
    assert set(re.findall(r"<code>(\w+) v\d</code>", page)) == {"FeedbackSubmitted"}


async def test_a_ledger_is_searched_by_matter_by_person_and_by_day(signed_in: SignedIn) -> None:
    client = await signed_in("auditor")
    of_case = (await client.get(f"{LEDGER}/rectification?stream={CASE}&order=oldest")).text
    assert set(re.findall(r"<code>(case-[\w-]+)</code></a></td>", of_case)) == {CASE}
    by_law = (await client.get(f"{LEDGER}/rectification?actor=law-clerk")).text
    assert set(re.findall(r'actor=([\w-]+)"><code>', by_law)) == {"law-clerk"}
    autumn = (await client.get(f"{LEDGER}/rectification?from=2021-09-01&to=2021-09-30")).text
    assert set(re.findall(r'<td class="date">2021年(\d+)月', autumn)) <= {"9"}
    nothing = (await client.get(f"{LEDGER}/rectification?from=1999-01-01&to=1999-01-02")).text
    assert "没有符合条件的记录" in nothing


async def test_what_was_known_on_a_day_is_what_had_happened_by_then(signed_in: SignedIn) -> None:
    """The case was verified in the autumn: on the first of September the committee knew it as open."""
    client = await signed_in("auditor")
    before = (await client.get(f"{LEDGER}/rectification?stream={CASE}&as_of=2021-09-01")).text
    now = (await client.get(f"{LEDGER}/rectification?stream={CASE}")).text
    assert sequences(before)
    assert set(sequences(before)) < set(sequences(now))
    assert "检查评估" not in re.sub(r"<select.*?</select>", "", before, flags=re.DOTALL)
    assert "2021年9月1日当日的状态" in before
    assert ("整改中" in before, "已完成" in before) == (True, False)
    none_yet = (await client.get(f"{LEDGER}/rectification?stream={CASE}&as_of=2021-03-02")).text
    assert "当日尚无此卷宗" in none_yet


async def test_a_citation_leads_to_its_event_among_its_neighbours(signed_in: SignedIn) -> None:
    page = (await (await signed_in("auditor")).get(f"{LEDGER}/rectification?at=22")).text
    assert sequences(page)[:6] == [17, 18, 19, 20, 21, 22]
    assert re.search(r'<tr id="e22" class="cited"', page)


async def test_pages_follow_one_another_without_a_gap(signed_in: SignedIn) -> None:
    client, found, at = await signed_in("auditor"), [], f"{LEDGER}/review"
    while at:
        page = (await client.get(at)).text
        found += sequences(page)
        more = re.search(r'<p class="pager"><a class="button secondary" href="([^"]+)"', page)
        at = f"{LEDGER}/review{more[1].replace('&amp;', '&')}" if more else ""
    assert found == list(range(len(found), 0, -1))
    assert len(found) > 60


async def test_an_auditor_sees_that_something_happened_and_not_what_was_said(signed_in: SignedIn) -> None:
    page = (await (await signed_in("auditor")).get(f"{LEDGER}/review?stream=draft-2021-1-langxia")).text
    assert "不对您的角色开放" in page
    assert sequences(page)


@pytest.mark.parametrize("user", ["reporter-langxia", "organization", "vice-mayor"])
async def test_who_may_not_read_a_ledger_is_told_so(signed_in: SignedIn, user: str) -> None:
    client = await signed_in(user)
    for path in ("", "/rectification", "/rectification/verification"):
        assert (await client.get(LEDGER + path)).status_code == 403
    home = await client.get("/t/shanghai.jinshan/work")
    assert LEDGER not in home.text


async def test_a_ledger_elsewhere_is_not_read(signed_in: SignedIn) -> None:
    client = await signed_in("ceshi-auditor")
    assert (await client.get(f"{LEDGER}/rectification")).status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("as_of=2021-13-01", 400),
        ("from=yesterday", 400),
        ("at=x", 400),
        ("after=-1", 400),
        ("after=99999999999999999999999", 400),
        ("stream=" + "x" * 3000, 400),
        ("stream=case-%3Fas_of%3D2021-01-01", 200),
        ("stream=../../clock", 200),
        ("name=%00", 400),
    ],
)
async def test_what_cannot_be_searched_for_is_said(signed_in: SignedIn, query: str, status: int) -> None:
    answer = await (await signed_in("auditor")).get(f"{LEDGER}/rectification?{query}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


async def test_there_is_no_ledger_of_another_name(signed_in: SignedIn) -> None:
    assert (await (await signed_in("auditor")).get(f"{LEDGER}/portal")).status_code == 404


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_pages_keep_nobody_out(page_as: PageAs, width: int) -> None:
    page = await page_as("auditor", width)
    portal = page.url.partition("/static")[0]
    for name, path in (
        ("ledgers", ""),
        ("ledger", "/rectification"),
        ("ledger-as-of", f"/rectification?stream={CASE}&as_of=2021-09-01"),
    ):
        await page.goto(f"{portal}{LEDGER}{path}")
        assert await axe(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await screenshot(page, name)
