"""The ``shufa`` command, run as people run it: what it prints, and that what they can put right is one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.local.cluster import Cluster
from deploy.local.home import Home, with_project


def shufa(*arguments: str, home: Home | None = None) -> subprocess.CompletedProcess[str]:
    environment = with_project({**os.environ, "COLUMNS": "160", "NO_COLOR": "1"})
    if home is not None:
        environment["SHUFA_HOME"] = str(home.root)
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
    )


def test_status_tells_of_every_process(cluster: Cluster) -> None:
    done = shufa("status", home=cluster.home)
    assert done.returncode == 0, done.stderr
    for name, process in cluster.processes().items():
        assert name in done.stdout
        assert str(process.address) in done.stdout
    assert "Memory in all" in done.stdout


def test_status_for_programs_is_json(cluster: Cluster) -> None:
    seen = json.loads(shufa("status", "--json", home=cluster.home).stdout)
    assert {process["name"]: process["ready"] for process in seen["processes"]}["postgres"] is True
    assert seen["memory"] > 0


def test_a_token_is_printed_alone(cluster: Cluster) -> None:
    done = shufa("token", "law", home=cluster.home)
    assert done.stdout.count(".") == 2
    assert len(done.stdout.split()) == 1


def test_a_second_up_names_the_first(cluster: Cluster) -> None:
    done = shufa("up", home=cluster.home)
    assert done.returncode == 1
    assert f"in use by process {cluster.state.supervisor.pid}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("status",), "Nothing is up in"),
        (("token", "law"), "Nothing is up in"),
        (("migrate",), "Nothing is up in"),
        (("provision",), "Nothing is up in"),
        (("parked", "list", "review"), "Nothing is up in"),
        (("parked", "list", "revue"), "There is no service 'revue'"),
        (("republish", "review", "--from", "1"), "Nothing is up in"),
        (("ledger", "verify"), "Nothing is up in"),
        (("rebuild", "review"), "Nothing is up in"),
        (("rebuild", "revue", "drafts"), "There is no service 'revue'"),
        (("up", "--clock", "simulated"), "needs a day to start on"),
        (("up", "--today", "2021-05-06"), "--today is for a simulated clock"),
        (("up", "--users", "/nowhere.yaml"), "There is no users file /nowhere.yaml"),
    ],
)
def test_what_can_be_put_right_is_said_in_one_line(
    home: Home, arguments: tuple[str, ...], reason: str
) -> None:
    done = CliRunner().invoke(app, arguments, env={"SHUFA_HOME": str(home.root)})
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_down_where_nothing_is_up_is_no_error(home: Home) -> None:
    done = shufa("down", home=home)
    assert done.returncode == 0
    assert done.stdout == f"Nothing was up in {home.root}.\n"


def test_a_folder_of_somebody_elses_things_is_not_purged(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    done = shufa("down", "--purge", "--home", str(tmp_path))
    assert done.returncode == 1
    assert "not a Shufa home" in done.stderr
    assert (tmp_path / "thesis.doc").exists()
