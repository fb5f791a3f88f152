"""``shufa ledger`` on a real installation: verify, seal, and a database set back while the broker was not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from deploy.local.cli import app
from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.home import Home, LocalError
from deploy.local.supervisor import ask
from deploy.local.waiting import until

DISTRICT, TOWN, LOST = "shanghai.jinshan", "shanghai.jinshan.langxia", "shanghai.jinshan.langxia.shicun"


@pytest.fixture(scope="module")
def cluster(open_folder: Path) -> Iterator[Cluster]:
    program = str(Path(__file__).with_name("scheduling_supervisor.py"))
    running = Cluster.start(
        Home.at(open_folder / "scheduling"), attached=True, supervisor=(sys.executable, program)
    )
    yield running
    running.stop()


def ledger(cluster: Cluster, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, ["ledger", *arguments], env={"SHUFA_HOME": str(cluster.home.root), "COLUMNS": "200"}
    )


def register(talk: Talk, tenant: str, tier: str) -> int:
    """Register a tenant; the status of the answer."""
    body = {"name": f"示例 {tenant}", "tier": tier, "official_order": 1}
    path = f"/tenants/{tenant}/tenant/self/register-tenant"
    return talk.post("admin", "scheduling", path, body, key=f"register {tenant}").status


def as_superuser(cluster: Cluster, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(cluster.servers.admin_url.replace("+asyncpg", ""))
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


ALONE = (
    "alter database scheduling allow_connections false",
    "do $$ begin perform pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'scheduling'; end $$",
)


def readiness(cluster: Cluster) -> dict[str, Any]:
    status, body = ask(cluster.processes()["scheduling"].address or "", "/readyz")
    return json.loads(body) if status in (200, 503) else {}


def all_is_said(talk: Talk) -> bool:
    """Is the outbox empty? The relay was cut off when its database was copied, and tries again by and by."""
    answer = talk.get("operator", "scheduling", "/clock")
    return answer.ok and answer.body["outbox"] == 0


def test_a_database_set_back_is_refused_shown_accepted_and_told(cluster: Cluster) -> None:
    talk = Talk(cluster)
    assert register(talk, DISTRICT, "district") == 200
    assert "scheduling  root 1 over 1 ledgers" in ledger(cluster, "seal").stdout
    assert "nothing new to seal" in ledger(cluster, "seal", "--service", "scheduling").stdout
    done = ledger(cluster, "verify")
    assert done.exit_code == 0
    assert f"scheduling:{DISTRICT}  1 events  holds" in done.stdout
    assert "sealed until #1 at 20" in done.stdout
    assert "1 ledgers, 1 events, 0 of them not sealed yet, 1 roots, 0 broken." in done.stdout
    assert "scheduling knows all that it has said." in ledger(cluster, "fork", "scheduling").stdout

    as_superuser(cluster, *ALONE, "create database kept template scheduling")
    as_superuser(cluster, "alter database scheduling allow_connections true")
    assert register(talk, TOWN, "town") == 200
    ledger(cluster, "seal")
    until(lambda: all_is_said(talk), within=30, what="scheduling did not say what it knows")
    as_superuser(cluster, *ALONE)
    os.kill(cluster.processes()["scheduling"].pid, signal.SIGKILL)
    as_superuser(cluster, "drop database scheduling", "create database scheduling template kept")

    until(
        lambda: readiness(cluster).get("because") == "kernel.ledger-behind-stream",
        within=30,
        what="scheduling did not find out",
    )
    refused = Talk(cluster, patience=0)
    with pytest.raises(LocalError, match="scheduling did not answer"):
        register(refused, LOST, "village")
    assert talk.get("auditor", "scheduling", f"/tenants/{DISTRICT}/ledger").ok, "reads are answered"
    done = ledger(cluster, "verify", "--service", "scheduling")
    assert done.exit_code == 1
    assert f"scheduling:{TOWN}  0 events  root 2 sealed #1, the last event is #0" in done.stdout

    shown = ledger(cluster, "fork", "scheduling").stdout
    assert f"scheduling:{TOWN}/1/1  TenantRegistered" in shown
    assert "say why" in ledger(cluster, "fork", "scheduling", "--accept").stderr
    done = ledger(cluster, "fork", "scheduling", "--accept", "--reason", "示例：磁盘损坏")
    assert done.exit_code == 0, done.stderr
    assert f"scheduling:{TOWN}#2  LedgerRestored, PublicEventsLost" in done.stdout
    assert "root 3 over 1 ledgers" in done.stdout

    assert register(talk, TOWN, "town") == 200, "it goes on by itself"
    talk.close()
    done = ledger(cluster, "verify")
    assert done.exit_code == 0, done.stdout
    assert "restored at #0, 1 sealed events beyond" in done.stdout


def test_what_does_not_hold_is_named_and_the_exit_status_says_so(cluster: Cluster) -> None:
    file = cluster.home.roots("scheduling") / "000001.json"
    kept = file.read_bytes()
    file.unlink()
    done = ledger(cluster, "verify", "--service", "scheduling")
    file.write_bytes(kept)
    assert done.exit_code == 1
    assert "scheduling  root 1 is missing in the folder" in done.stdout
    assert done.stderr == "Error: 1 of the ledgers and roots do not hold.\n"


@pytest.mark.parametrize("arguments", [("verify",), ("seal",), ("fork", "scheduling")])
def test_where_nothing_is_up_it_says_so(home: Home, arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["ledger", *arguments], env={"SHUFA_HOME": str(home.root)})
    assert done.exit_code == 1
    assert "Nothing is up in" in done.stderr


@pytest.mark.parametrize("arguments", [("verify", "--service", "revue"), ("fork", "revue")])
def test_a_service_that_is_none_is_said(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    assert "There is no service 'revue'" in ledger(cluster, *arguments).stderr
