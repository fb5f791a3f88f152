"""``shufa demo``: starts a system of its own, plays the scenario, shows what came of it, and cleans up."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.local.cluster import Cluster, stop_home
from deploy.local.demo import tell
from deploy.local.demo.day import Day
from deploy.local.demo.fitting import require_fitting
from deploy.local.demo.gather import fingerprint, gather
from deploy.local.demo.loading import ScenarioError, load
from deploy.local.demo.people import tell_where_to_go_on
from deploy.local.demo.play import Played, Player
from deploy.local.demo.scenario import Scenario, Step
from deploy.local.demo.talk import Talk
from deploy.local.demo.tree import open_whole_tree
from deploy.local.home import PROJECT, Home, LocalError

EXAMPLE = PROJECT / "examples" / "jinshan" / "scenario.yaml"

BeforeStep = Callable[[Cluster, int, Step], None]


def demo(
    home: Path | None = None,
    json_file: Path | None = None,
    keep: bool = False,
    *,
    replace: bool = False,
    users: Path | None = None,
    console: Console | None = None,
    before_step: BeforeStep = lambda cluster, number, step: None,
) -> dict[str, Any]:
    """Play the scenario against a fresh system, open the rest of the tree, and return the report.

    Without ``home`` the system lives in a temporary folder that is removed at the end; ``keep`` leaves it up.
    ``replace``: what an earlier demo left in ``home`` is stopped and removed first.
    ``users`` may have a token, where others than the scenario's may.
    Raises LocalError: a wrong scenario before anything is started, StepFailed at the first step that does not hold.
    """
    console = console or Console(highlight=False)
    began = time.monotonic()
    scenario = ready_scenario()
    if replace and home is not None and Home.at(home).was_used:
        stop_home(Home.at(home), purge=True)
    where = _fresh(home)
    console.rule(
        f"{scenario.index.title} — played from {scenario.first_day} to {scenario.index.until}", align="left"
    )
    with _running(
        where, users or scenario.users_file, scenario, console, keep=keep, purge=home is None
    ) as cluster:
        talk = Talk(cluster)
        try:
            played = _play(cluster, talk, scenario, console, before_step)
            report = gather(cluster, talk, scenario, played)
            _show(console, report, scenario)
        finally:
            talk.close()
        if json_file is not None:
            json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
            console.print(f"Written to {json_file}")
        _require_whole(report)
    console.print(
        f"{len(played)} steps held in {time.monotonic() - began:.1f} s. Content {fingerprint(report)[:16]}"
    )
    if keep:
        tell_where_to_go_on(console, cluster, users or scenario.users_file)
    return report


def ready_scenario() -> Scenario:
    """The example's two rounds, read strictly and held against the services."""
    try:
        scenario = load(EXAMPLE)
        require_fitting(scenario)
    except ScenarioError as error:
        raise LocalError(f"the scenario cannot be played.\n{error}") from error
    return scenario


def _fresh(home: Path | None) -> Home:
    if home is None:
        return Home(Path(tempfile.mkdtemp(prefix="shufa-demo-")) / "home")
    where = Home.at(home)
    if where.root.exists() and any(where.root.iterdir()):
        raise LocalError(f"{where.root} is in use or not empty; the demo begins with an empty ledger.")
    return where


@contextmanager
def _running(
    where: Home, users: Path, scenario: Scenario, console: Console, *, keep: bool, purge: bool
) -> Iterator[Cluster]:
    """The system for the length of the block. If all went well it stays up where that was asked, and is removed
    where it was only for this; if not it is stopped and its logs stay."""
    with console.status("starting") as spinner:
        cluster = Cluster.start(
            where,
            clock="simulated",
            today=scenario.first_day,
            users=users,
            attached=not keep,
            doing=lambda what: spinner.update(what),
        )
    held = False
    try:
        yield cluster
        held = True
    finally:
        if not (keep and held):
            cluster.stop(purge=purge and held)
        if not held:
            console.print(
                f"Stopped; data and logs stay in {where.root} (shufa down --purge --home {where.root})."
            )
        elif purge and not keep:
            where.root.parent.rmdir()


def _play(
    cluster: Cluster, talk: Talk, scenario: Scenario, console: Console, before_step: BeforeStep
) -> list[Played]:
    day = Day(talk, scenario.index.operator)
    player = Player(scenario, talk, day, lambda number, step: before_step(cluster, number, step))
    for played in player.play():
        tell.step(console, played, scenario)
        if played.step.register_shown:
            tenant = played.step.tenant
            tell.register(console, tenant, _register(talk, scenario, tenant), played.step.on)
    with console.status(f"opening the tenants of {scenario.tree_file.name}"):
        opened = open_whole_tree(cluster, scenario)
        day.settle()
    console.print(
        f"{scenario.tree_file.name}: {opened.in_words}; what the story has is kept", highlight=False
    )
    return player.played


def _register(talk: Talk, scenario: Scenario, tenant: str) -> list[dict[str, Any]]:
    reader = scenario.played(tenant).readers["rectification"]
    return list(talk.pages(reader, "rectification", f"/tenants/{tenant}/case-register"))


def _show(console: Console, report: dict[str, Any], scenario: Scenario) -> None:
    for story in scenario.index.stories:
        tell.the_case(console, report, story.tenant, story.case)
    for tenant, left in report["tenants"].items():
        tell.register(console, tenant, left["views"]["rectification"]["case_register"], scenario.index.until)
        tell.bulletins(console, left["views"]["rectification"]["bulletins"])
        tell.sheets(console, tenant, left["evaluation_sheets"])
        tell.outcomes(console, tenant, left["views"]["evaluation"]["outcomes"])
    tell.coverage(console, report["coverage"])
    tell.events(console, report)
    tell.ledgers(console, report)


def _require_whole(report: dict[str, Any]) -> None:
    broken = [one["ledger"] for one in report["verification"] if one["problem"] or not one["sealed"]]
    broken += [service for service, problems in report["roots"].items() if problems]
    if broken:
        raise LocalError(f"the ledgers do not hold: {', '.join(broken)}.")
