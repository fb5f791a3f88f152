"""Over HTTP: a table imported into a registry, who held what, a tenant opened with all it begins with, and closed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import httpx
import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.scheduling.api_registry import MOST_ROWS
from services.scheduling.application import SERVICE, SESSIONS
from services.scheduling.domain.importing import COLUMNS
from services.scheduling.domain.session_commands import NoteHeld
from services.scheduling.reactions import reactions
from services.scheduling.views.cases_heard import CASES_HEARD
from shared.contracts import Contract
from shared.contracts.rectification import RectificationDue, RectificationVerified
from shared.contracts.review import Excerpt, Item, MinutesIssued
from shared.decider import Actor
from shared.documents.sheet import CSV, LARGEST_FILE, XLSX
from shared.eventstore import BusinessClock, Context, EventStore, UnitOfWork, tables, views
from shared.eventstore.store import engine
from shared.messaging import Cause
from shared.runtime.migrate import migrate
from tests.services.scheduling.telling import HELD_ON, NEXT_ROUND, THIS_ROUND, TODAY, UNITS, entries
from tests.services.scheduling.test_api import Service

_numbers = count(1)
HEADER = ",".join(COLUMNS)
HEAD = "jiaotongwei,区交通委,government,32,,head,主任,示例·甲,2021-03-01"
TABLE = "\n".join(
    [
        HEADER,
        HEAD,
        "jiaotongwei,,,,,deputy,副主任,示例·乙,2021-03-15",
        "sifaju,区司法局,government,31,law_office,,,,",
    ]
)


@pytest.fixture(scope="module")
async def shared_store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """One database for the tests here, each of which has a district of its own."""
    name = new_database(SERVICE)
    owner_url = servers.database_url(SERVICE, "owner", name)
    await asyncio.to_thread(migrate, SERVICE, owner_url)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.insert(tables.business_day).values(today=TODAY))
    await owner.dispose()
    app, relay = (engine(servers.database_url(SERVICE, role, name), 2) for role in ("app", "relay"))
    opened = EventStore(SERVICE, app, relay, BusinessClock(simulated=True))
    yield opened
    await opened.close()


class District:
    """A district of the test's own, and its admin's requests."""

    def __init__(self, service: Service, store: EventStore) -> None:
        self.service, self.store = service, store
        self.tenant = f"shanghai.d{next(_numbers)}"
        roles = ("tenant_admin", "law_office")
        self.who = service.by(*({"tenant": self.tenant, "role": role, "subtree": True} for role in roles))

    async def post(self, path: str, body: dict[str, Any], tenant: str = "") -> httpx.Response:
        return await self.service.post(f"{tenant or self.tenant}/{path}", body, self.who)

    async def get(self, path: str, tenant: str = "", **asked: str) -> Any:
        return await self.service.get(f"{tenant or self.tenant}/{path}", self.who, **asked)

    async def begin(self, tenant: str = "", tier: str = "district") -> None:
        body = {"name": "示例区", "tier": tier, "official_order": 1}
        answer = await self.post("tenant/self/register-tenant", body, tenant)
        assert answer.status_code == 200, answer.text

    async def import_(
        self,
        content: bytes | str,
        kind: str = CSV,
        *,
        preview: bool = False,
        key: str | None = None,
        who: dict[str, str] | None = None,
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"import-{next(_numbers)}", "Content-Type": kind}
        return await self.service.client.post(
            f"/tenants/{self.tenant}/registry/import",
            content=content.encode() if isinstance(content, str) else content,
            headers=(who or self.who) | headers,
            params={"preview": "true"} if preview else {},
        )

    async def head(self) -> int:
        """Where the ledger stands."""
        async with self.store.relay.connect() as connection:
            head = sa.select(tables.heads.c.sequence).where(tables.heads.c.tenant == self.tenant)
            return await connection.scalar(head) or 0

    async def hear(self, *events: Contract) -> None:
        """Others have said this."""
        cause = Cause("1", "review:x#1", self.tenant, HELD_ON, datetime(2021, 7, 7, tzinfo=UTC))
        context = Context(self.tenant, Actor("reaction", "x"), correlation="test", today=HELD_ON)

        async def react(work: UnitOfWork) -> None:
            await work.enter()
            for event in events:
                if type(event) in CASES_HEARD.contracts:
                    change = CASES_HEARD.of(event, cause)
                    assert change is not None
                    await views.write(work.connection, [change])
                await reactions.react(event, cause, work)

        await self.store.in_transaction(context, react)


@pytest.fixture
async def district(shared_store: EventStore) -> AsyncIterator[District]:
    service = Service(shared_store)
    made = District(service, shared_store)
    await made.begin()
    yield made
    await service.client.aclose()


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ---- a table ----


async def test_a_table_is_imported_once_however_often_it_is_sent(district: District) -> None:
    first = (await district.import_(TABLE)).json()
    assert [(one["row"], one["unit"], one["means"]) for one in first["rows"]] == [
        (2, "jiaotongwei", ["new"]),
        (3, "jiaotongwei", ["new"]),
        (4, "sifaju", ["new"]),
    ]
    assert first["counts"] == {"new": 3}
    head = await district.head()
    assert first["sequence"] == head == 5  # the tenant, two units, a post added, the import noted
    again = (await district.import_(TABLE)).json()
    assert (again["counts"], again["sequence"]) == ({"same": 3}, head)
    assert await district.head() == head
    items = (await district.get("units"))["items"]
    assert [(one["unit"], [post["person"] for post in one["posts"]]) for one in items] == [
        ("sifaju", []),
        ("jiaotongwei", ["示例·甲", "示例·乙"]),
    ]


async def test_a_preview_says_what_an_import_would_do_and_does_nothing(district: District) -> None:
    before = await district.head()
    preview = (await district.import_(TABLE, preview=True)).json()
    assert await district.head() == before
    imported = (await district.import_(TABLE)).json()
    assert (preview["preview"], preview["sequence"], imported["preview"]) == (True, None, False)
    assert preview["rows"] == imported["rows"]


async def test_bad_rows_are_all_named_and_nothing_is_changed(district: District) -> None:
    """Three bad rows between good ones: a cell, a rule of the registry, and a unit under two ids."""
    bad = [
        "Jiao,示例局,government,33,,,,,",
        "shiliwei,示例委,government,34,,head,主任,示例·丙,2031-01-01",
        "jiaowei,区交通委,government,35,,,,,",
        "shiliwei,,,,,deputy,副主任,示例·丁,2031-01-01",
    ]
    await district.import_(TABLE)
    handover = HEAD.replace("示例·甲", "示例·戊").replace("2021-03-01", "2031-01-01")
    content = "\n".join([HEADER, handover, "xin,新局,government,36,,,,,", *bad])
    before = await district.head()
    expected = [
        (2, "valid_from", "scheduling.handover-in-the-future"),
        (4, "unit", "scheduling.cell-malformed"),
        (6, "name", "scheduling.name-of-another-unit"),
    ]
    answer = await district.import_(content)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "scheduling.import-refused")
    told = sorted((one["row"], one["column"], one["code"]) for one in problem["data"]["errors"])
    assert told == expected
    assert all(one["detail"] and one["detail_zh"] for one in problem["data"]["errors"])
    assert "3 cells in 3 rows" in problem["detail"]
    preview = (await district.import_(content, preview=True)).json()
    assert sorted((one["row"], one["column"], one["code"]) for one in preview["errors"]) == expected
    assert await district.head() == before
    assert len((await district.get("units"))["items"]) == 2


async def test_what_people_write_with_excel_in_china_is_read(district: District) -> None:
    names = [names[0] for names in COLUMNS.values()]
    line = "jiaotongwei\t区交通委\t政府部门\t32\t\thead\t主任\t示例·甲\t2021年3月1日"
    content = ("\t".join(names) + "\n" + line).encode("gb18030")
    assert (await district.import_(content)).json()["counts"] == {"new": 1}
    book = workbook(
        names,
        ["jiaotongwei", "区交通委", "政府部门", 32, None, "head", "主任", "示例·甲", date(2021, 3, 1)],
        ["jiaotongwei", None, None, None, None, "deputy", "副主任", "示例·乙", "2021/3/15"],
    )
    answer = (await district.import_(book, XLSX)).json()
    assert answer["counts"] == {"same": 1, "post_added": 1}


async def test_what_is_not_in_the_table_is_said_and_stays(district: District) -> None:
    await district.import_(TABLE)
    answer = (await district.import_(f"{HEADER}\n{HEAD}\n", preview=True)).json()
    assert answer["units_not_in_the_table"] == ["sifaju"]
    assert answer["posts_not_in_the_table"] == [{"unit": "jiaotongwei", "post": "deputy"}]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (TABLE.encode(), "application/json", 415, "scheduling.table-of-unknown-type"),
        (b"", CSV, 422, "scheduling.table-not-read"),
        (b"no zip", XLSX, 422, "scheduling.table-not-read"),
        (workbook(["unit"], ["=1"]), XLSX, 422, "scheduling.table-not-read"),
        (b"x" * (LARGEST_FILE + 1), CSV, 413, "scheduling.table-too-large"),
        (b"unit\n" + b"x\n" * (MOST_ROWS + 1), CSV, 413, "scheduling.table-too-large"),
    ],
)
async def test_what_is_no_table_is_refused(
    district: District, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = await district.import_(content, kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_key_is_for_one_table_and_does_nothing_twice(district: District) -> None:
    assert (await district.import_(TABLE, key="k")).status_code == 200
    assert (await district.import_(TABLE, key="k")).json()["counts"] == {"same": 3}
    assert (await district.import_(f"{HEADER}\n{HEAD}\n", key="k")).status_code == 422
    undated = f"{HEADER}\n{HEAD.removesuffix('2021-03-01')}\n"
    assert (await district.import_(undated, key="undated")).json()["counts"] == {"same": 1}
    await district.post("unit/jiaotongwei/hand-over-post", {"post": "head", "to_person": "示例·戊"})
    head = await district.head()
    # It would hand the post back by now, and with this key it was answered already.
    assert (await district.import_(undated, key="undated")).json()["code"] == "kernel.idempotency-key-reused"
    assert await district.head() == head
    missing = await district.service.client.post(
        f"/tenants/{district.tenant}/registry/import", content=b"x", headers=district.who
    )
    assert missing.json()["code"] == "http.idempotency-key-missing"


async def test_only_a_tenant_admin_imports_and_only_into_a_tenant_that_is_there(district: District) -> None:
    clerk = district.service.by({"tenant": district.tenant, "role": "law_office"})
    assert (await district.import_(TABLE, who=clerk)).json()["code"] == "security.not-permitted"
    nowhere = District(district.service, district.store)
    for content in (TABLE, f"{HEADER}\n"):
        answer = await nowhere.import_(content)
        assert (answer.status_code, answer.json()["code"]) == (404, "kernel.tenant-unknown")


# ---- who held what ----


async def test_who_held_which_post_on_a_day_under_the_name_of_that_day(district: District) -> None:
    await district.import_(TABLE)
    await district.post(
        "unit/jiaotongwei/hand-over-post",
        {"post": "head", "to_person": "示例·戊", "effective_on": "2021-03-20"},
    )
    await district.post("unit/jiaotongwei/rename-unit", {"name": "区交通运输委", "valid_from": "2021-03-20"})

    async def held(**asked: str) -> list[tuple[str, str, str]]:
        items = (await district.get("holders", **asked))["items"]
        return [(one["unit_name"], one["post"], one["person"]) for one in items]

    assert await held(on="2021-02-28") == []
    assert await held(on="2021-03-14") == [("区交通委", "head", "示例·甲")]
    deputy = ("deputy", "示例·乙")
    assert await held(on="2021-03-19") == [("区交通委", "head", "示例·甲"), ("区交通委", *deputy)]
    assert await held(on="2021-03-20") == [("区交通运输委", "head", "示例·戊"), ("区交通运输委", *deputy)]
    assert await held(person="示例·戊") == [("区交通运输委", "head", "示例·戊")]
    [first, _] = (await district.get("holders", on="2021-03-19"))["items"]
    assert (first["since"], first["until"]) == ("2021-03-01", "2021-03-19")


# ---- opening ----


def opening(**more: Any) -> dict[str, Any]:
    unit = {"unit": "langxia", "name": "廊下镇", "category": "town", "official_order": 107}
    unit["valid_from"] = "2021-01-04"
    plan = {"plan_year": 2022, "rounds": [{"number": 1, "planned_on": "2022-06-23"}]}
    policy = {"holds_from": "2021-03-01", "values": {"yellow_days": 20}}
    return {
        "tenant": {"name": "示例区", "tier": "district", "official_order": 1},
        "units": [unit],
        "policy": policy,
        "plan": plan,
        **more,
    }


async def test_a_tenant_is_opened_with_all_it_begins_with_and_opened_again_nothing_changes(
    shared_store: EventStore,
) -> None:
    service = Service(shared_store)
    one = District(service, shared_store)
    first = (await one.post("opening", opening())).json()
    assert (first["registration"], first["units_new"], first["policy"], first["plan"]) == (
        "new",
        ["langxia"],
        "new",
        "new",
    )
    assert first["sequence"] == await one.head() == 4
    again = (await one.post("opening", opening())).json()
    assert (again["registration"], again["units_kept"], again["policy"], again["plan"]) == (
        "kept",
        ["langxia"],
        "kept",
        "kept",
    )
    assert await one.head() == 4
    assert [row["plan_year"] for row in (await one.get("plans"))["items"]] == [2022]
    values = {row["name"]: row["value"] for row in (await one.get("policy"))["values"]}
    assert values["yellow_days"] == 20
    await service.client.aclose()


async def test_what_the_tenant_has_made_of_it_since_is_kept(district: District) -> None:
    await district.post("opening", opening())
    await district.post("unit/langxia/rename-unit", {"name": "廊下新镇"})
    later = opening(plan={"plan_year": 2022, "rounds": [{"number": 1, "planned_on": "2022-09-08"}]})
    answer = (await district.post("opening", later)).json()
    assert (answer["units_kept"], answer["plan"]) == (["langxia"], "kept")
    [unit] = (await district.get("units"))["items"]
    assert unit["name"] == "廊下新镇"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (
            {"policy": {"holds_from": "2021-03-01", "values": {"nothing": 1}}},
            "scheduling.policy-value-unknown",
        ),
        ({"plan": {"plan_year": 2022, "rounds": []}}, "scheduling.rounds-not-numbered-in-order"),
        ({"units": [{"unit": "a", "name": " ", "category": "town", "official_order": 1}]}, None),
        ({"unheard": 1}, "http.invalid-body"),
    ],
)
async def test_an_opening_that_a_rule_refuses_leaves_nothing_behind(
    shared_store: EventStore, wrong: dict[str, Any], code: str | None
) -> None:
    service = Service(shared_store)
    one = District(service, shared_store)
    answer = await one.post("opening", opening(**wrong))
    assert answer.status_code in (400, 409)
    assert code in (None, answer.json()["code"])
    assert await one.head() == 0
    await service.client.aclose()


async def test_a_village_plans_no_session_when_it_is_opened_unless_policy_opens_it(
    district: District,
) -> None:
    village = f"{district.tenant}.v1"
    body = opening(tenant={"name": "示例村", "tier": "village", "official_order": 1}, units=[], policy=None)
    refused = await district.post("opening", body, village)
    assert refused.json()["code"] == "scheduling.village-holds-no-session"
    opened = {"holds_from": "2021-03-01", "values": {"village_sessions": True}}
    assert (await district.post("opening", body | {"policy": opened}, village)).status_code == 200


async def test_opening_is_the_admins(district: District) -> None:
    clerk = district.service.by({"tenant": district.tenant, "role": "law_office"})
    answer = await district.service.post(f"{district.tenant}/opening", opening(), clerk)
    assert answer.json()["code"] == "security.not-permitted"


# ---- closing ----


async def close(district: District, tenant: str = "") -> httpx.Response:
    return await district.post("tenant/self/close-tenant", {"reason": "并入示例区"}, tenant)


def minutes(*duties: str) -> MinutesIssued:
    return MinutesIssued(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=HELD_ON,
        document_number="示例委办〔2021〕12号",
        signed_by="示例·书记",
        signed_on=date(2021, 7, 6),
        sent_on=date(2021, 7, 7),
        excerpts=[
            Excerpt(
                unit=unit,
                unit_name=unit,
                category="town",
                post="head",
                title="主任",
                person="示例",
                items=[Item(item="1", task_line="整改", comment="c1", by="示例")] if unit in duties else [],
                due_on=date(2021, 10, 8) if unit in duties else None,
                due_before_rolling=None,
            )
            for unit in THIS_ROUND
        ],
    )


def due(unit: str) -> RectificationDue:
    return RectificationDue(
        case=f"2021-1-{unit}",
        session="2021-1",
        plan_year=2021,
        unit=unit,
        unit_name=unit,
        post="head",
        title="主任",
        person="示例",
        items=[],
        sent_on=date(2021, 7, 7),
        due_on=date(2021, 10, 8),
        due_before_rolling=date(2021, 10, 7),
    )


def verified(unit: str) -> RectificationVerified:
    return RectificationVerified(
        case=f"2021-1-{unit}",
        session="2021-1",
        plan_year=2021,
        unit=unit,
        original_due_on=date(2021, 10, 8),
        due_on=date(2021, 10, 8),
        fed_back_on=date(2021, 9, 30),
        verified_on=date(2021, 10, 8),
        by_office="law_office",
        outcome="partly",
        unfinished=["1"],
        on_time=True,
        counts_in=2021,
    )


async def schedule(district: District) -> None:
    """The first session of the story, with its people called."""
    for unit in UNITS.values():
        body = {
            "name": unit.name,
            "category": unit.category,
            "official_order": unit.official_order,
            "posts": [{"post": one.post, "title": one.title, "person": one.person} for one in unit.posts],
            "valid_from": "2021-01-04",
        }
        assert (await district.post(f"unit/{unit.unit}/register-unit", body)).status_code == 200
    rounds = [
        {"number": 1, "planned_on": HELD_ON.isoformat()},
        {"number": 2, "planned_on": "2022-01-12"},
    ]
    await district.post("plan/2021/adopt-plan", {"rounds": rounds})
    for number, units in ((1, THIS_ROUND), (2, NEXT_ROUND)):
        body = {"plan_year": 2021, "number": number, "provisional": number == 2}
        roster = [{"unit": one.unit, "post": one.post} for one in entries(*units)]
        answer = await district.post(f"session/2021-{number}/draft-roster", body | {"reporters": roster})
        assert answer.status_code == 200, answer.text
    await district.post("session/2021-1/name-observers", {"for_session": "2021-2", "observers": roster})
    answer = await district.post("session/2021-1/schedule-session", {"held_on": HELD_ON.isoformat()})
    assert answer.status_code == 200, answer.text


async def test_a_tenant_is_not_closed_before_what_it_began_is_finished(district: District) -> None:
    async def refusal() -> dict[str, Any]:
        answer = await close(district)
        assert answer.status_code == 409, answer.text
        problem: dict[str, Any] = answer.json()
        return {"code": problem["code"], **problem["data"]}

    await schedule(district)
    running = {"code": "scheduling.sessions-still-running", "sessions": ["2021-1"]}
    assert await refusal() == running
    context = Context(district.tenant, Actor("reaction", "review"), "test", today=HELD_ON)
    await district.store.execute(SESSIONS, "2021-1", NoteHeld(HELD_ON), context)
    assert await refusal() == running  # its minutes are not sent
    await district.hear(minutes("langxia", "jiaotongwei"))
    both = ["2021-1-jiaotongwei", "2021-1-langxia"]
    assert await refusal() == {
        "code": "scheduling.cases-still-open",
        "cases": both,
    }  # rectification has not spoken yet
    await district.hear(verified("jiaotongwei"), due("langxia"))
    assert await refusal() == {"code": "scheduling.cases-still-open", "cases": ["2021-1-langxia"]}
    head = await district.head()
    await district.hear(verified("langxia"))
    town = f"{district.tenant}.langxia"
    await district.begin(town, "town")
    assert await refusal() == {"code": "scheduling.tenants-below-still-open", "tenants": [town], "more": 0}
    assert await district.head() == head
    assert (await close(district, town)).status_code == 200
    assert (await close(district)).json()["events"] == ["TenantClosed"]


async def test_in_a_closed_tenant_nothing_is_done_any_more_and_everything_is_read(district: District) -> None:
    await district.import_(TABLE)
    assert (await close(district)).status_code == 200
    head = await district.head()
    closed = {"tenant": district.tenant, "closed_on": TODAY.isoformat()}
    unit = {"name": "示例局", "category": "government", "official_order": 1}
    plan = {"rounds": [{"number": 1, "planned_on": "2021-06-24"}]}
    for answer in (
        await district.post("unit/shiliju/register-unit", unit),
        await district.post("plan/2021/adopt-plan", plan),
        await district.import_(TABLE),
        await district.import_(TABLE, preview=True),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "kernel.tenant-closed")
        assert answer.json()["data"] == closed
    refused = await district.post("opening", opening())
    assert refused.json()["data"]["situation"] == "closed"
    below = await district.post(
        "tenant/self/register-tenant",
        {"name": "镇", "tier": "town", "official_order": 1},
        f"{district.tenant}.t",
    )
    assert below.json()["code"] == "scheduling.tier-above-closed"
    assert (await close(district)).json()["events"] == []
    assert await district.head() == head
    assert len((await district.get("units"))["items"]) == 2
    [row] = (await district.get("registered-tenants"))["items"]
    assert (row["closed_on"], row["closed_because"]) == (TODAY.isoformat(), "并入示例区")


async def test_a_unit_on_a_coming_roster_is_not_dissolved_and_a_dissolved_one_not_rostered(
    district: District,
) -> None:
    async def dissolve(unit: str) -> httpx.Response:
        return await district.post(f"unit/{unit}/close-unit", {"reason": "机构改革"})

    await schedule(district)
    called = (await dissolve("langxia")).json()
    assert (called["code"], called["data"]["sessions"]) == ("scheduling.unit-on-a-coming-roster", ["2021-1"])
    observing = (await dissolve("shilizhen")).json()
    assert observing["data"]["sessions"] == ["2021-1", "2021-2"]
    body = {"name": "新局", "category": "government", "official_order": 60}
    post = {"post": "head", "title": "局长", "person": "示例·新"}
    await district.post("unit/xinju/register-unit", body | {"posts": [post]})
    assert (await dissolve("xinju")).status_code == 200
    roster = [{"unit": one, "post": "head"} for one in ("shilibu", "xinju")]
    draft = {"plan_year": 2021, "number": 2, "provisional": True, "reporters": roster}
    refused = (await district.post("session/2021-2/draft-roster", draft)).json()
    assert (refused["code"], refused["data"]["units"]) == ("scheduling.unit-dissolved", ["xinju"])
    turns = (await district.get("rotation"))["items"]
    assert "xinju" not in {one["unit"] for one in turns}


async def test_a_unit_with_an_open_case_is_not_dissolved(district: District) -> None:
    await district.import_(f"{HEADER}\n{HEAD}\n")
    await district.hear(due("jiaotongwei"))
    refused = (await district.post("unit/jiaotongwei/close-unit", {"reason": "机构改革"})).json()
    assert refused["data"]["cases"] == ["2021-1-jiaotongwei"]
    await district.hear(verified("jiaotongwei"))
    answer = await district.post("unit/jiaotongwei/close-unit", {"reason": "机构改革"})
    assert answer.status_code == 200, answer.text
