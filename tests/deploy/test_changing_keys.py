"""The key that signs roots, changed by ``shufa ledger rekey`` at home and by ``ledger hand-over`` in a container."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from deploy.local.cli import app
from deploy.local.demo.talk import Talk
from deploy.local.waiting import until
from shared.eventstore.keys import SealKey, public_pem, seal_key
from tests.deploy.containers import Container
from tests.deploy.setting_back import LOST, TOWN, readiness, register
from tests.deploy.test_operate import counts


def ledger(container: Container, *arguments: str) -> Result:
    home = str(container.cluster.home.root)
    return CliRunner().invoke(app, ["ledger", *arguments], env={"SHUFA_HOME": home, "COLUMNS": "200"})


def keys(container: Container) -> tuple[Path, Path]:
    """The files of the private key and of the first public one."""
    home = container.cluster.home
    return home.signing_key("scheduling"), home.public_key("scheduling")


def test_a_home_gets_a_new_key_and_is_checked_with_the_first(container: Container, talk: Talk) -> None:
    private, public = keys(container)
    before, first = private.read_text(), public.read_text()
    assert "root 1 over 1 ledgers" in ledger(container, "seal", "--service", "scheduling").stdout
    done = ledger(container, "rekey", "scheduling")
    assert done.exit_code == 0, done.stderr
    assert "scheduling  root 2 over 0 ledgers hands over; the service signs" in done.stdout
    after = private.read_text()
    assert after != before
    assert after.endswith(first), "the first public key lies below it"
    assert private.stat().st_mode & 0o777 == 0o600
    assert public.read_text() == first
    assert {one.suffix for one in private.parent.iterdir()} == {".key", ".pub"}
    assert register(talk, TOWN, "town") == 200
    assert "root 3 over 1 ledgers" in ledger(container, "seal", "--service", "scheduling").stdout
    done = ledger(container, "verify", "--service", "scheduling")
    assert (done.exit_code, counts(done.stdout)) == (0, (2, 2, 0, 3, 0)), done.stdout
    found = talk.get("auditor", "scheduling", f"/tenants/{TOWN}/ledger/verification")
    assert found.body["seal"]["root"] == 3, "the service that runs follows it too"
    assert found.body["roots_problem"] is None

    # Broken off between the handover and the new file: done again, it is finished.
    private.rename(private.with_suffix(".next"))
    private.write_text(before)
    assert "hands over to; nothing is signed" in ledger(container, "seal", "--service", "scheduling").stderr
    done = ledger(container, "rekey", "scheduling")
    assert "was handed over to this key before" in done.stdout
    assert private.read_text() == after
    assert not private.with_suffix(".next").exists()


def test_an_operator_of_a_cluster_hands_over_and_replaces_the_secret(
    container: Container, talk: Talk, tmp_path: Path
) -> None:
    private, public = keys(container)
    first, number = public.read_text(), counts(container.run("ledger", "verify").stdout)[3]
    new = Ed25519PrivateKey.generate()
    to, pem = tmp_path / "new-key.pub.pem", public_pem(new.public_key())
    to.write_text(pem)
    done = container.run("ledger", "hand-over", "--to", str(to))
    assert done.returncode == 0, done.stderr
    assert f"scheduling  root {number + 1} over 0 ledgers hands over\n" in done.stdout
    assert done.stdout.endswith(first), "what the new secret needs besides the key"
    again = container.run("ledger", "hand-over", "--to", "-", given=pem)
    assert "scheduling  was handed over to this key before\n" in again.stdout

    # The secret is still the old one: nothing is signed, everything can be checked.
    assert register(talk, LOST, "village") == 200
    done = container.run("ledger", "seal")
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: scheduling: The key is not the one that root {number + 1} hands over to; nothing is signed.\n",
    )
    done = container.run("ledger", "verify")
    assert (done.returncode, counts(done.stdout)) == (0, (3, 3, 1, number + 1, 0)), done.stdout

    # Without the first public key below it, the new one is the beginning of another chain.
    private.write_text(SealKey(new, new.public_key()).pem())
    assert container.run("ledger", "seal").returncode == 1
    assert "root 1 in the table is not signed with this key" in container.run("ledger", "verify").stdout

    private.write_text(SealKey(new, seal_key(private).first).pem() + first)
    assert f"root {number + 2} over 1 ledgers" in container.run("ledger", "seal").stdout
    at_home = ledger(container, "verify", "--service", "scheduling")
    for said in (container.run("ledger", "verify").stdout, at_home.stdout):
        assert counts(said) == (3, 3, 0, number + 2, 0)
    os.kill(container.cluster.processes()["scheduling"].pid, signal.SIGKILL)
    until(lambda: readiness(container.cluster).get("ledger") is True, within=30, what="it did not come back")


@pytest.mark.parametrize("kind", ["private", "none", "before"])
def test_what_nothing_can_be_handed_over_to_is_refused(container: Container, talk: Talk, kind: str) -> None:
    private, public = keys(container)
    given = {
        "private": private.read_text().split("-----BEGIN PUBLIC")[0],
        "none": "",
        "before": public.read_text(),
    }
    done = container.run("ledger", "hand-over", "--to", "-", given=given[kind])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert ("has signed before" if kind == "before" else "no public key of Ed25519") in done.stderr
