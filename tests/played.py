"""The demo, played once for the whole run and left up: what it told, and the system it was played on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from rich.console import Console

from deploy.local.cluster import Cluster
from deploy.local.demo.command import demo
from deploy.local.home import PROJECT

EXAMPLE_USERS = PROJECT / "examples" / "jinshan" / "users.yaml"
TRIED = "shanghai.jinshan.ceshi"
"""A town that tests open for themselves, beside those of the story."""
USERS_OF_TESTS = PROJECT / "tests" / "users.yaml"


@dataclass(frozen=True)
class Played:
    """The demo's report, what it printed, and its system, still up."""

    report: dict[str, Any]
    printed: str
    cluster: Cluster

    def of(self, tenant: str) -> dict[str, Any]:
        return dict(self.report["tenants"][tenant])

    def case(self, tenant: str, case: str) -> dict[str, Any]:
        [found] = [one for one in self.of(tenant)["cases"] if one["case"] == case]
        return dict(found)

    def row(self, tenant: str, case: str) -> dict[str, Any]:
        """A case as the register has it."""
        register = self.of(tenant)["views"]["rectification"]["case_register"]
        [found] = [one for one in register if one["stream"] == f"case-{case}"]
        return dict(found)

    def view(self, tenant: str, service: str, view: str) -> list[dict[str, Any]]:
        return list(self.of(tenant)["views"][service][view])


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """One run of ``shufa demo --keep --json``."""
    folder = tmp_path_factory.mktemp("demo")
    terminal = io.StringIO()
    users = folder / "users.yaml"
    users.write_text(EXAMPLE_USERS.read_text("utf-8") + USERS_OF_TESTS.read_text("utf-8"), "utf-8")
    console = Console(file=terminal, width=120)
    demo(folder / "home", folder / "report.json", keep=True, console=console, users=users)
    cluster = Cluster.running(folder / "home")
    try:
        yield Played(json.loads((folder / "report.json").read_text("utf-8")), terminal.getvalue(), cluster)
    finally:
        cluster.stop(purge=True)
