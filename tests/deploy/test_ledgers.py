"""``shufa ledger`` on a real installation: verify, seal, and a database set back while the broker was not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.local.cli import app
from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.home import Home, LocalError
from tests.deploy.setting_back import DISTRICT, LOST, TOWN, keep_a_copy, register, set_back, start


@pytest.fixture(scope="module")
def cluster(open_folder: Path) -> Iterator[Cluster]:
    running = start(open_folder / "scheduling")
    yield running
    running.stop()


def ledger(cluster: Cluster, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, ["ledger", *arguments], env={"SHUFA_HOME": str(cluster.home.root), "COLUMNS": "200"}
    )


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

    keep_a_copy(cluster)
    assert register(talk, TOWN, "town") == 200
    ledger(cluster, "seal")
    set_back(cluster, talk)
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
