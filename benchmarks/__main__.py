"""``python -m benchmarks``: run everything, print the table, write results.json and results.svg."""

from __future__ import annotations

import logging
import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from benchmarks import append, apply, relay
from benchmarks.harness import Meter, Outcome
from benchmarks.stage import QUICK, Plan, Stage
from benchmarks.table import costs, table
from deploy.local.servers import embedded_servers
from deploy.local.state import read_state
from shared.observability.logs import configure

FAMILIES = {"append": append.run, "relay": relay.run, "apply": apply.run}
console = Console()


def main(
    only: Annotated[str, typer.Option(help="one family, to look at it alone")] = "",
    seconds: Annotated[float, typer.Option(help="how long one side of a round of append is")] = 0,
    rounds: Annotated[int, typer.Option(help="how many rounds")] = 0,
) -> None:
    quick = os.environ.get("QUICK") == "1"
    plan = QUICK if quick else Plan()
    plan = replace(plan, append_seconds=seconds or plan.append_seconds, rounds=rounds or plan.rounds)
    outcomes: list[Outcome] = []
    with (
        tempfile.TemporaryDirectory(prefix="shufa-bench-", dir="/var/tmp") as folder,
        embedded_servers(Path(folder, "home"), services=()) as servers,
    ):
        log_to(servers.home.log("benchmarks"))
        state = read_state(servers.home)
        assert state is not None
        meter = Meter(state.processes["postgres"].pid, state.processes["nats"].pid)
        stage = Stage(servers, plan, meter, random.Random())
        for name, run in FAMILIES.items():
            if only in ("", name):
                outcomes += uvloop.run(run(stage))
    console.print(table(outcomes))
    console.print(costs(outcomes))


def log_to(path: Path) -> None:
    """Log as a service does, a line for each reaction; into a file, as the supervisor has it."""
    configure("benchmarks", "INFO")
    [handler] = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(path.open("a"))


if __name__ == "__main__":
    typer.run(main)
