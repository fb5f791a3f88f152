"""Coverage 全覆盖 over HTTP, on a real database: a district, two towns, their villages; counted by tier, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from services.evaluation import coverage as counting
from services.evaluation.api import routes
from services.evaluation.domain.policies import coverage_is_the_towns
from shared.contracts import Contract
from shared.contracts.review import ReportDelivered, SessionHeld
from shared.contracts.scheduling import (
    PostAdded,
    PostHandedOver,
    SessionCancelled,
    SessionRescheduled,
    SessionScheduled,
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
    UnitClosed,
    UnitRegistered,
)
from shared.eventstore import EventStore
from shared.runtime import messages, problems
from shared.runtime.gate import Gate
from shared.security.tokens import Caller, GrantHeld, TokenVerifier
from tests.services.evaluation.hearing import Evaluation

DISTRICT = "shanghai.jinshan"
LANGXIA, SHILIZHEN = f"{DISTRICT}.langxia", f"{DISTRICT}.t310116999"
V201, V202, V301 = f"{LANGXIA}.v201", f"{LANGXIA}.v202", f"{SHILIZHEN}.v301"
NAMES = {
    DISTRICT: "金山区",
    LANGXIA: "廊下镇",
    SHILIZHEN: "示例镇",
    V201: "示例一村",
    V202: "示例二村",
    V301: "示例三村",
}
TIERS = ("district", "town", "village")
LAW_OFFICE = Caller(
    "law-clerk",
    "示例·经办人",
    (GrantHeld(DISTRICT, "law_office", "sifaju"), GrantHeld(DISTRICT, "auditor", subtree=True)),
)


class KnownCaller:
    """A verifier that knows one caller whatever the token."""

    async def verify(self, token: str) -> Caller:
        return LAW_OFFICE


class Coverage:
    """The two routes, asked by the district's law office."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        answer = await self.client.get(path, params=query, headers={"Authorization": "Bearer token"})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def tiers(self, year: int = 2021) -> dict[str, tuple[int, int, int, int]]:
        body = await self.get(f"/tenants/{DISTRICT}/coverage", year=year)
        assert (body["tenant"], body["year"]) == (DISTRICT, year)
        return {
            row["tier"]: (row["tenants"], row["covered"], row["heads"], row["heard"]) for row in body["tiers"]
        }

    async def gaps(self, limit: int = 50, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            asked = {"year": 2021, "limit": limit, **query, **after}
            page = await self.get(f"/tenants/{DISTRICT}/coverage/gaps", **asked)
            assert len(page["items"]) <= limit
            found += page["items"]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}


@pytest.fixture
async def coverage(store: EventStore) -> AsyncIterator[Coverage]:
    app = FastAPI()
    problems.install(app, messages.load(["services.evaluation"]))
    app.include_router(routes(store, Gate(cast(TokenVerifier, KnownCaller()), store)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://evaluation") as client:
        yield Coverage(client)


def unit(
    id: str, name: str, category: str, order: int, valid_from: date = date(2021, 1, 4), **posts: str
) -> UnitRegistered:
    return UnitRegistered.model_validate(
        {
            "unit": id,
            "name": name,
            "category": category,
            "official_order": order,
            "posts": [{"post": post, "title": post, "person": person} for post, person in posts.items()],
            "valid_from": valid_from,
        }
    )


def held(session: str = "2021-1", plan_year: int = 2021) -> SessionHeld:
    return SessionHeld(
        session=session,
        plan_year=plan_year,
        number=1,
        held_on=date(2021, 11, 18),
        units=[],
        bulletin="not_applicable",
    )


def scheduled(held_on: date = date(2021, 12, 9)) -> SessionScheduled:
    return SessionScheduled(session="2021-1", plan_year=2021, number=1, held_on=held_on, reporters=[])


def reported(of: str, post: str, person: str, plan_year: int = 2021) -> ReportDelivered:
    return ReportDelivered(
        session=f"{plan_year}-1",
        plan_year=plan_year,
        unit=of,
        unit_name=of,
        post=post,
        title=post,
        person=person,
        held_on=date(2021, 11, 18),
        planned_seconds=480,
        spoken_seconds=470,
    )


@pytest.fixture
async def tree(evaluation: Evaluation) -> Evaluation:
    """The tenants, entered in another order than the official one, and what the district and 廊下镇 registered."""
    places = {V202: 1, V201: 2, V301: 1, SHILIZHEN: 1, LANGXIA: 2, DISTRICT: 1}
    for tenant, order in places.items():
        tier = TIERS[tenant.count(".") - 1]
        registered = TenantRegistered.model_validate(
            {
                "name": NAMES[tenant],
                "tier": tier,
                "official_order": order,
                "registered_on": date(2021, 1, 4),
            }
        )
        await evaluation.hear(registered, tenant=tenant)
    await evaluation.hear(
        unit("jiaotongwei", "区交通委", "government", 32, head="甲"),
        unit("langxia", "廊下镇", "town", 40, secretary="丙", mayor="丁"),
        unit("xinju", "示例新局", "government", 33, valid_from=date(2022, 1, 4), head="戊"),
    )
    await evaluation.hear(
        unit("shiliban", "示例办", "section", 10, head="庚"),
        unit("v201", "示例一村", "village", 20, secretary="辛", director="辛"),
        unit("v202", "示例二村", "village", 21, secretary="壬", director="癸"),
        tenant=LANGXIA,
    )
    return evaluation


async def test_nothing_was_held_yet_and_everybody_is_counted(tree: Evaluation, coverage: Coverage) -> None:
    """A unit of the next year is not counted, and who holds both posts of a village 一肩挑 is one head."""
    assert await coverage.tiers() == {
        "district": (1, 0, 3, 0),
        "town": (2, 0, 1, 0),
        "village": (3, 0, 3, 0),
    }
    assert (await coverage.tiers(year=2022))["district"] == (1, 0, 4, 0)


async def test_a_tier_is_covered_where_its_reporting_body_held_a_session_and_heads_who_reported_are_heard(
    tree: Evaluation, coverage: Coverage
) -> None:
    await tree.hear(held(), reported("jiaotongwei", "head", "甲"), reported("langxia", "mayor", "丁"))
    await tree.hear(held(), reported("shiliban", "head", "庚"), tenant=LANGXIA)
    assert await coverage.tiers() == {
        "district": (1, 1, 3, 2),
        "town": (2, 1, 1, 1),
        "village": (3, 0, 3, 0),
    }


async def test_a_village_is_covered_by_the_report_that_its_town_heard(
    tree: Evaluation, coverage: Coverage
) -> None:
    await tree.hear(held(), reported("v201", "secretary", "辛"), tenant=LANGXIA)
    assert (await coverage.tiers())["village"] == (3, 1, 3, 1)
    assert [row["tenant"] for row in await coverage.gaps(tier="village")] == [V301, V202]


async def test_a_village_that_held_a_session_of_its_own_is_covered_too(
    tree: Evaluation, coverage: Coverage
) -> None:
    await tree.hear(held(), tenant=V301)
    assert (await coverage.tiers())["village"] == (3, 1, 3, 0)


async def test_another_years_session_and_report_do_not_count(tree: Evaluation, coverage: Coverage) -> None:
    await tree.hear(held("2020-1", 2020), reported("jiaotongwei", "head", "甲", plan_year=2020))
    assert (await coverage.tiers())["district"] == (1, 0, 3, 0)
    assert (await coverage.tiers(year=2020))["district"] == (1, 1, 0, 0)


async def test_who_took_the_post_of_one_who_reported_is_not_asked_again(
    tree: Evaluation, coverage: Coverage
) -> None:
    handover = PostHandedOver(
        unit="jiaotongwei",
        post="head",
        title="主任",
        from_person="甲",
        to_person="己",
        effective_on=date(2021, 11, 20),
    )
    await tree.hear(reported("jiaotongwei", "head", "甲"), handover)
    assert (await coverage.tiers())["district"] == (1, 0, 3, 1)


async def test_a_tenant_is_counted_in_the_years_in_which_it_was_open(
    tree: Evaluation, coverage: Coverage
) -> None:
    closed = TenantClosed(
        name="示例三村", tier="village", official_order=1, reason="撤村并居", closed_on=date(2021, 12, 1)
    )
    await tree.hear(closed, tenant=V301)
    assert (await coverage.tiers())["village"] == (3, 0, 3, 0)
    assert (await coverage.tiers(year=2022))["village"] == (2, 0, 3, 0)
    assert V301 in [row["tenant"] for row in await coverage.gaps(tier="village")]
    assert V301 not in [row["tenant"] for row in await coverage.gaps(tier="village", year=2022)]


async def test_the_heads_of_a_dissolved_unit_and_of_a_new_post_are_counted_while_they_are_there(
    tree: Evaluation, coverage: Coverage
) -> None:
    await tree.hear(
        PostAdded(unit="jiaotongwei", post="deputy", title="副主任", person="壬", since=date(2021, 3, 1)),
        UnitClosed(unit="langxia", reason="撤镇设街道", valid_until=date(2021, 12, 31)),
    )
    assert (await coverage.tiers())["district"] == (1, 0, 4, 0)
    assert (await coverage.tiers(year=2022))["district"] == (1, 0, 3, 0)


async def test_a_renamed_tenant_is_listed_under_its_name(tree: Evaluation, coverage: Coverage) -> None:
    renamed = TenantRenamed(
        name_before="示例三村",
        name="示例新村",
        tier="village",
        official_order=1,
        valid_from=date(2021, 6, 1),
    )
    await tree.hear(renamed, tenant=V301)
    assert "示例新村" in [row["name"] for row in await coverage.gaps(tier="village")]
    assert (await coverage.tiers())["village"] == (3, 0, 3, 0)


async def test_a_tier_sees_its_own_subtree_alone(tree: Evaluation, coverage: Coverage) -> None:
    await tree.hear(held(), reported("v201", "secretary", "辛"), tenant=LANGXIA)
    async with tree.store.reading(LANGXIA) as connection:
        rows = {row["tier"]: row for row in await counting.by_tier(connection, 2021)}
    assert {tier: (row["tenants"], row["heads"]) for tier, row in rows.items()} == {
        "town": (1, 1),
        "village": (2, 3),
    }


# ---- the tree, the years ----


async def tree_told(coverage: Coverage, **query: Any) -> dict[str, dict[str, Any]]:
    """The rows by tenant, in the order they came in, ``sum`` by tier."""
    body = await coverage.get(f"/tenants/{DISTRICT}/coverage/tree", **{"year": 2021, **query})
    return {
        row["tenant"]: row
        | {
            "sum": {
                one["tier"]: (one["tenants"], one["covered"], one["heads"], one["heard"])
                for one in row["sum"]
            }
        }
        for row in body["items"]
    }


@pytest.fixture
async def half(tree: Evaluation) -> Evaluation:
    """The district and 廊下镇 held a session and heard some; 示例镇's is to come."""
    await tree.hear(held(), reported("jiaotongwei", "head", "甲"), reported("langxia", "mayor", "丁"))
    await tree.hear(
        held(), reported("shiliban", "head", "庚"), reported("v201", "secretary", "辛"), tenant=LANGXIA
    )
    await tree.hear(scheduled(), tenant=SHILIZHEN)
    return tree


async def test_the_tree_is_told_in_the_official_order_and_each_tenant_with_all_below_it(
    half: Evaluation, coverage: Coverage
) -> None:
    told = await tree_told(coverage)
    assert list(told) == [DISTRICT, SHILIZHEN, V301, LANGXIA, V202, V201]
    assert told[LANGXIA]["sum"] == {"town": (1, 1, 1, 1), "village": (2, 1, 3, 1)}
    assert told[SHILIZHEN]["sum"] == {"town": (1, 0, 0, 0), "village": (1, 0, 0, 0)}
    assert told[DISTRICT]["sum"] == await coverage.tiers()
    days = {tenant: (row["held_on"], row["scheduled_on"]) for tenant, row in told.items()}
    assert days == dict.fromkeys([V301, V202, V201], (None, None)) | {
        DISTRICT: ("2021-11-18", None),
        LANGXIA: ("2021-11-18", None),
        SHILIZHEN: (None, "2021-12-09"),
    }
    assert {tenant for tenant, row in told.items() if row["covered"]} == {DISTRICT, LANGXIA, V201}


async def test_the_heads_of_a_village_that_its_town_registered_stand_at_the_village(
    half: Evaluation, coverage: Coverage
) -> None:
    told = await tree_told(coverage)
    assert {tenant: (row["heads"], row["heard"]) for tenant, row in told.items()} == {
        DISTRICT: (3, 2),
        LANGXIA: (1, 1),
        SHILIZHEN: (0, 0),
        V201: (1, 1),
        V202: (2, 0),
        V301: (0, 0),
    }


async def test_what_is_deeper_than_asked_is_counted_and_not_listed(
    half: Evaluation, coverage: Coverage
) -> None:
    whole, short = await tree_told(coverage), await tree_told(coverage, levels=1)
    assert list(short) == [DISTRICT, SHILIZHEN, LANGXIA]
    assert {tenant: row["sum"] for tenant, row in short.items()} == {
        tenant: row["sum"] for tenant, row in whole.items() if tenant in short
    }
    assert {tenant: row["deeper"] for tenant, row in short.items()} == {
        DISTRICT: 0,
        SHILIZHEN: 1,
        LANGXIA: 2,
    }
    assert (short[LANGXIA]["heads"], short[LANGXIA]["heard"]) == (1, 1)


async def test_a_part_of_the_tree_is_told_as_it_stands_in_the_whole(
    half: Evaluation, coverage: Coverage
) -> None:
    whole, part = await tree_told(coverage), await tree_told(coverage, at=LANGXIA, levels=1)
    assert part == {tenant: whole[tenant] for tenant in (LANGXIA, V202, V201)}
    of_part = {row["tenant"] for row in await coverage.gaps(at=LANGXIA)}
    assert of_part == {V202}
    assert {row["person"] for row in await coverage.gaps(of="heads", at=LANGXIA)} == {"壬", "癸"}


@pytest.mark.parametrize("path", ["tree", "gaps"])
async def test_a_part_that_lies_elsewhere_is_not_known_here(
    tree: Evaluation, coverage: Coverage, path: str
) -> None:
    registered = TenantRegistered(
        name="示例区", tier="district", official_order=2, registered_on=date(2021, 1, 4)
    )
    await tree.hear(registered, tenant="shanghai.shiliqu")
    for at in ("shanghai.shiliqu", f"{DISTRICT}.nowhere"):
        answer = await coverage.get(f"/tenants/{DISTRICT}/coverage/{path}", 404, year=2021, at=at)
        assert answer["code"] == "kernel.tenant-unknown"


async def test_a_tenant_under_one_that_is_not_registered_is_in_the_tree_and_in_every_sum(
    tree: Evaluation, coverage: Coverage
) -> None:
    orphan = f"{DISTRICT}.t310116998.v401"
    registered = TenantRegistered(
        name="示例四村", tier="village", official_order=1, registered_on=date(2021, 1, 4)
    )
    await tree.hear(registered, tenant=orphan)
    told = await tree_told(coverage)
    assert list(told)[-1] == orphan
    assert told[DISTRICT]["sum"]["village"] == (4, 0, 3, 0)
    assert (await tree_told(coverage, levels=1))[DISTRICT]["deeper"] == 1


async def test_the_years_are_those_of_which_something_is_known_each_counted_as_by_itself(
    half: Evaluation, coverage: Coverage
) -> None:
    await half.hear(held("2020-1", 2020))
    await half.hear(
        scheduled().model_copy(update={"session": "2023-1", "plan_year": 2023}),
        SessionCancelled(session="2023-1", reason="示例"),
    )
    path = f"/tenants/{DISTRICT}/coverage/years"
    told = (await coverage.get(path))["years"]
    assert [one["year"] for one in told] == [2020, 2021]
    for one in told:
        assert (
            one["tiers"] == (await coverage.get(f"/tenants/{DISTRICT}/coverage", year=one["year"]))["tiers"]
        )
    assert [one["year"] for one in (await coverage.get(path, latest=1))["years"]] == [2021]


# ---- gaps ----


async def test_gaps_are_named_in_the_official_order_of_the_tree_page_by_page(
    tree: Evaluation, coverage: Coverage
) -> None:
    in_order = [DISTRICT, SHILIZHEN, V301, LANGXIA, V202, V201]
    for limit in (1, 2, 4, 50):
        rows = await coverage.gaps(limit)
        assert [(row["tenant"], row["name"]) for row in rows] == [(one, NAMES[one]) for one in in_order]
    assert [row["tenant"] for row in await coverage.gaps(1, tier="town")] == [SHILIZHEN, LANGXIA]


async def test_a_gap_that_is_to_be_closed_says_when(tree: Evaluation, coverage: Coverage) -> None:
    moved = SessionRescheduled(
        session="2021-1", held_on_before=date(2021, 12, 9), held_on=date(2021, 12, 16), reason="示例"
    )
    await tree.hear(scheduled(), moved, tenant=LANGXIA)
    await tree.hear(scheduled(), SessionCancelled(session="2021-1", reason="示例"), tenant=SHILIZHEN)
    towns = {row["tenant"]: row["scheduled_on"] for row in await coverage.gaps(tier="town")}
    assert towns == {SHILIZHEN: None, LANGXIA: "2021-12-16"}
    await tree.hear(held(), tenant=LANGXIA)
    assert [row["tenant"] for row in await coverage.gaps(tier="town")] == [SHILIZHEN]


async def test_heads_not_heard_are_named_in_the_order_of_tenants_and_units(
    tree: Evaluation, coverage: Coverage
) -> None:
    await tree.hear(reported("jiaotongwei", "head", "甲"))
    expected = [
        (DISTRICT, "district", "langxia", "丁", ["mayor"]),
        (DISTRICT, "district", "langxia", "丙", ["secretary"]),
        (LANGXIA, "town", "shiliban", "庚", ["head"]),
        (LANGXIA, "village", "v201", "辛", ["secretary", "director"]),
        (LANGXIA, "village", "v202", "壬", ["secretary"]),
        (LANGXIA, "village", "v202", "癸", ["director"]),
    ]
    for limit in (1, 2, 50):
        rows = await coverage.gaps(limit, of="heads")
        told = [(row["tenant"], row["tier"], row["unit"], row["person"], row["posts"]) for row in rows]
        assert told == expected
    assert [row["unit_name"] for row in await coverage.gaps(of="heads", tier="town")] == ["示例办"]


async def test_a_subtree_whose_middle_is_not_registered_is_listed_all_the_same(
    evaluation: Evaluation, coverage: Coverage
) -> None:
    def registered(name: str, tier: str, order: int) -> Contract:
        return TenantRegistered.model_validate(
            {"name": name, "tier": tier, "official_order": order, "registered_on": date(2021, 1, 4)}
        )

    await evaluation.hear(registered("金山区", "district", 1), tenant=DISTRICT)
    await evaluation.hear(registered("示例三村", "village", 5), tenant=V301)
    assert [row["tenant"] for row in await coverage.gaps()] == [DISTRICT, V301]


# ---- what is refused ----


def test_coverage_of_a_village_is_its_towns_to_tell() -> None:
    refused = coverage_is_the_towns("village")
    assert refused is not None
    assert refused.code == "evaluation.coverage-is-the-towns"
    assert all(coverage_is_the_towns(tier) is None for tier in ("district", "bureau", "town", None))


@pytest.mark.parametrize("path", ["coverage", "coverage/gaps", "coverage/tree", "coverage/years"])
async def test_who_asks_for_what_cannot_be_answered_is_told_why(
    tree: Evaluation, coverage: Coverage, path: str
) -> None:
    if path != "coverage/years":
        here = await coverage.get(f"/tenants/{DISTRICT}/{path}", 400)
        assert here["code"] == "http.invalid-body"
    asked = {
        "shanghai.shilixian": (403, "security.not-permitted"),
        V201: (404, "evaluation.coverage-is-the-towns"),
        f"{DISTRICT}.nowhere": (404, "kernel.tenant-unknown"),
    }
    for tenant, (status, code) in asked.items():
        answer = await coverage.get(f"/tenants/{tenant}/{path}", status, year=2021)
        assert answer["code"] == code


@pytest.mark.parametrize(
    "query",
    [
        {"after": "nobody"},
        {"of": "heads", "after": f"{DISTRICT}/langxia/nobody"},
        {"of": "heads", "after": "x"},
    ],
)
async def test_a_cursor_that_this_list_did_not_give_is_refused(
    tree: Evaluation, coverage: Coverage, query: dict[str, str]
) -> None:
    answer = await coverage.get(f"/tenants/{DISTRICT}/coverage/gaps", 400, year=2021, **query)
    assert answer["code"] == "http.invalid-cursor"
