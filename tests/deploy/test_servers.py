"""The embedded servers: they are ours, closed to strangers, keep their data, and find a place as any user."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from deploy.local import account, postgres, processes, waiting
from deploy.local.credentials import SERVICES, ensure_credentials
from deploy.local.home import AlreadyUp, Home, LocalError
from deploy.local.nats import jetstream_answers
from deploy.local.postgres import Postgres
from deploy.local.processes import Child, Running, spawn
from deploy.local.servers import Servers, embedded_servers, start_servers
from deploy.local.state import Process, Settings, State, read_state, write_state

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the database under another account")


async def connect(url: str) -> asyncpg.Connection[Any]:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


async def test_every_service_has_a_database_that_its_owner_owns(servers: Servers) -> None:
    for service in SERVICES:
        owner = await connect(servers.database_url(service, "owner"))
        await owner.execute("create table public.probe (n int); drop table public.probe")
        await owner.close()


@pytest.mark.parametrize("role", ["app", "relay"])
async def test_the_other_roles_may_use_the_schema_and_make_nothing(servers: Servers, role: Any) -> None:
    connection = await connect(servers.database_url("review", role))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("create table public.probe (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("create temporary table probe (n int)")
    rights = await connection.fetchrow(
        "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
        " from pg_roles where rolname = current_user"
    )
    assert not any(rights)
    assert await connection.fetchval("select has_schema_privilege('public', 'usage')")
    await connection.close()


@pytest.mark.parametrize("database", ["scheduling", "postgres", "template1"])
async def test_a_role_connects_to_its_own_database_only(servers: Servers, database: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connect(servers.database_url("review", "app", database))


async def test_a_wrong_password_is_refused(servers: Servers) -> None:
    right = servers.credentials.database["review_app"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(servers.database_url("review").replace(right, "wrong"))
    assert not jetstream_answers(servers.nats_port, "wrong")


async def test_a_test_may_have_one_more_database(servers: Servers) -> None:
    servers.create_database("review", "review_empty")
    connection = await connect(servers.database_url("review", "relay", "review_empty"))
    assert await connection.fetchval("select current_database()") == "review_empty"
    await connection.close()


async def test_the_cluster_is_as_a_ledger_needs_it(servers: Servers) -> None:
    connection = await connect(servers.admin_url)
    wanted = {
        "data_checksums": "on",
        "synchronous_commit": "on",
        "fsync": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
    }
    found = {name: await connection.fetchval("select current_setting($1)", name) for name in wanted}
    collation = await connection.fetchval("select datlocale from pg_database where datname = 'review'")
    await connection.close()
    assert found == wanted
    assert collation == "C.UTF-8"


def test_acknowledged_messages_are_on_disk(servers: Servers) -> None:
    configuration = (servers.home.nats / "nats.conf").read_text()
    assert "sync_interval: always" in configuration
    assert "max_payload: 1MB" in configuration


def test_who_answers_with_another_name_is_not_ours(servers: Servers) -> None:
    password = servers.credentials.nats
    assert jetstream_answers(servers.nats_port, password)
    assert not jetstream_answers(servers.nats_port, password, name="shufa-somebody")


def test_two_homes_run_side_by_side_and_a_cluster_knows_itself(servers: Servers, home: Home) -> None:
    with embedded_servers(home, services=()) as other:
        assert {other.postgres_port, other.nats_port}.isdisjoint({servers.postgres_port, servers.nats_port})
        ours = Postgres.of(home, servers.credentials)
        with pytest.raises(LocalError, match="is not the one started"):
            ours._be_sure(servers.postgres_port)


def test_a_home_in_use_is_refused_with_the_process_that_uses_it(servers: Servers) -> None:
    with (
        pytest.raises(AlreadyUp, match=f"in use by process {os.getpid()}"),
        embedded_servers(servers.home),
    ):
        pass


async def test_data_outlives_the_servers_and_a_start_that_broke_off(home: Home) -> None:
    with home.locked():
        ensure_credentials(home)
        (account.database_place(home, account.unprivileged()) / "postgres.part").mkdir()
    with embedded_servers(home, services=("review",)) as servers:
        connection = await connect(servers.database_url("review", "owner"))
        await connection.execute("create table kept (n int); insert into kept values (42)")
        await connection.close()
    with embedded_servers(home, services=("review",)) as servers:
        connection = await connect(servers.database_url("review", "owner"))
        assert await connection.fetchval("select n from kept") == 42
        await connection.close()


async def test_servers_left_running_by_a_crash_are_ended_and_their_data_found(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        processes, "_LIBC", None
    )  # as where the kernel does not end children with their parent
    left: dict[str, Running] = {}

    def begin(child: Child) -> Running:
        return left.setdefault(child.name, spawn(child))

    home.create()
    crashed = start_servers(home, ensure_credentials(home), begin=begin, services=("review",))
    connection = await connect(crashed.database_url("review", "owner"))
    await connection.execute("create table kept (n int); insert into kept values (42)")
    dead = Process(2**22 + 1, 1.0)
    write_state(home, State("up", dead, Settings(), {name: one.record() for name, one in left.items()}))

    with embedded_servers(home, services=("review",)) as servers:
        assert all(one.ended for one in left.values())
        again = await connect(servers.database_url("review", "owner"))
        assert await again.fetchval("select n from kept") == 42
        await again.close()
    connection.terminate()


def test_a_pid_that_is_another_process_by_now_does_not_keep_the_database_from_starting(home: Home) -> None:
    with embedded_servers(home, services=(), keep=True) as servers:
        kept = account.recorded_place(home) / "postgres" / "postmaster.pid"
        lines = kept.read_text().splitlines()
    other = subprocess.Popen(["sleep", "600"], **account.as_account(account.unprivileged()))
    kept.write_text("\n".join([str(other.pid), lines[1], "1000000", *lines[3:], ""]))
    with embedded_servers(home, services=()) as again:
        assert again.credentials == servers.credentials
    other.kill()
    other.wait()


def test_a_port_that_somebody_took_is_given_up_for_another(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        free = waiting.free_port
        given = iter([taken, None, taken])  # first to NATS, which then gets a free one; then to PostgreSQL
        monkeypatch.setattr(processes, "free_port", lambda: next(given, None) or free())
        with embedded_servers(home, services=()) as servers:
            assert taken not in (servers.postgres_port, servers.nats_port)
        assert next(given, "used up") == "used up"


@as_root
def test_a_closed_home_stays_closed_and_its_database_is_kept_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = Home.at(closed / "my home")
    with embedded_servers(home, services=()):
        place = account.recorded_place(home)
        assert place != home.root
        assert (place / "postgres" / "PG_VERSION").exists()
        assert (place / "home").read_text().strip() == str(home.root)
        assert closed.stat().st_mode & 0o777 == 0o700
    assert not place.exists()
    assert list(closed.iterdir()) == []


@as_root
def test_programs_out_of_reach_are_copied_and_the_copy_goes_with_the_run(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = postgres._wheel()
    site = tmp_path / "site-packages"
    site.mkdir(mode=0o700)
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(folder, site / folder.name, symlinks=True)
    monkeypatch.setattr(postgres, "_wheel", lambda: site / wheel.name)
    home = Home.at(open_folder / "copied")
    with embedded_servers(home, services=(), keep=True) as servers:
        state = read_state(home)
        assert state is not None
        program = Path(f"/proc/{state.processes['postgres'].pid}/exe").resolve()
        assert program.is_relative_to(home.root / "binaries")
        assert servers.psql.run("cluster_identity")[0] == str(home.root / "postgres")
    assert not (home.root / "binaries").exists()


@as_root
def test_a_place_that_is_gone_is_an_error_and_not_a_new_database(home: Home) -> None:
    home.create()
    home.place.write_text("/var/lib/shufa/home-gone\n")
    with pytest.raises(LocalError, match="kept in /var/lib/shufa/home-gone, which is gone"):
        account.database_place(home, account.unprivileged())


def test_a_server_that_does_not_start_says_why_and_leaves_nothing(home: Home) -> None:
    home.create()
    home.nats.mkdir()
    (home.nats / "store").write_text("a file where the store should be")
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(LocalError, match="NATS did not start") as refused, embedded_servers(home):
        pass
    assert any("not a directory" in line for line in refused.value.tail)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert not home.root.exists()
