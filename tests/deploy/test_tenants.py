"""Opening a tree of tenants: what a wrong file is told, and that it can be done again and again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from typer.testing import CliRunner

from deploy.local import asking, importing
from deploy.local.cli import app
from deploy.local.divisions import tree_of
from deploy.local.home import PROJECT, Home, LocalError
from deploy.local.openings import CATEGORY_OF_A_TIER, Opening, openings, read_opening
from deploy.local.servers import Servers
from deploy.local.tenants import Opened, open_tree
from deploy.local.tree import Branch, read_tree
from services.scheduling.api import routes
from services.scheduling.application import COMMANDS, SERVICE
from services.scheduling.views.registered_tenants import REGISTERED_TENANTS
from services.scheduling.views.units import UNITS_VIEW
from shared.eventstore import BusinessClock, EventStore, tables
from shared.eventstore.reading import view_page, view_row
from shared.eventstore.store import engine
from shared.runtime import messages, problems
from shared.runtime.gate import Gate
from shared.runtime.http import command_routes
from shared.runtime.migrate import migrate
from shared.security.tokens import Caller, GrantHeld, TokenVerifier

JINSHAN = PROJECT / "examples" / "jinshan" / "tree.csv"
OPENING = PROJECT / "examples" / "jinshan" / "opening.yaml"
DISTRICT = "shanghai.jinshan"
HEADER = "tenant,name,tier,division_code,official_order"
GOOD = [
    HEADER,
    "shanghai.jinshan,金山区,district,310116,1",
    "shanghai.jinshan.langxia,廊下镇,town,310116107,7",
    "shanghai.jinshan.langxia.v201,示例村,village,310116107201,1",
    "shanghai.jinshan.shiliju,示例局党组,bureau,,12",
]


def file_of(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "tree.csv"
    path.write_text("\n".join(lines) + "\n", encoding)
    return path


# ---- the file ----


def test_the_tree_of_jinshan_is_256_tenants() -> None:
    tree = read_tree(JINSHAN)
    assert Counter(branch.tier for branch in tree) == {"district": 1, "town": 11, "village": 244}
    assert tree[0].tenant == DISTRICT
    by_tenant = {branch.tenant: branch for branch in tree}
    assert by_tenant[f"{DISTRICT}.langxia"].name == "廊下镇"
    assert all(branch.division_code for branch in tree)
    bodies = Counter((branch.tier, branch.reporting_body) for branch in tree)
    assert bodies == {
        ("district", "standing_committee"): 1,
        ("town", "party_committee"): 9,
        ("town", "party_work_committee"): 2,
        ("village", None): 244,
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_right_file_is_read_row_by_row(tmp_path: Path, encoding: str) -> None:
    tree = read_tree(file_of(tmp_path, *GOOD, encoding=encoding))
    assert tree[1] == Branch(3, "shanghai.jinshan.langxia", "廊下镇", "town", "310116107", 7)
    assert (tree[3].division_code, tree[3].depth) == (None, 2)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("shanghai.jinshan.x,某镇,hamlet,310116108,8", "row 6, tier: 'hamlet' is none of nation, "),
        ("shanghai.jinshan.x,某镇,town,310116107,8", "row 6, division_code: 310116107 is row 3's already"),
        ("shanghai.jinshan.x,某镇,town,31-07,8", "row 6, division_code: '31-07' is not 2 to 12 digits"),
        (
            "shanghai.jinshan.langxia,某镇,town,310116108,8",
            "row 6, tenant: shanghai.jinshan.langxia is row 3's",
        ),
        (
            "shanghai.fengxian.x,某镇,town,310116108,8",
            "row 6, tenant: what shanghai.fengxian.x is below is not",
        ),
        ("beijing,北京市,city,11,1", "row 6, tenant: what beijing is below is not in the file"),
        *(
            (f"{path},某镇,town,310116108,8", f"row 6, tenant: {path!r} is no path")
            for path in (
                "shanghai.jinshan.x-y",
                "shanghai.jinshan..x",
                "..shanghai",
                "shanghai.jinshan.*",
                "shanghai.jinshan.>",
                "shanghai.jinshan.X",
                "shanghai.jinshan.x y",
                "",
            )
        ),
        ("shanghai.jinshan.x,,town,310116108,8", "row 6, name: is empty"),
        ("shanghai.jinshan.x,某镇,town,310116108,0", "row 6, official_order: '0' is not 1, 2, 3"),
        ("shanghai.jinshan.x,某镇,town,310116108,first", "row 6, official_order: 'first' is not 1, 2, 3"),
        ("shanghai.jinshan.x,某镇,town,310116108,7", "row 6, official_order: 7 is row 3's already"),
        ("shanghai.jinshan.x,某镇,town,310116108,8,more", "row 6, row: more cells than columns"),
        ("shanghai.jinshan.x,某镇,town", "row 6, official_order: '' is not 1, 2, 3"),
        ("shanghai.jinshan.langxia.x,某区,district,310117,2", "row 6, tier: a district is not below a town"),
        ("shanghai.jinshan.langxia.x,某局,bureau,,2", "row 6, tier: a bureau is not below a town"),
        ("shanghai.jinshan.langxia.v201.x,某组,village,,1", "row 6, tier: a village is not below a village"),
    ],
)
def test_a_wrong_row_is_named_with_its_column(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(LocalError) as wrong:
        read_tree(file_of(tmp_path, *GOOD, row))
    assert ": 1 to put right; nothing was sent" in str(wrong.value)
    assert wrong.value.tail[0].startswith(complaint)


BY_PARENT = [
    f"{HEADER},parent,reporting_body",
    "langxia,廊下镇,town,310116107,7,310116,party_committee",
    "jinshan,金山区,district,310116,1,shanghai,",
    "v201,示例村,village,310116107201,1,langxia,",
]


def test_a_tree_may_say_parents_instead_of_paths(tmp_path: Path) -> None:
    tree = read_tree(file_of(tmp_path, *BY_PARENT))
    assert [branch.tenant for branch in tree] == [
        "shanghai.jinshan.langxia",
        "shanghai.jinshan",
        "shanghai.jinshan.langxia.v201",
    ]
    assert (tree[0].token, tree[0].reporting_body) == ("langxia", "party_committee")


def by_parent(*rows: str) -> list[str]:
    return [f"{HEADER},parent", *rows]


def complaints(folder: Path, *lines: str, registered: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(LocalError) as wrong:
        read_tree(file_of(folder, *lines), lambda tenants: registered or {})
    return list(wrong.value.tail)


def test_a_loop_in_the_tree_is_named_as_a_whole(tmp_path: Path) -> None:
    rows = by_parent(
        "jinshan,金山区,district,310116,1,",
        "a,甲镇,town,310116001,1,c",
        "b,乙村,village,310116002,1,a",
        "c,丙镇,town,310116003,2,b",
        "d,丁村,village,310116004,1,b",
    )
    assert complaints(tmp_path, *rows) == [
        "row 3, parent: the tree runs in a circle: a (row 3) → c (row 5) → b (row 4) → a (row 3)"
    ]
    alone = by_parent("jinshan,金山区,district,310116,1,", "a,甲镇,town,310116001,1,a")
    assert complaints(tmp_path, *alone) == ["row 3, parent: the tree runs in a circle: a (row 3) → a (row 3)"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("a,甲镇,town,310116001,1,Jinshan", "row 4, parent: 'Jinshan' is no code and no path"),
        ("a,甲镇,town,310116001,1,v1", "row 4, parent: v1 is rows 2 and 3: say its code or its path"),
        ("a.b,甲镇,town,310116001,1,x", "row 4, tenant: 'a.b' is a path beside a parent"),
        ("a,甲镇,town,310116001,5,z", "row 4, tenant: what z.a is below is not in the file and not"),
    ],
)
def test_a_wrong_parent_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    rows = by_parent("v1,一村,village,1001,1,x", "v1,二村,village,1002,2,y", row)
    assert any(one.startswith(complaint) for one in complaints(tmp_path, *rows, registered={"y": "town"}))


def test_what_is_below_a_tenant_of_the_system_may_be_added(tmp_path: Path) -> None:
    rows = [HEADER, "x.a,甲镇,town,1001,1", "y.b,乙镇,town,1002,1"]
    assert complaints(tmp_path, *rows)[0].startswith("row 3, tenant: what y.b is below")
    tree = read_tree(file_of(tmp_path, *rows), lambda tenants: dict.fromkeys(tenants, "district"))
    assert [branch.tenant for branch in tree] == ["x.a", "y.b"]
    told = complaints(tmp_path, *rows, registered={"x": "village", "y": "district"})
    assert told == ["row 2, tier: a town is not below a village"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("shanghai.jinshan.x,某镇,town,310116108,8,committee", "row 3, reporting_body: 'committee' is none"),
    ],
)
def test_a_reporting_body_is_a_known_one(tmp_path: Path, row: str, complaint: str) -> None:
    assert complaints(tmp_path, f"{HEADER},reporting_body", f"{GOOD[1]},", row)[0].startswith(complaint)


def test_every_mistake_is_told_at_once_and_a_long_list_is_cut(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as wrong:
        read_tree(file_of(tmp_path, *GOOD, "shanghai.jinshan.x,,hamlet,1,0"))
    assert len(wrong.value.tail) == 4
    with pytest.raises(LocalError) as wrong:
        read_tree(file_of(tmp_path, *GOOD, *(f"a.b{n},,town,,{n}" for n in range(1, 40))))
    assert wrong.value.tail[-1] == "and 19 more"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((HEADER,), "has no tenants"),
        (("code,name,tier,parent", "310116,金山区,district,"), "must have the columns tenant,name,"),
    ],
)
def test_a_file_that_is_no_tree_is_refused(tmp_path: Path, lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(LocalError, match=reason):
        read_tree(file_of(tmp_path, *lines))


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="No such file"):
        read_tree(tmp_path / "nothing.csv")
    with pytest.raises(LocalError, match="not UTF-8"):
        read_tree(file_of(tmp_path, *GOOD, encoding="gb18030"))


# ---- what a tenant begins with ----


def opening_of(folder: Path, text: str) -> Path:
    path = folder / "opening.yaml"
    path.write_text(text, "utf-8")
    return path


def test_every_tenant_of_jinshan_begins_with_what_its_tier_begins_with() -> None:
    by_tenant = {one.branch.tenant: one.body for one in openings(read_tree(JINSHAN), read_opening(OPENING))}
    assert len(by_tenant) == 256
    district = by_tenant[DISTRICT]
    assert [unit["category"] for unit in district["units"]] == ["town"] * 11
    assert district["plan"]["rounds"][1] == {"number": 2, "planned_on": "2022-12-08"}
    street = by_tenant[f"{DISTRICT}.t310116001"]
    assert street["tenant"]["reporting_body"] == "party_work_committee"
    assert street["policy"]["values"] == {"offices_per_person": 2}
    villages = [body for body in by_tenant.values() if body["tenant"]["tier"] == "village"]
    assert len(villages) == sum(
        len(body["units"]) - 3 for body in by_tenant.values() if body["tenant"]["tier"] == "town"
    )
    assert {(body["plan"], body["policy"], len(body["units"])) for body in villages} == {(None, None, 0)}


def test_without_an_opening_tenants_begin_with_the_units_below_them(tmp_path: Path) -> None:
    district, town, *_ = asked(tmp_path, *GOOD)
    assert [(unit["unit"], unit["category"]) for unit in district.body["units"]] == [
        ("langxia", "town"),
        ("shiliju", CATEGORY_OF_A_TIER["bureau"]),
    ]
    assert (town.body["policy"], town.body["plan"]) == (None, None)


@pytest.mark.parametrize(
    ("tiers", "complaint"),
    [
        ("hamlet: {}", "tiers.hamlet.[key]: Input should be"),
        ("town: {offices: [{unit: A, name: 甲, houses_offices: []}]}", "tiers.town.offices.0.unit: String"),
        ("town: {score: 1}", "tiers.town.score: Extra"),
        (
            "town: {offices: [{unit: a, name: 甲, houses_offices: []}, {unit: a, name: 乙, houses_offices: []}]}",
            "town.offices: a is there twice",
        ),
        (
            "town: {policy: {holds_from: 2021-03-01, values: {nothing: 1}}}",
            "town.policy.values.nothing: is no policy value",
        ),
        (
            "{district: {policy: {holds_from: 2021-03-01, values: {sessions_per_year: 3}}},"
            " town: {policy: {holds_from: 2021-03-01, values: {sessions_per_year: 2}}}}",
            "town.policy.values.sessions_per_year: is laxer than in the tier above",
        ),
        ("town: {plan: {plan_year: 2022, rounds: [2023-06-01]}}", "town.plan.rounds: 2023-06-01 is neither"),
        ("town: {plan: {plan_year: 2022, rounds: [2022-06-01, 2022-05-01]}}", "town.plan.rounds: are not in"),
    ],
)
def test_a_wrong_opening_is_told_before_anything_is_sent(tmp_path: Path, tiers: str, complaint: str) -> None:
    with pytest.raises(LocalError) as wrong:
        read_opening(
            opening_of(tmp_path, f"tiers: {tiers}" if tiers.startswith("{") else f"tiers:\n  {tiers}")
        )
    assert wrong.value.tail[0].startswith(complaint)
    assert "nothing was sent" in str(wrong.value)


def test_a_bureau_may_be_laxer_than_a_town_beside_it(tmp_path: Path) -> None:
    tiers = "bureau: {policy: {holds_from: 2021-03-01, values: {sessions_per_year: 4}}}"
    town = "town: {policy: {holds_from: 2021-03-01, values: {sessions_per_year: 3}}}"
    read_opening(opening_of(tmp_path, f"tiers:\n  {tiers}\n  {town}"))


def test_a_table_of_divisions_becomes_a_tree(tmp_path: Path) -> None:
    table = tmp_path / "divisions.csv"
    rows = [
        "code,name,tier,parent",
        "31,上海市,province,",
        "310116,金山区,district,31",
        "310116107,廊下镇,town,310116",
        "310116101,朱泾镇,town,310116",
        "320101,别处,district,32",
    ]
    table.write_text("\n".join(rows), "utf-8")
    lines = tree_of(table, "31", "shanghai")
    assert lines == [
        HEADER,
        "shanghai,上海市,province,31,1",
        "shanghai.t310116,金山区,district,310116,1",
        "shanghai.t310116.t310116101,朱泾镇,town,310116101,1",
        "shanghai.t310116.t310116107,廊下镇,town,310116107,2",
    ]
    assert len(read_tree(file_of(tmp_path, *lines))) == 4
    with pytest.raises(LocalError, match="no division 99"):
        tree_of(table, "99")


# ---- opening ----

ADMIN = Caller("admin", "示例·管理员", (GrantHeld(DISTRICT, "tenant_admin", subtree=True),))
STRANGER = Caller("stranger", "示例", ())


class KnownCaller:
    """A verifier that knows one caller whatever the token."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def verify(self, token: str) -> Caller:
        return self.caller


@pytest.fixture
async def store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """Scheduling's store, empty, by the real clock."""
    name = new_database(SERVICE)
    await asyncio.to_thread(migrate, SERVICE, servers.database_url(SERVICE, "owner", name))
    app, relay = (engine(servers.database_url(SERVICE, role, name), 2) for role in ("app", "relay"))
    opened = EventStore(SERVICE, app, relay, BusinessClock(simulated=False))
    yield opened
    await opened.close()


def speaking(store: EventStore, caller: Caller = ADMIN) -> httpx.AsyncClient:
    """Scheduling's commands over HTTP, in somebody's name."""
    scheduling = FastAPI()
    problems.install(scheduling, messages.load(["services.scheduling"]))
    gate = Gate(cast(TokenVerifier, KnownCaller(caller)), store)
    scheduling.include_router(command_routes(store, gate, COMMANDS))
    scheduling.include_router(routes(store, gate))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(scheduling),
        base_url="http://scheduling",
        headers={"Authorization": "Bearer token"},
    )


async def ledger_lengths(store: EventStore) -> dict[str, int]:
    """How many events each tenant's ledger has."""
    async with store.relay.connect() as connection:
        rows = await connection.execute(sa.select(tables.heads))
        return {row.tenant: row.sequence for row in rows}


def asked(folder: Path, *lines: str, opening: Path | None = None) -> list[Opening]:
    return openings(read_tree(file_of(folder, *lines)), read_opening(opening))


async def test_a_tree_is_opened_once_however_often_it_is_asked_for(tmp_path: Path, store: EventStore) -> None:
    """By the same key, and by another: what is there is kept."""
    tree = asked(tmp_path, *GOOD, opening=OPENING)
    counted: list[int] = []
    async with speaking(store) as client:
        first = await open_tree(client, tree, lambda: counted.append(1))
        lengths = await ledger_lengths(store)
        again = await open_tree(client, tree)
        spaced = [Opening(one.branch, dict(sorted(one.body.items(), reverse=True))) for one in tree]
        otherwise = await open_tree(client, spaced)
    assert first == Opened(tenants_new=4, units_new=6, policies_new=3, plans_new=3)
    assert again == otherwise == Opened(units_kept=6)
    assert len(counted) == len(tree)
    assert await ledger_lengths(store) == lengths
    assert lengths == {
        DISTRICT: 5,  # itself, a town and a bureau as its units, its policy, its plan
        f"{DISTRICT}.langxia": 7,  # itself, three offices, a village, its policy, its plan
        f"{DISTRICT}.langxia.v201": 1,
        f"{DISTRICT}.shiliju": 3,
    }
    async with store.reading(f"{DISTRICT}.langxia") as connection:
        row = await view_row(connection, REGISTERED_TENANTS, f"{DISTRICT}.langxia", "tenant-self")
        units = (await view_page(connection, UNITS_VIEW, f"{DISTRICT}.langxia", {}, 10, None)).items
    assert row is not None
    assert (row["name"], row["tier"], row["reporting_body"], row["division_code"], row["official_order"]) == (
        "廊下镇",
        "town",
        "party_committee",
        "310116107",
        7,
    )
    assert [(one["unit"], one["category"], one["official_order"]) for one in units] == [
        ("dangzhengban", "section", 1),
        ("sifasuo", "section", 2),
        ("dangqunban", "section", 3),
        ("v201", "village", 101),
    ]


async def test_a_tenant_that_is_registered_otherwise_is_named_and_the_others_are_opened(
    tmp_path: Path, store: EventStore
) -> None:
    otherwise = [*GOOD[:2], GOOD[2].replace("廊下镇", "廊下新镇"), *GOOD[3:]]
    async with speaking(store) as client:
        await open_tree(client, asked(tmp_path, *GOOD[:3]))
        [refused] = (await open_tree(client, asked(tmp_path, *otherwise))).refused
    assert (refused.branch.row, refused.branch.name) == (3, "廊下新镇")
    assert refused.reason
    assert len(await ledger_lengths(store)) == 4


async def test_nobody_without_the_right_opens_anything(tmp_path: Path, store: EventStore) -> None:
    async with speaking(store, STRANGER) as client:
        with pytest.raises(LocalError, match="open-tenant"):
            await open_tree(client, asked(tmp_path, *GOOD))
    assert await ledger_lengths(store) == {}


DONE: dict[str, Any] = {
    "registration": "new",
    "units_new": [],
    "units_kept": [],
    "policy": None,
    "plan": None,
}


# ---- importing what they begin with ----


async def test_a_file_of_two_tenants_is_tried_for_both_and_its_errors_are_in_its_own_rows(
    tmp_path: Path, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "tenant,unit,name,category,official_order,houses_offices,post,title,person,valid_from"
    lines = [
        header,
        f"{DISTRICT},jiaotongwei,区交通委,government,32,,head,主任,示例·甲,2021-03-01",
        f"{DISTRICT}.langxia,banzi,镇班子,leadership,10,,,,,",
        f"{DISTRICT},sifaju,区司法局,government,第三,,,,,",
        f"{DISTRICT}.nowhere,banzi,镇班子,leadership,10,,,,,",
    ]
    async with speaking(store) as client:
        await open_tree(client, asked(tmp_path, *GOOD))
    before = await ledger_lengths(store)
    monkeypatch.setattr(importing, "client_of", lambda *_, **__: speaking(store))
    parts = importing.parts_of(file_of(tmp_path, *lines), None)
    said = [found for _, found in await importing._send("", "", parts, True, lambda: None)]
    right, told = said[1], [one for found in (said[0], said[2]) if isinstance(found, list) for one in found]
    [wrong, unknown] = told
    assert (wrong.tenant, wrong.row, wrong.column, wrong.value) == (DISTRICT, 4, "official_order", "第三")
    assert isinstance(right, dict)
    assert right["counts"] == {"new": 1}
    assert (unknown.row, unknown.what) == (5, f"No tenant {DISTRICT}.nowhere is registered.")
    assert await ledger_lengths(store) == before
    good = importing.parts_of(file_of(tmp_path, *lines[:3]), None)
    for expected in ("new", "same"):
        done = await importing._send("", "", good, False, lambda: None)
        assert [found["counts"] for _, found in done if isinstance(found, dict)] == [{expected: 1}] * 2


def answering(*statuses: int) -> tuple[httpx.AsyncClient, list[str]]:
    """A service that answers these, the last one for ever; and the keys it was asked with."""
    keys: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        status = statuses[min(len(keys), len(statuses)) - 1]
        if status == 0:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(status, json={"detail": "示例"} if status != 200 else DONE)

    return httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="http://scheduling"), keys


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits between attempts take no time."""
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.0)


@pytest.mark.usefixtures("patient")
async def test_a_service_that_is_not_there_for_a_moment_is_asked_again_with_the_same_key(
    tmp_path: Path,
) -> None:
    client, keys = answering(503, 0, 200)
    async with client:
        assert await open_tree(client, asked(tmp_path, *GOOD[:2])) == Opened(tenants_new=1)
    assert (len(keys), len(set(keys))) == (3, 1)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("status", [0, 503])
async def test_a_service_that_stays_away_is_said_so(tmp_path: Path, status: int) -> None:
    client, keys = answering(status)
    async with client:
        with pytest.raises(LocalError, match="does not answer"):
            await open_tree(client, asked(tmp_path, *GOOD))
    assert len(keys) == asking.ATTEMPTS


# ---- the command ----


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--from", "/nowhere.csv"), "/nowhere.csv cannot be read"),
        (("--from", str(JINSHAN)), "Nothing is up in"),
        (("--from", str(JINSHAN), "--with", "/nowhere.yaml"), "The opening /nowhere.yaml cannot be read"),
        (("--from", str(JINSHAN), "--with", str(OPENING)), "Nothing is up in"),
    ],
)
def test_what_can_be_put_right_is_said_in_one_line(
    home: Home, arguments: tuple[str, ...], reason: str
) -> None:
    done: Any = CliRunner().invoke(app, ("tenants", "open", *arguments), env={"SHUFA_HOME": str(home.root)})
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
