"""The demo while an older version's processes serve beside this one's, on one database and one stream: an upgrade.

``make upgrade-drill``, or ``python -m tests.scenario.upgrade_drill COMMIT``. This version migrates and provisions; then
a second replica of each service is started from the older version's files, and every request goes to either of the two,
as chance (with a seed) will have it. Late in the story the old ones are told to go. It must end well, and with the same
content as a run of this version alone.
"""

from __future__ import annotations

import io
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from deploy.local.cluster import Cluster
from deploy.local.demo.command import demo, ready_scenario
from deploy.local.demo.gather import fingerprint
from deploy.local.demo.scenario import Step
from deploy.local.home import PROJECT, LocalError
from deploy.local.waiting import free_port, until
from shared.contracts import PUBLISHERS
from shared.runtime.gate import KNOWN_SECONDS

BEFORE = "c1edc6f"
"""The last version that is out."""


@dataclass
class Older:
    """The older version's replicas of one run: which requests they took, and how they ended."""

    files: Path
    last: int
    """The step before which they are told to go."""
    asked: dict[str, int] = field(default_factory=lambda: {"older": 0, "newer": 0})
    ended: dict[str, int] = field(default_factory=dict)
    _replicas: dict[str, tuple[subprocess.Popen[bytes], str]] = field(default_factory=dict)
    _granted: bool = False
    _chance: random.Random = field(default_factory=lambda: random.Random("shufa/upgrade"))

    def before_step(self, cluster: Cluster, number: int, step: Step) -> None:
        """Start them before the first step; before the last of theirs, end them."""
        if self._granted:  # the replica that did not hear it first believes what it knew for a while
            time.sleep(KNOWN_SECONDS)
        self._granted = step.do is not None and step.do.command in ("grant-role", "revoke-role")
        if number == 1:
            for service in PUBLISHERS:
                self._replicas[service] = self._start(cluster, service)
        if number == self.last:
            self.stop()

    def url(self, service: str, newer: str) -> str:
        """Where the next request goes."""
        older = self._replicas.get(service)
        if older is None or self._chance.random() < 0.5:
            self.asked["newer"] += 1
            return newer
        self.asked["older"] += 1
        return older[1]

    def stop(self) -> None:
        """Tell them to go, and see how they went."""
        for service, (process, _) in self._replicas.items():
            process.terminate()
            self.ended[service] = process.wait(30)
        self._replicas.clear()

    def _start(self, cluster: Cluster, service: str) -> tuple[subprocess.Popen[bytes], str]:
        port = free_port()
        environment = psutil.Process(cluster.processes()[service].pid).environ()
        environment.pop("SHUFA_LISTEN_FD")
        environment |= {"SHUFA_PORT": str(port), "PYTHONPATH": str(self.files)}
        log = (self.files.parent / f"{service}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}.main"],
            cwd=self.files,
            env=environment,
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            with suppress(httpx.TransportError):
                return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
            return False

        until(ready, within=30, what=f"The older {service} is not ready")
        return process, url


def unpacked(commit: str, folder: Path) -> Path:
    """The files of a commit. Raises LocalError where it is not in the history that is here."""
    done = subprocess.run(
        ["git", "archive", commit, "services", "shared", "deploy"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"{commit} is not in this clone's history.")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def played(older: Older) -> str:
    """The demo with either version asked; its content."""
    of_cluster = Cluster.service_url

    def either(self: Cluster, service: str) -> str:
        return older.url(service, of_cluster(self, service))

    with ExitStack() as after:
        after.callback(setattr, Cluster, "service_url", of_cluster)
        after.callback(older.stop)
        Cluster.service_url = either  # type: ignore[method-assign]  # the demo needs no word for two versions
        return fingerprint(demo(console=_nowhere(), before_step=older.before_step))


def main(arguments: list[str]) -> int:
    console, commit = Console(), arguments[0] if arguments else BEFORE
    with console.status("the undisturbed run"):
        expected = fingerprint(demo(console=_nowhere()))
    with tempfile.TemporaryDirectory(prefix="shufa-upgrade-") as folder:
        steps = len(ready_scenario().steps)
        try:
            older = Older(unpacked(commit, Path(folder, "files")), last=steps * 3 // 4)
            with console.status(f"{commit} beside this version"):
                content = played(older)
        except LocalError as error:
            console.print(str(error))
            return 1
        said = {service: Path(folder, f"{service}.log").read_text("utf-8") for service in PUBLISHERS}
    faults = {service: log.count('"level": "error"') for service, log in said.items()}
    orderly = [service for service, log in said.items() if '"event": "stopped"' in log]
    table = Table(
        title=f"{commit} beside this version until step {older.last} of {steps}", title_justify="left"
    )
    for column in ("service", "left in order", "errors it logged"):
        table.add_column(column)
    for service in PUBLISHERS:
        table.add_row(service, "yes" if service in orderly else "no", str(faults[service]))
    console.print(table)
    console.print("Requests  " + ", ".join(f"{count} to the {which}" for which, count in older.asked.items()))
    console.print(f"Content   {content[:16]}, of this version alone {expected[:16]}")
    held = content == expected and len(orderly) == len(PUBLISHERS) and not any(faults.values())
    console.print("[green]✓ held[/]" if held else "[red]✗ did not hold[/]")
    return 0 if held else 1


def _nowhere() -> Console:
    return Console(file=io.StringIO(), width=120)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
