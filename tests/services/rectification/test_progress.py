"""What a tier sees of the tiers below: pages of its subtree and one overview, and nothing that is their own."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from deploy.local.servers import Servers
from services.rectification.application import BULLETINS, CASES, SUSPENSIONS, VIEWS
from services.rectification.domain.bulletin import IssueBulletin
from services.rectification.domain.commands import (
    NoteProgress,
    OpenSupervision,
    ReceiptFeedback,
    RecordInspection,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.suspension import SuspendCases
from services.rectification.views.case_register import CASE_REGISTER
from shared.contracts import PUBLISHERS, Contract
from shared.contracts.scheduling import PolicyAdopted, TenantRegistered, Tier
from shared.decider import Actor, Decision
from shared.eventstore import Context, EventStore, reading, reference, tables, views
from shared.eventstore.unit_of_work import UnitOfWork
from tests.services.asking import Asking
from tests.services.rectification.conftest import new_store
from tests.services.rectification.telling import LAW_OFFICE, PARTY_OFFICE, SENT, SUPERVISION, open_case
from tests.shared.conftest import by_hand

TODAY = date(2021, 9, 17)
REACTION = Actor("reaction", "reaction", frozenset({"service"}))
SECRET = "只在本级查看的文字"


async def know(store: EventStore, tenant: str, *events: Contract) -> None:
    """Keep what scheduling says of a tenant."""

    async def keep(work: UnitOfWork) -> None:
        await work.enter()
        kept = [change for event in events if (change := reference.change(tenant, event)) is not None]
        await views.write(work.connection, kept)

    await store.in_transaction(Context(tenant, REACTION, "test"), keep)


async def give(
    store: EventStore,
    tenant: str,
    id: str,
    command: object,
    actor: Actor = REACTION,
    on: date = SENT,
    kind: Any = CASES,
) -> None:
    await store.execute(kind, id, command, Context(tenant, actor, "test", today=on))


async def a_case(store: EventStore, tenant: str, id: str, due_on: date, order: int = 1) -> None:
    session, _, unit = id.rpartition("-")
    opened = replace(
        open_case(),
        session=session,
        unit=unit,
        due_on=due_on,
        due_before_rolling=due_on,
        official_order=order,
    )
    await give(store, tenant, id, opened)


@dataclass(frozen=True)
class Tree:
    """A district with two towns and a village, and the district beside it whose name begins alike."""

    store: EventStore
    asking: Asking
    district: str

    @property
    def sibling(self) -> str:
        return f"{self.district}xin"

    @property
    def langxia(self) -> str:
        return f"{self.district}.langxia"

    @property
    def zhujing(self) -> str:
        return f"{self.district}.zhujing"

    @property
    def village(self) -> str:
        return f"{self.langxia}.guangming"

    @property
    def in_order(self) -> list[tuple[str, str]]:
        """``cases_everywhere``: tenants in official order, a tier before those below it; then the register's order."""
        return [
            (self.district, "case-2021-1-ju"),
            (self.zhujing, "case-2021-1-ban"),
            (self.langxia, "case-2021-1-suo"),
            (self.langxia, "case-2021-1-ban"),
            (self.village, "case-2021-1-zu"),
        ]

    async def register(self, tenant: str, name: str, tier: Tier, order: int) -> None:
        registered = TenantRegistered(
            name=name, tier=tier, official_order=order, registered_on=date(2021, 1, 1)
        )
        await know(self.store, tenant, registered)


_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def on_the_day(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """One database for all of them, each with a district of its own."""
    async with new_store(servers, new_database) as store:
        async with store.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=TODAY))
        yield store


@pytest.fixture
async def tree(on_the_day: EventStore) -> AsyncIterator[Tree]:
    made = Tree(on_the_day, Asking(on_the_day), f"shanghai.d{next(_numbers)}")
    await made.register(made.district, "示例区", "district", 7)
    await made.register(made.langxia, "廊下镇", "town", 2)
    await made.register(made.zhujing, "示例镇", "town", 1)
    await made.register(made.village, "示例村", "village", 1)
    await made.register(made.sibling, "邻区", "district", 1)
    yield made
    await made.asking.client.aclose()


def law_office(tenant: str, *, subtree: bool = False) -> dict[str, Any]:
    return {"tenant": tenant, "role": "law_office", "unit": "sifaju", "subtree": subtree}


async def cases_everywhere(tree: Tree) -> None:
    store = tree.store
    await a_case(store, tree.village, "2021-1-zu", date(2021, 10, 8))
    await a_case(store, tree.langxia, "2021-1-ban", date(2021, 10, 11), order=2)
    await a_case(store, tree.langxia, "2021-1-suo", date(2021, 10, 11), order=1)
    await a_case(store, tree.zhujing, "2021-1-ban", date(2021, 10, 8))
    await a_case(store, tree.district, "2021-1-ju", date(2021, 10, 20))
    await a_case(store, tree.sibling, "2021-1-ju", date(2021, 10, 8))


def places(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["tenant"], one["stream"]) for one in items]


# ---- a page of the subtree ----


async def test_a_tier_reads_the_rows_below_it_in_official_order_page_by_page(tree: Tree) -> None:
    await cases_everywhere(tree)
    who = tree.asking.by(law_office(tree.district))
    path = f"{tree.district}/case-register"
    for limit in ("1", "2", "3", "50"):
        below = await tree.asking.items(path, who, within="subtree", limit=limit)
        assert places(below) == tree.in_order
        assert places(await tree.asking.items(path, who, limit=limit)) == tree.in_order[:1]
    town = tree.asking.by(law_office(tree.langxia))
    below = await tree.asking.items(f"{tree.langxia}/case-register", town, within="subtree")
    assert places(below) == tree.in_order[2:]


async def test_a_page_goes_on_where_it_ended_although_others_came_in_between(tree: Tree) -> None:
    await cases_everywhere(tree)
    who = tree.asking.by(law_office(tree.district))
    path = f"{tree.district}/case-register"
    first = (await tree.asking.get(path, who, within="subtree", limit="3")).json()
    await a_case(tree.store, tree.zhujing, "2021-1-a", date(2021, 9, 30))
    await a_case(tree.store, tree.langxia, "2021-1-zuihou", date(2021, 10, 12))
    rest = (await tree.asking.get(path, who, within="subtree", limit="9", after=first["next"])).json()
    assert places(rest["items"]) == [tree.in_order[3], (tree.langxia, "case-2021-1-zuihou"), tree.in_order[4]]
    strange = await tree.asking.get(path, who, within="subtree", after=first["next"][:-4])
    assert (strange.status_code, strange.json()["code"]) == (400, "http.invalid-cursor")


async def test_filters_narrow_a_page_of_the_subtree(tree: Tree) -> None:
    await cases_everywhere(tree)
    who = tree.asking.by(law_office(tree.district))
    found = await tree.asking.items(
        f"{tree.district}/case-register", who, within="subtree", unit="ban", limit="1"
    )
    assert places(found) == [tree.in_order[1], tree.in_order[3]]
    unknown = await tree.asking.get(f"{tree.district}/case-register", who, within="subtree", colour="red")
    assert unknown.json()["code"] == "http.unknown-filter"
    assert (await tree.asking.get(f"{tree.district}/case-register", who, within="all")).status_code == 400


async def test_a_row_has_the_light_of_its_own_tenants_policy(tree: Tree) -> None:
    await cases_everywhere(tree)
    earlier = PolicyAdopted(policy_version=1, holds_from=SENT, values={"yellow_days": 40})
    await know(tree.store, tree.langxia, earlier)
    who = tree.asking.by(law_office(tree.district))
    rows = await tree.asking.items(f"{tree.district}/case-register", who, within="subtree")
    # the village inherits the town's forty days; 示例镇 has the default and the same date
    assert [one["light"] for one in rows] == ["green", "green", "yellow", "yellow", "yellow"]


def test_what_a_tier_sees_below_leads_to_no_text() -> None:
    """Every progress view, in every service: what ends in _ref or proves a result is the tenant's own."""
    found = {}
    for service in PUBLISHERS:
        for view in importlib.import_module(f"services.{service}.application").VIEWS:
            names = {column.name for column in view.table.c}
            assert {*view.own_only} <= names
            if view.tier == "progress":
                assert names & FORBIDDEN == names & FORBIDDEN & {*view.own_only}, (service, view.name)
                assert {name for name in names if name.endswith("_ref")} <= {*view.own_only}
                found[view.name] = view.own_only
    assert found["case_register"] == ("feedback_ref", "remarks_ref")
    assert len(found) > 8


FORBIDDEN = frozenset(
    {"text", "body", "draft", "feedback", "remarks", "evidence", "finding", "matter", "scan"}
)


# ---- the overview ----


async def overview(tree: Tree, tenant: str, **asked: str) -> Any:
    answer = await tree.asking.get(f"{tenant}/progress", tree.asking.by(law_office(tenant)), **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counted(one: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in one.items() if isinstance(count, int) and count}


async def bring_to_the_end(store: EventStore, tenant: str, id: str) -> None:
    await give(store, tenant, id, SubmitFeedback(SECRET, "示例甲"), at_unit(id), date(2021, 9, 1))
    for office, actor in (("party_office", PARTY_OFFICE), ("law_office", LAW_OFFICE)):
        await give(store, tenant, id, ReceiptFeedback(office), actor, date(2021, 9, 2))
    await give(store, tenant, id, VerifyRectification("passed"), LAW_OFFICE, date(2021, 9, 3))


def at_unit(id: str) -> Actor:
    return Actor("l", "联络员", frozenset({"liaison"}), id.rpartition("-")[2])


async def test_a_tier_counts_its_subtree_by_the_tiers_directly_below(tree: Tree) -> None:
    await cases_everywhere(tree)
    await a_case(tree.store, tree.village, "2021-1-wan", date(2021, 10, 8))
    await bring_to_the_end(tree.store, tree.village, "2021-1-wan")
    await a_case(tree.store, tree.zhujing, "2021-1-chi", date(2021, 9, 16))
    await a_case(tree.store, tree.zhujing, "2021-1-jiu", date(2021, 8, 31))
    await a_case(tree.store, tree.zhujing, "2021-1-jin", date(2021, 9, 30))
    await a_case(tree.store, tree.zhujing, "2021-1-kuai", date(2021, 9, 22))
    await a_case(tree.store, tree.zhujing, "2021-1-qian", date(2021, 9, 30))
    await give(
        tree.store,
        tree.zhujing,
        "2021-1-qian",
        SubmitFeedback(SECRET, "示例甲"),
        at_unit("2021-1-qian"),
        TODAY,
    )
    answer = await overview(tree, tree.district)
    assert (answer["tenant"], answer["on"], answer["next"]) == (tree.district, "2021-09-17", None)
    assert [(one["tenant"], one["name"], one["tier"], one["of"]) for one in answer["items"]] == [
        (tree.district, "示例区", "district", "tenant"),
        (tree.zhujing, "示例镇", "town", "subtree"),
        (tree.langxia, "廊下镇", "town", "subtree"),
    ]
    own, zhujing, langxia = map(counted, answer["items"])
    assert own == {"cases": 1, "open": 1}
    assert zhujing == {
        "cases": 6,
        "open": 5,
        "yellow": 1,
        "orange": 1,
        "overdue": 2,
        "to_be_supervised": 1,
        "awaiting_receipt": 1,
    }
    assert langxia == {"cases": 4, "open": 3, "completed": 1}
    assert counted(answer["sum"]) == {
        name: own.get(name, 0) + zhujing.get(name, 0) + langxia.get(name, 0)
        for name in {*own, *zhujing, *langxia}
    }


async def test_every_count_is_what_the_register_shows(tree: Tree) -> None:
    """The light of the overview is the light of the rows, policy by policy, suspended ones too."""
    await cases_everywhere(tree)
    await know(
        tree.store, tree.langxia, PolicyAdopted(policy_version=1, holds_from=SENT, values={"yellow_days": 40})
    )
    stopped = SuspendCases(date(2021, 9, 10), date(2021, 9, 20), Decision("示例甲", "书记", "防汛"))
    await give(tree.store, tree.zhujing, "fangxun", stopped, LAW_OFFICE, date(2021, 9, 9), SUSPENSIONS)
    for tenant, sees in (
        (tree.district, tree.district),
        (tree.langxia, tree.langxia),
        (tree.village, tree.village),
    ):
        rows = await tree.asking.items(
            f"{tenant}/case-register", tree.asking.by(law_office(sees)), within="subtree"
        )
        lights = [one["light"] for one in rows if one["state"] in ("open", "returned")]
        total = (await overview(tree, tenant))["sum"]
        assert total["cases"] == len(rows)
        assert (total["yellow"], total["orange"]) == (lights.count("yellow"), lights.count("orange"))
        assert total["overdue"] == lights.count("red") + lights.count("supervision")
        assert total["suspended"] == lights.count("none")
    assert counted((await overview(tree, tree.district))["items"][1]) == {
        "cases": 1,
        "open": 1,
        "suspended": 1,
    }


async def test_a_case_that_a_later_rounds_bulletin_carried_on_is_counted_as_carried(tree: Tree) -> None:
    await a_case(tree.store, tree.langxia, "2020-2-lao", date(2021, 9, 30))
    await a_case(tree.store, tree.langxia, "2020-2-wan", date(2021, 9, 30))
    await a_case(tree.store, tree.langxia, "2021-1-xin", date(2021, 10, 29))
    told = IssueBulletin(about_session="2021-1")
    await give(tree.store, tree.langxia, "2021-2", told, LAW_OFFICE, date(2021, 8, 30), BULLETINS)
    await bring_to_the_end(tree.store, tree.langxia, "2020-2-wan")
    [_, _, langxia] = (await overview(tree, tree.district))["items"]
    assert counted(langxia) == {"cases": 3, "open": 2, "yellow": 1, "completed": 1, "carried": 1}


async def test_tiers_below_come_page_by_page_and_the_sum_is_of_all(tree: Tree) -> None:
    await cases_everywhere(tree)
    first = await overview(tree, tree.district, limit="1")
    assert ([one["tenant"] for one in first["items"]], first["next"]) == (
        [tree.district, tree.zhujing],
        tree.zhujing,
    )
    second = await overview(tree, tree.district, limit="1", after=first["next"])
    assert ([one["tenant"] for one in second["items"]], second["next"]) == ([tree.langxia], None)
    assert first["sum"] == second["sum"]
    assert first["sum"]["cases"] == 5
    who = tree.asking.by(law_office(tree.district))
    strange = await tree.asking.get(f"{tree.district}/progress", who, after=tree.sibling)
    assert (strange.status_code, strange.json()["code"]) == (400, "http.invalid-cursor")


async def test_a_tenant_without_cases_or_tiers_below_counts_none(tree: Tree) -> None:
    answer = await overview(tree, tree.village)
    assert [(one["tenant"], counted(one)) for one in answer["items"]] == [(tree.village, {})]
    unknown = "shanghai.qingpu"
    refused = await tree.asking.get(f"{unknown}/progress", tree.asking.by(law_office(unknown)))
    assert (refused.status_code, refused.json()["code"]) == (404, "kernel.tenant-unknown")


async def test_a_few_queries_count_any_number_of_tenants(tree: Tree) -> None:
    towns = [f"{tree.district}.t{n}" for n in range(12)]
    for order, town in enumerate(towns):
        await tree.register(town, town, "town", order)
        adopted = PolicyAdopted(policy_version=1, holds_from=SENT, values={"yellow_days": 16 + order})
        await know(tree.store, town, adopted)
        await a_case(tree.store, town, "2021-1-ban", date(2021, 10, 8))
    with asked_of(tree.store) as asked:
        answer = await overview(tree, tree.district)
    assert answer["sum"]["yellow"] == 12 - 5  # 21 days are left: yellow for those with 21 and more
    assert len([statement for statement, _ in asked if "set_config" not in statement]) == 4


@contextmanager
def asked_of(store: EventStore) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile: statements with their parameters."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(store.app.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(store.app.sync_engine, "before_cursor_execute", note)


# ---- who may, and what nobody may ----


async def test_a_subtree_is_read_with_a_role_of_the_tenant_itself(tree: Tree) -> None:
    asked: list[tuple[list[dict[str, Any]], str, bool]] = [
        ([law_office(tree.district)], tree.district, True),
        ([{"tenant": tree.district, "role": "auditor"}], tree.district, True),
        ([law_office(tree.district)], tree.langxia, False),
        ([law_office(tree.langxia)], tree.district, False),
        ([law_office(tree.langxia)], tree.zhujing, False),
        # a role that reaches down from above is at home there: it asks its own tier
        ([law_office(tree.district, subtree=True)], tree.langxia, False),
        ([law_office(tree.district, subtree=True)], tree.district, True),
        ([law_office(tree.sibling)], tree.district, False),
        ([], tree.district, False),
    ]
    for grants, tenant, allowed in asked:
        who = tree.asking.by(*grants)
        page = await tree.asking.get(f"{tenant}/case-register", who, within="subtree")
        counts = await tree.asking.get(f"{tenant}/progress", who)
        for answer in (page, counts):
            assert answer.status_code == (200 if allowed else 403), (grants, tenant, answer.text)
            assert allowed or answer.json()["code"] == "security.not-permitted"


@pytest.mark.parametrize("subtree", [False, True])
async def test_a_tier_reads_no_text_note_or_finding_of_the_tier_below(tree: Tree, subtree: bool) -> None:
    await a_case(tree.store, tree.langxia, "2021-1-ban", date(2021, 9, 1))
    await a_case(tree.store, tree.langxia, "2021-1-suo", date(2021, 9, 1))
    unit = at_unit("2021-1-ban")
    notes = (
        (NoteProgress(SECRET), unit),
        (OpenSupervision("督〔2021〕1号", SECRET), SUPERVISION),
        (RecordInspection("第1项", SECRET), SUPERVISION),
        (SubmitFeedback(SECRET, "示例甲"), unit),
    )
    for command, actor in notes:
        await give(tree.store, tree.langxia, "2021-1-ban", command, actor, date(2021, 9, 2))
    async with tree.store.reading(tree.langxia) as connection:
        refs = list(await connection.scalars(sa.select(tables.texts.c.ref)))
    assert len(refs) == 4

    everything = [
        {"tenant": tree.district, "role": role, "subtree": subtree}
        for role in ("law_office", "party_office", "supervision_office", "leader", "auditor")
    ]
    who, said = tree.asking.by(*everything), []
    for ref in refs:
        for tenant in (tree.langxia, tree.district):
            answer = await tree.asking.get(f"{tenant}/texts/{ref}", who)
            assert answer.status_code == (403 if tenant == tree.langxia else 404)
            said.append(answer.text)
    for view in VIEWS:
        name = view.name.replace("_", "-")
        below = await tree.asking.get(f"{tree.district}/{name}", who, within="subtree")
        there = await tree.asking.get(f"{tree.langxia}/{name}", who)
        one = await tree.asking.get(f"{tree.langxia}/{name}/case-2021-1-ban", who)
        said += [below.text, there.text, one.text]
        if view.tier == "private":
            assert (below.status_code, below.json()["code"]) == (403, "http.not-shown-from-above")
            assert {there.json()["code"], one.json()["code"]} == {"security.not-permitted"}
        else:
            assert below.status_code == 200
            assert there.status_code == (200 if subtree else 403)
    said.append((await tree.asking.get(f"{tree.district}/progress", who)).text)
    heard = "".join(said)
    assert SECRET not in heard
    # Where a text lies is not told either; the answer to one's own question repeats it, so those are left out.
    assert not [ref for ref in refs if any(ref in one for one in said[2 * len(refs) :])]
    mine = await tree.asking.get(
        f"{tree.langxia}/case-register/case-2021-1-ban", tree.asking.by(law_office(tree.langxia))
    )
    assert mine.json()["feedback_ref"] in refs


# ---- the index ----


async def test_a_page_reads_by_the_index_however_large_the_table(tree: Tree, servers: Servers) -> None:
    """A village's page and a page of the subtree, on a table of which they are a small part."""
    table = CASE_REGISTER.table
    series = sa.func.generate_series(1, 100).table_valued("number").render_derived()
    towns = [f"{tree.district}.t{n:03}" for n in range(200)]
    for order, town in enumerate(towns):
        await tree.register(town, town, "town", order)
        own = {"tenant": town, "stream": sa.func.concat("case-2021-1-u", series.c.number)}
        columns = [own.get(column.name, _anything(column)) for column in table.c]
        many = sa.select(
            *(sa.cast(value, column.type) for value, column in zip(columns, table.c, strict=True))
        )
        owner_url = servers.database_url("rectification", "owner", tree.store.app.url.database)
        async with by_hand(owner_url, town) as connection:
            await connection.execute(sa.insert(table).from_select(list(table.c), many.select_from(series)))

    for tenant, read in ((towns[7], reading.view_page), (tree.district, reading.subtree_page)):
        async with tree.store.reading(tenant) as connection:
            with asked_of(tree.store) as asked:
                page = await read(connection, CASE_REGISTER, tenant, {}, 50, None)
            assert len(page.items) == 50
            [(statement, parameters)] = [one for one in asked if "case_register" in one[0]]
            plan = await connection.exec_driver_sql(f"explain (analyze, format json) {statement}", parameters)
            told = plan.scalar_one()
        nodes = list(_nodes(json.loads(told) if isinstance(told, str) else told))
        on_the_register = [one for one in nodes if one.get("Relation Name") == "case_register"]
        assert on_the_register
        assert not [one["Node Type"] for one in on_the_register if "Seq Scan" in one["Node Type"]]
        read_rows = sum(one["Actual Rows"] * one["Actual Loops"] for one in on_the_register)
        assert read_rows <= reading.FEW_TENANTS * 100


def _anything(column: sa.Column[Any]) -> Any:
    if column.nullable:
        return None
    match column.type:
        case postgresql.JSONB():
            return []
        case sa.Date():
            return date(2021, 10, 8)
        case sa.Boolean():
            return False
        case sa.Integer():
            return 1
        case _:
            return "open"


def _nodes(plan: Any) -> Any:
    for one in plan if isinstance(plan, list) else [plan]:
        yield one
        for part in ("Plan", "Plans"):
            if part in one:
                yield from _nodes(one[part])
