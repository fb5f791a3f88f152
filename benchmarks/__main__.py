"""``python -m benchmarks``: runs everything, prints the table, writes results.json and results.svg beside this file."""

from __future__ import annotations

import os
import platform
import random
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from benchmarks import append, apply, chart, isolation, ledgers, memory, relay, travel
from benchmarks.harness import KEYS, Meter, Outcome, missed, write_results
from benchmarks.stage import QUICK, Plan, Stage, log_to
from benchmarks.table import costs, table
from deploy.local.servers import embedded_servers
from deploy.local.state import read_state
from shared.runtime.collector import collect_seldom

FAMILIES: dict[str, Callable[[Stage], Coroutine[Any, Any, list[Outcome]]]] = {
    "append": append.run,
    "ledgers": ledgers.run,
    "relay": relay.run,
    "apply": apply.run,
    "travel": travel.run,
    "isolation": isolation.run,
    "memory": memory.run,
}
FOLDER = Path(__file__).parent
DISK = "/var/tmp"
"""By custom on a disk: where /tmp is memory, nothing would be synced."""

console = Console(width=max(Console().width, 125))


def main(
    only: Annotated[str, typer.Option(help="One key or one family of keys; no results are written.")] = "",
    seconds: Annotated[float | None, typer.Option(help="Of each side of append, in each round.")] = None,
    rounds: Annotated[int | None, typer.Option(help="How many rounds.")] = None,
) -> None:
    """Measure; exit with 1 where a limit is missed. QUICK=1: under a minute, too noisy to fail."""
    plan = QUICK if os.environ.get("QUICK") == "1" else Plan()
    plan = replace(plan, append_seconds=seconds or plan.append_seconds, rounds=rounds or plan.rounds)
    families = [key.family for key in KEYS if only in ("", key.family, key.name)]
    if not families:
        raise typer.BadParameter(f"there is no key or family {only!r}")
    began = time.monotonic()
    outcomes = measure(plan, [name for name in FAMILIES if name in families])
    console.print(table(outcomes))
    if (spent := costs(outcomes)).row_count:
        console.print(spent)
    note = conditions(plan)
    console.print(f"{note}; {time.monotonic() - began:.0f} s.")
    if not only:
        write_results(outcomes, FOLDER / "results.json")
        chart.draw(outcomes, FOLDER / "results.svg", note)
    for sentence in (short := missed(outcomes)):
        console.print(f"Missed: {sentence}", style="red")
    if short and not plan.quick:
        raise typer.Exit(1)


def measure(plan: Plan, families: list[str]) -> list[Outcome]:
    """Run these families on servers of their own, which end with it."""
    outcomes: list[Outcome] = []
    with (
        tempfile.TemporaryDirectory(prefix="shufa-bench-", dir=DISK) as folder,
        embedded_servers(Path(folder, "home"), services=()) as servers,
    ):
        log_to(servers.home.log("benchmarks"))
        collect_seldom()
        state = read_state(servers.home)
        assert state is not None
        meter = Meter(state.processes["postgres"].pid, state.processes["nats"].pid)
        stage = Stage(servers, plan, meter, random.Random())
        for name in families:
            began = time.monotonic()
            with console.status(f"{name} …"):
                outcomes += uvloop.run(FAMILIES[name](stage))
            console.print(f"{name}: {time.monotonic() - began:.0f} s")
    return outcomes


def conditions(plan: Plan) -> str:
    """Where and when these figures were found."""
    load = os.getloadavg()[0]
    what = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}, {time.strftime('%Y-%m-%d')}"
    if plan.quick:
        what += (
            f"; QUICK=1: fewer and shorter rounds, too noisy for a verdict, and the memory is that of "
            f"{plan.memory_events:,} events, not of a million"
        )
    return what


if __name__ == "__main__":
    typer.run(main)
