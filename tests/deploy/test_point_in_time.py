"""A service's database set back to an instant, by the lines of docs/operations/backup.md as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from deploy.local.account import Account, as_account, unprivileged
from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.home import PROJECT
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.processes import Child, Running, alive, spawn, start_server, stop
from deploy.local.servers import Servers
from deploy.local.waiting import until
from shared.messaging.broker import Broker
from tests.deploy.containers import Container
from tests.deploy.setting_back import DISTRICT, TOWN, all_is_said, as_superuser, readiness, register
from tests.deploy.test_operate import counts
from tests.shared.messaging.conftest import published
from tests.standing_still import standing_still

SECTION = "## To an instant\n"
COPIES = "the-password-of-who-copies"
EVENTS = "select tenant, count(*) from events group by tenant"
GRANTS = "select datacl::text, datdba::regrole::text from pg_database where datname = 'scheduling'"


def lines() -> tuple[list[str], ...]:
    """The commands of the page's section, block by block."""
    page = (PROJECT / "docs/operations/backup.md").read_text(encoding="utf-8")
    section = page.split(SECTION)[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return tuple([line.strip() for line in re.split(r"^\$ ", block, flags=re.M) if line] for block in blocks)


@dataclass(frozen=True)
class Machine:
    """Where backups are kept: a folder of the account that the server runs as, and what its shell is told."""

    folder: Path
    account: Account | None
    told: dict[str, str]

    @classmethod
    def beside(cls, cluster: Cluster, folder: Path) -> Machine:
        programs = Path(psutil.Process(cluster.processes()["postgres"].pid).exe()).parent
        account, passwords = unprivileged(), folder / "passwords"
        folder.mkdir(mode=0o700)
        passwords.touch(mode=0o600)
        superuser = cluster.servers.credentials.postgres
        passwords.write_text(f"*:*:*:{SUPERUSER}:{superuser}\n*:*:*:backup:{COPIES}\n")
        for path in (folder, passwords):
            if account:
                os.chown(path, account.uid, account.gid)
        told = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "LC_ALL": "C",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(cluster.servers.postgres_port),
            "PGUSER": SUPERUSER,
            "PGPASSFILE": str(passwords),
        }
        return cls(folder, account, told)

    def tried(self, command: str, **told: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end, however it ends."""
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={**self.told, **told},
            capture_output=True,
            text=True,
            check=False,
            **as_account(self.account),
        )

    def run(self, commands: list[str], **told: str) -> None:
        """Lines of the page, one after the other."""
        for command in commands:
            done = self.tried(command, **told)
            assert done.returncode == 0, f"{command}\n{done.stderr}"

    def child(self, command: str, **told: str) -> Child:
        """A line that does not end by itself."""
        return Child(
            name=command.split()[0],
            argv=("/bin/sh", "-c", f"exec {command}"),
            log=self.folder / f"{command.split()[0]}.log",
            env={**self.told, **told},
            account=self.account,
            cwd=self.folder,
            stop=signal.SIGINT,
            orphaned=signal.SIGINT,
        )


def asked(servers: Servers, query: str, database: str = "scheduling") -> list[Any]:
    """The rows of a query, as superuser."""

    async def ask() -> list[Any]:
        url = servers.admin_url.replace("+asyncpg", "")
        connection = await asyncpg.connect(url, database=database)
        rows = await connection.fetch(query)
        await connection.close()
        return [tuple(row) for row in rows]

    return asyncio.run(ask())


def on_the_stream(cluster: Cluster) -> list[str]:
    """The ids of all that scheduling has said."""

    async def read() -> list[str]:
        broker = Broker(cluster.nats_url, "operator")
        await broker.connect()
        found = await published(broker.jetstream)
        await broker.stop()
        return [one["id"] for one in found if one["source"] == "/shufa/scheduling"]

    return asyncio.run(read())


@contextmanager
def nobody_serves(cluster: Cluster) -> Iterator[None]:
    """Scheduling is stopped, and the supervisor does not start it again, for the length of the block."""
    supervisor = cluster.state.supervisor.pid
    service = psutil.Process(cluster.processes()["scheduling"].pid)
    with standing_still(supervisor):
        service.kill()
        until(lambda: not alive(service), within=30, what="scheduling did not end")
        connected = "select 1 from pg_stat_activity where datname = 'scheduling'"
        until(lambda: not asked(cluster.servers, connected, "postgres"), within=30, what="it is connected")
        yield


def in_the_archive(cluster: Cluster) -> None:
    """Wait until all that is committed now is in the archive."""
    [(until_here,)] = asked(cluster.servers, "select pg_current_wal_lsn()::text", "postgres")
    fetched = f"select 1 from pg_stat_replication where usename = 'backup' and flush_lsn >= '{until_here}'"
    until(lambda: asked(cluster.servers, fetched, "postgres"), within=30, what="it was not archived")


@pytest.fixture
def talk(container: Container) -> Iterator[Talk]:
    talk = Talk(container.cluster)
    yield talk
    talk.close()


@pytest.fixture
def machine(container: Container, open_folder: Path) -> Iterator[Machine]:
    folder = open_folder / "backups"
    yield Machine.beside(container.cluster, folder)
    shutil.rmtree(folder)


def enter(talk: Talk, unit: str, *, again: bool = False) -> None:
    """A public event in the district's ledger."""
    body = {"name": f"示例 {unit}", "category": "government", "official_order": 1}
    path = f"/tenants/{DISTRICT}/unit/{unit}/register-unit"
    assert talk.post("admin", "scheduling", path, body, key=f"{unit} {again}").ok


def test_a_database_is_restored_to_an_instant(container: Container, talk: Talk, machine: Machine) -> None:
    cluster, servers = container.cluster, container.cluster.servers
    archive, base, back, out = lines()
    as_superuser(cluster, f"create role backup login replication password '{COPIES}'")

    with ExitStack() as stack:
        machine.run(archive[:-1])
        archiving = spawn(machine.child(archive[-1]))
        stack.callback(stop, [archiving])
        assert register(talk, DISTRICT, "district") == 200
        enter(talk, "first")
        machine.run(base)
        enter(talk, "second")
        assert "root 1 over 1 ledgers" in container.run("ledger", "seal").stdout
        [(instant,)] = asked(servers, "select clock_timestamp()")
        assert dict(asked(servers, EVENTS)) == {DISTRICT: 3}

        enter(talk, "third")
        enter(talk, "fourth")
        plan = {"rounds": [{"number": 1, "planned_on": f"{instant.year + 1}-06-24"}]}
        path = f"/tenants/{DISTRICT}/plan/{instant.year + 1}/adopt-plan"
        assert talk.post("law-clerk", "scheduling", path, plan, key="plan").ok
        assert register(talk, TOWN, "town") == 200
        as_superuser(cluster, "create table said_since ()", database="review")
        container.run("ledger", "seal")
        until(lambda: all_is_said(talk), within=30, what="scheduling did not say what it knows")
        before, grants, said = dict(asked(servers, EVENTS)), asked(servers, GRANTS), on_the_stream(cluster)
        assert before == {DISTRICT: 6, TOWN: 1}
        in_the_archive(cluster)

        restored = Postgres(
            programs=Path(machine.told["PATH"].split(":")[0]),
            data=machine.folder / "restored",
            log=machine.folder / "postgres.log",
            account=machine.account,
            password=servers.credentials.postgres,
        )
        machine.run(back[:-1])

        def promoted(running: Running, port: int) -> bool:
            """Until then it answers too, but may still be on its way to the instant, or end before it."""
            said = restored.log.read_text()
            return restored.answers(running, port) and "ready to accept connections" in said

        running, port = start_server(
            "The restored server",
            lambda port: machine.child(back[-1], PORT=str(port), INSTANT=str(instant)),
            promoted,
            begin=spawn,
            pause=time.sleep,
        )
        stack.callback(stop, [running])
        then = replace(servers, postgres_port=port)
        assert dict(asked(then, EVENTS)) == {DISTRICT: 3}, "the third event is there, the fourth is not"
        assert "recovery stopping before commit of transaction" in restored.log.read_text()
        assert asked(then, "select pg_is_in_recovery()") == [(False,)]
        assert asked(then, "select to_regclass('said_since')", "review") == [(None,)]

        with nobody_serves(cluster):
            machine.run(out, PORT=str(port), SERVICE="scheduling")
            stop([running])
            assert dict(asked(servers, EVENTS)) == {DISTRICT: 3}
        assert dict(asked(servers, EVENTS, "scheduling_before")) == before
        assert asked(servers, "select to_regclass('said_since')::text", "review") == [("said_since",)]
        assert asked(servers, GRANTS) == grants

    def found_out() -> bool:
        return readiness(cluster).get("because") == "kernel.ledger-behind-stream"

    until(found_out, within=60, what="scheduling did not find out")
    lost = re.findall(r"^scheduling:(\S+/\d+/\d+)  (\w+)", container.run("ledger", "fork").stdout, re.M)
    assert lost == [
        (f"{DISTRICT}/1/4", "UnitRegistered"),
        (f"{DISTRICT}/1/5", "UnitRegistered"),
        (f"{TOWN}/1/1", "TenantRegistered"),
    ]
    done = container.run("ledger", "fork", "--accept", "--reason", "示例：磁盘损坏", "--by", "示例·运维员")
    assert done.stdout.count("LedgerRestored, PublicEventsLost") == 2, done.stderr
    enter(talk, "third", again=True)
    until(lambda: all_is_said(talk), within=30, what="scheduling did not say what it knows")
    now = on_the_stream(cluster)
    assert now[: len(said)] == said
    assert f"scheduling:{DISTRICT}/2/1" in now[len(said) :]
    done = container.run("ledger", "verify")
    assert (done.returncode, counts(done.stdout)) == (0, (2, 8, 1, 3, 0)), done.stdout
    assert "restored at #3, 3 sealed events beyond" in done.stdout
    assert "restored at #0, 1 sealed events beyond" in done.stdout
    assert dict(asked(servers, EVENTS)) == {DISTRICT: 6, TOWN: 2}


def test_a_dump_is_whole_or_refused(container: Container, talk: Talk, machine: Machine) -> None:
    cluster = container.cluster
    assert register(talk, DISTRICT, "district") == 200
    as_superuser(
        cluster,
        f"create role reader login bypassrls password '{COPIES}' in role pg_read_all_data",
        "grant connect on database scheduling to reader",
    )
    dump = "pg_dump --data-only --table=events --inserts scheduling"
    whole = machine.tried(dump, PGUSER="reader", PGPASSWORD=COPIES)
    events = sum(count for _, count in asked(cluster.servers, EVENTS))
    assert whole.stdout.count("INSERT INTO public.events ") == events > 0, whole.stderr
    password = cluster.servers.credentials.database["scheduling_owner"]
    owner = {"PGUSER": "scheduling_owner", "PGPASSWORD": password}
    refused = machine.tried(dump, **owner)
    assert refused.returncode == 1
    assert "row-level security" in refused.stderr
    empty = machine.tried(f"{dump} --enable-row-security", **owner)
    assert (empty.returncode, empty.stdout.count("INSERT")) == (0, 0)
