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

from deploy.local import tenants
from deploy.local.cli import app
from deploy.local.home import PROJECT, Home, LocalError
from deploy.local.servers import Servers
from deploy.local.tenants import open_tree
from deploy.local.tree import Branch, read_tree
from services.scheduling.application import COMMANDS, SERVICE
from services.scheduling.views.registered_tenants import REGISTERED_TENANTS
from shared.eventstore import BusinessClock, EventStore, tables
from shared.eventstore.reading import view_row
from shared.eventstore.store import engine
from shared.runtime import messages, problems
from shared.runtime.gate import Gate
from shared.runtime.http import command_routes
from shared.runtime.migrate import migrate
from shared.security.tokens import Caller, GrantHeld, TokenVerifier

JINSHAN = PROJECT / "examples" / "jinshan" / "tree.csv"
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
        ("shanghai,上海市,city,31,1", "row 6, tenant: what shanghai is below is not in the file"),
        ("shanghai.jinshan.x-y,某镇,town,310116108,8", "row 6, tenant: 'shanghai.jinshan.x-y' is no path"),
        ("shanghai.jinshan.x,,town,310116108,8", "row 6, name: is empty"),
        ("shanghai.jinshan.x,某镇,town,310116108,0", "row 6, official_order: '0' is not 1, 2, 3"),
        ("shanghai.jinshan.x,某镇,town,310116108,first", "row 6, official_order: 'first' is not 1, 2, 3"),
        ("shanghai.jinshan.x,某镇,town,310116108,7", "row 6, official_order: 7 is row 3's already"),
        ("shanghai.jinshan.x,某镇,town,310116108,8,more", "row 6, row: more than 5 cells"),
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


def test_every_mistake_is_told_at_once_and_a_long_list_is_cut(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as wrong:
        read_tree(file_of(tmp_path, *GOOD, "shanghai.jinshan.x,,hamlet,1,0"))
    assert len(wrong.value.tail) == 4
    with pytest.raises(LocalError) as wrong:
        read_tree(file_of(tmp_path, *GOOD, *(f"a.b{n},,town,,{n}" for n in range(1, 20))))
    assert wrong.value.tail[-1] == "and 18 more"


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


async def test_a_tree_is_opened_once_however_often_it_is_asked_for(tmp_path: Path, store: EventStore) -> None:
    tree = read_tree(file_of(tmp_path, *GOOD))
    counted: list[int] = []
    async with speaking(store) as client:
        assert await open_tree(client, tree, lambda: counted.append(1)) == []
        assert await open_tree(client, tree) == []
    assert len(counted) == len(tree)
    assert await ledger_lengths(store) == {branch.tenant: 1 for branch in tree}
    async with store.reading(f"{DISTRICT}.langxia") as connection:
        row = await view_row(connection, REGISTERED_TENANTS, f"{DISTRICT}.langxia", "tenant-self")
    assert row is not None
    assert (row["name"], row["tier"], row["division_code"], row["official_order"]) == (
        "廊下镇",
        "town",
        "310116107",
        7,
    )


async def test_a_tenant_that_is_registered_otherwise_is_named_and_the_others_are_opened(
    tmp_path: Path, store: EventStore
) -> None:
    otherwise = [*GOOD[:2], GOOD[2].replace("廊下镇", "廊下新镇"), *GOOD[3:]]
    async with speaking(store) as client:
        await open_tree(client, read_tree(file_of(tmp_path, *GOOD[:3])))
        [refused] = await open_tree(client, read_tree(file_of(tmp_path, *otherwise)))
    assert (refused.branch.row, refused.branch.name) == (3, "廊下新镇")
    assert refused.reason
    assert len(await ledger_lengths(store)) == 4


async def test_nobody_without_the_right_opens_anything(tmp_path: Path, store: EventStore) -> None:
    async with speaking(store, STRANGER) as client:
        with pytest.raises(LocalError, match="register-tenant"):
            await open_tree(client, read_tree(file_of(tmp_path, *GOOD)))
    assert await ledger_lengths(store) == {}


def answering(*statuses: int) -> tuple[httpx.AsyncClient, list[str]]:
    """A service that answers these, the last one for ever; and the keys it was asked with."""
    keys: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        status = statuses[min(len(keys), len(statuses)) - 1]
        if status == 0:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(status, json={"detail": "示例"})

    return httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="http://scheduling"), keys


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits between attempts take no time."""
    monkeypatch.setattr(tenants, "FIRST_PAUSE", 0.0)


@pytest.mark.usefixtures("patient")
async def test_a_service_that_is_not_there_for_a_moment_is_asked_again_with_the_same_key(
    tmp_path: Path,
) -> None:
    client, keys = answering(503, 0, 200)
    async with client:
        assert await open_tree(client, read_tree(file_of(tmp_path, *GOOD[:2]))) == []
    assert (len(keys), len(set(keys))) == (3, 1)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("status", [0, 503])
async def test_a_service_that_stays_away_is_said_so(tmp_path: Path, status: int) -> None:
    client, keys = answering(status)
    async with client:
        with pytest.raises(LocalError, match="does not answer"):
            await open_tree(client, read_tree(file_of(tmp_path, *GOOD)))
    assert len(keys) == tenants.ATTEMPTS


# ---- the command ----


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--from", "/nowhere.csv"), "/nowhere.csv cannot be read"),
        (("--from", str(JINSHAN)), "Nothing is up in"),
        (("--from", str(JINSHAN), "--policy", "/nowhere.yaml"), "The policy /nowhere.yaml cannot be read"),
        (("--from", str(JINSHAN), "--policy", str(JINSHAN)), "is not YAML with holds_from"),
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
