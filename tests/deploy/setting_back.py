"""One real service, scheduling, whose database is set back while the broker was not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.home import Home
from deploy.local.supervisor import ask
from deploy.local.waiting import until

DISTRICT, TOWN, LOST = "shanghai.jinshan", "shanghai.jinshan.langxia", "shanghai.jinshan.langxia.shicun"


def start(folder: Path) -> Cluster:
    """A home with scheduling and the issuer; the caller stops it."""
    program = str(Path(__file__).with_name("scheduling_supervisor.py"))
    return Cluster.start(Home.at(folder), attached=True, supervisor=(sys.executable, program))


def register(talk: Talk, tenant: str, tier: str) -> int:
    """Register a tenant; the status of the answer."""
    body = {"name": f"示例 {tenant}", "tier": tier, "official_order": 1}
    path = f"/tenants/{tenant}/tenant/self/register-tenant"
    return talk.post("admin", "scheduling", path, body, key=f"register {tenant}").status


def as_superuser(cluster: Cluster, *statements: str, database: str = "postgres") -> None:
    async def run() -> None:
        url = cluster.servers.admin_url.replace("+asyncpg", "")
        connection = await asyncpg.connect(url, database=database)
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


def keep_a_copy(cluster: Cluster) -> None:
    """A backup of the database as it stands."""
    as_superuser(cluster, *ALONE, "create database kept template scheduling")
    as_superuser(cluster, "alter database scheduling allow_connections true")


def set_back(cluster: Cluster, talk: Talk) -> None:
    """The copy in the database's place, once all is said; the service has found out."""
    until(lambda: all_is_said(talk), within=30, what="scheduling did not say what it knows")
    as_superuser(cluster, *ALONE)
    os.kill(cluster.processes()["scheduling"].pid, signal.SIGKILL)
    as_superuser(cluster, "drop database scheduling", "create database scheduling template kept")
    until(
        lambda: readiness(cluster).get("because") == "kernel.ledger-behind-stream",
        within=30,
        what="scheduling did not find out",
    )
