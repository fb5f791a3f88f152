"""The supervisor: what dies is started again where it was, what is left over is cleared, what fails is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import asyncpg
import psutil
import pytest

from deploy.local.cluster import Cluster, stop_home
from deploy.local.home import AlreadyUp, Home, LocalError, NotUp
from deploy.local.plan import Backoff
from deploy.local.processes import find, started
from deploy.local.state import Process, Settings, State, read_state, write_state
from deploy.local.status import status
from deploy.local.waiting import until
from tests.deploy.conftest import StandIns
from tests.deploy.stand_in_supervisor import SERVICES


def told(cluster: Cluster, service: str) -> dict[str, Any]:
    """What a stand-in says of itself."""
    with urllib.request.urlopen(f"{cluster.service_url(service)}/told", timeout=20) as answer:
        return dict(json.load(answer))


def kill(process: Process) -> None:
    found = find(process)
    assert found is not None
    found.kill()


def restarted(cluster: Cluster, name: str) -> Process:
    """The next life of a process, once there is one."""
    before = cluster.processes()[name]
    kill(before)

    def next_life() -> Process | None:
        now = cluster.processes().get(name)
        return now if now and now.pid != before.pid else None

    return until(next_life, within=20, what=f"{name} was not started again")


def test_everything_is_ready_when_start_returns(cluster: Cluster) -> None:
    seen = status(cluster)
    assert {process.name for process in seen.processes} == {
        "supervisor",
        "postgres",
        "nats",
        "issuer",
        *SERVICES,
    }
    assert seen.ready
    assert seen.memory is not None
    assert seen.memory > 10_000_000


def test_a_step_ran_before(cluster: Cluster) -> None:
    assert cluster.home.log("migrate").read_text() == "a step ran\n"


def test_a_second_start_is_refused_with_the_process_that_holds_the_home(
    cluster: Cluster, start: StandIns
) -> None:
    pid = cluster.state.supervisor.pid
    with pytest.raises(AlreadyUp, match=rf"in use by process {pid}\b"):
        start(cluster.home)
    assert find(cluster.state.supervisor) is not None


def test_a_service_gets_its_own_addresses_and_nobody_elses(cluster: Cluster) -> None:
    environment = told(cluster, "review")["environment"]
    expected = {
        "SHUFA_SERVICE": "review",
        "SHUFA_MODE": "development",
        "SHUFA_CLOCK": "system",
        "SHUFA_AUDIENCE": "shufa",
        "SHUFA_ISSUER": cluster.issuer_url,
        "SHUFA_JWKS_URL": f"{cluster.issuer_url}/jwks.json",
        "SHUFA_DATABASE_URL": cluster.database_url("review", "app"),
        "SHUFA_RELAY_DATABASE_URL": cluster.database_url("review", "relay"),
        "SHUFA_NATS_URL": cluster.nats_url,
        "SHUFA_TOKEN_URL": f"{cluster.issuer_url}/oauth/token",
        "SHUFA_CLIENT_ID": "review",
        "SHUFA_CLIENT_SECRET": cluster.servers.credentials.accounts["review"],
        "SHUFA_SEAL_KEY": str(cluster.home.signing_key("review")),
        "SHUFA_ROOTS": str(cluster.home.roots("review")),
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert "SHUFA_SIMULATED_START" not in environment
    own = {cluster.servers.credentials.database[f"review_{role}"] for role in ("app", "relay")}
    own |= {cluster.servers.credentials.accounts["review"]}
    secrets = cluster.servers.credentials
    others = {*secrets.database.values(), *secrets.accounts.values(), secrets.postgres, secrets.issuer} - own
    assert not [secret for secret in others if secret in str(environment)]


def test_no_secret_stands_on_a_command_line_or_in_a_log(cluster: Cluster) -> None:
    secrets = cluster.servers.credentials
    hidden = {
        secrets.postgres,
        secrets.nats,
        secrets.issuer,
        *secrets.database.values(),
        *secrets.accounts.values(),
    }
    hidden |= {key.read_text().splitlines()[1] for key in (cluster.home.root / "keys").glob("*.key")}
    family = psutil.Process(cluster.state.supervisor.pid).children(recursive=True)
    seen = [" ".join(process.cmdline()) for process in family]
    seen += [log.read_text(errors="replace") for log in cluster.home.log("x").parent.iterdir()]
    assert not [secret for secret in hidden for text in seen if secret in text]


def test_a_program_that_dies_is_started_again_on_the_same_socket(cluster: Cluster) -> None:
    url, before = cluster.service_url("scheduling"), told(cluster, "scheduling")["pid"]
    again = restarted(cluster, "scheduling")
    assert again.restarts == 1
    assert f"http://{again.address}" == url
    assert told(cluster, "scheduling")["pid"] == again.pid != before


def test_who_calls_while_a_program_restarts_is_served_by_the_next(cluster: Cluster) -> None:
    before = cluster.processes()["review"]
    kill(before)
    assert told(cluster, "review")["pid"] != before.pid


def test_a_server_that_dies_comes_back_on_its_port(cluster: Cluster) -> None:
    for name in ("nats", "postgres"):
        address = cluster.processes()[name].address
        assert restarted(cluster, name).address == address
    until(lambda: status(cluster).ready, within=20, what="the servers were not ready again")


def test_everything_dies_with_the_supervisor_and_the_next_start_finds_the_data(
    home: Home, start: StandIns
) -> None:
    first = start(home)
    first.servers.create_database("review", "kept")
    processes = first.processes()
    kill(first.state.supervisor)
    assert first.process is not None
    first.process.wait()
    second = start(home)
    assert not [name for name, process in processes.items() if find(process)]
    assert "kept" in databases(second)
    second.stop(purge=True)
    assert not home.root.exists()


def databases(cluster: Cluster) -> set[str]:
    """The databases of a cluster, by what each of them lets in."""
    import asyncio

    async def names() -> set[str]:
        connection = await asyncpg.connect(cluster.servers.admin_url.replace("+asyncpg", ""))
        rows = await connection.fetch("select datname from pg_database")
        await connection.close()
        return {row["datname"] for row in rows}

    return asyncio.run(names())


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a server left running, or for a stranger."""
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_DFL); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        yield process
        process.kill()


def crashed(home: Home, **processes: Process) -> None:
    """Leave a home as a run does that was killed."""
    home.create()
    write_state(home, State("up", Process(2**22 + 1, 1.0), Settings(), dict(processes)))


def test_a_process_left_by_a_crash_is_ended(home: Home, bystander: subprocess.Popen[bytes]) -> None:
    crashed(home, nats=Process(bystander.pid, started(bystander.pid)))
    assert stop_home(home)
    assert bystander.wait(10) == -signal.SIGTERM
    assert read_state(home) is None


def test_a_stranger_with_the_same_pid_is_left_alone(home: Home, bystander: subprocess.Popen[bytes]) -> None:
    crashed(home, nats=Process(bystander.pid, started(bystander.pid) - 60))
    assert stop_home(home)
    assert bystander.poll() is None


def test_a_start_that_fails_says_why_and_leaves_nothing(
    home: Home, start: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "review")
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(LocalError, match="review ended with status 1") as refused:
        start(home)
    assert "the stand-in was told to fail" in refused.value.tail
    assert home.holder() is None
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_a_service_that_waits_for_an_operator_does_not_keep_the_others_down(
    home: Home, start: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_BEHIND", "review")
    cluster = start(home)
    ready = {process.name: process.ready for process in status(cluster).processes}
    cluster.stop()
    assert (ready["scheduling"], ready["review"]) == (True, False)


def test_a_start_for_production_is_refused(
    home: Home, start: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHUFA_MODE", "production")
    with pytest.raises(LocalError, match="One machine is for development"):
        start(home)


def test_what_is_not_up_says_so(home: Home) -> None:
    with pytest.raises(NotUp, match="start it with `shufa up`"):
        Cluster.running(home)
    assert not stop_home(home)


def test_the_wait_before_a_restart_grows_and_begins_anew_after_a_healthy_life() -> None:
    backoff = Backoff(first=1, growth=2, most=5, healthy_after=30)
    waits = [backoff.after(None, 0.1)]
    for _ in range(3):
        waits.append(backoff.after(waits[-1], 0.1))
    assert waits == [1, 2, 4, 5]
    assert backoff.after(5, 30) == 1
