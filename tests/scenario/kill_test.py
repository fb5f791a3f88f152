"""The demo while one of its processes is killed ten times: it must end well, and with the same content as ever.

``make kill-test``, or ``python -m tests.scenario.kill_test nats postgres`` for some victims only. Each victim has a
run of its own. The steps at which it dies, and how long after the step began, come from a seed: half of the blows
fall before the step's command, half while it is being carried out.
"""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.cluster import Cluster
from deploy.local.credentials import SERVICES
from deploy.local.demo.command import demo, ready_scenario
from deploy.local.demo.gather import fingerprint
from deploy.local.demo.scenario import Step
from deploy.local.home import LocalError
from deploy.local.processes import find
from deploy.local.waiting import until

VICTIMS = (*SERVICES, "nats", "postgres")
KILLS = 10
LATEST_SECONDS = 0.3


@dataclass
class Killer:
    """Kills one process at ten seeded steps of a run."""

    victim: str
    steps: int
    killed: list[int] = field(default_factory=list)
    _blow: threading.Timer | None = None

    def __post_init__(self) -> None:
        seeded = random.Random(f"shufa/{self.victim}")
        self.plan = {
            step: seeded.choice((0.0, seeded.uniform(0.0, LATEST_SECONDS)))
            for step in sorted(seeded.sample(range(1, self.steps), KILLS))
        }

    def before_step(self, cluster: Cluster, number: int, step: Step) -> None:
        if self._blow is not None:
            self._blow.join()
        delay = self.plan.get(number)
        if delay is None:
            return
        if delay == 0.0:
            self._kill(cluster, number)
        else:
            self._blow = threading.Timer(delay, self._kill, (cluster, number))
            self._blow.start()

    def _kill(self, cluster: Cluster, number: int) -> None:
        """Only a living process can be killed: one that is still being started again is waited for."""
        process = until(
            lambda: find(cluster.processes()[self.victim]),
            within=60.0,
            what=f"{self.victim} did not come back",
        )
        os.kill(process.pid, signal.SIGKILL)
        self.killed.append(number)


@dataclass(frozen=True)
class Verdict:
    """How one run went."""

    victim: str
    killed: tuple[int, ...]
    seconds: float
    content: str | None
    failure: str | None


def run(victim: str, steps: int) -> Verdict:
    """One demo with ten kills."""
    killer = Killer(victim, steps)
    content, failure, began = None, None, time.monotonic()
    try:
        content = fingerprint(demo(console=_nowhere(), before_step=killer.before_step))
    except LocalError as error:
        failure = str(error)
    return Verdict(victim, tuple(killer.killed), time.monotonic() - began, content, failure)


def main(victims: list[str]) -> int:
    console = Console()
    unknown = sorted(set(victims) - set(VICTIMS))
    if unknown:
        console.print(f"No such victim: {', '.join(unknown)}; there are {', '.join(VICTIMS)}.")
        return 2
    steps = len(ready_scenario().steps)
    with console.status("the undisturbed run"):
        undisturbed: dict[str, Any] = demo(console=_nowhere())
    expected = fingerprint(undisturbed)
    verdicts = []
    for victim in victims or VICTIMS:
        with console.status(f"killing {victim}"):
            verdicts.append(run(victim, steps))
    console.print(_table(verdicts, expected))
    bad = [one for one in verdicts if one.content != expected or len(one.killed) != KILLS]
    for one in bad:
        console.print(
            f"{one.victim}: {one.failure or 'other content than the undisturbed run, or too few kills'}"
        )
    return 1 if bad else 0


def _table(verdicts: list[Verdict], expected: str) -> Table:
    table = Table(title=f"Ten kills each; undisturbed content {expected[:16]}", title_justify="left")
    for column in ("victim", "killed -9 at steps", "seconds", "content", "verdict"):
        table.add_column(column)
    for one in verdicts:
        held = one.content == expected
        table.add_row(
            one.victim,
            " ".join(map(str, one.killed)),
            f"{one.seconds:.1f}",
            (one.content or "-")[:16],
            "[green]✓ held[/]" if held else "[red]✗ did not hold[/]",
        )
    return table


def _nowhere() -> Console:
    return Console(file=io.StringIO(), width=120)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
