"""The pages for operators: every command in them is one that there is, those that change nothing are run, every link
leads somewhere, and the list of metrics is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.operate.__main__ import app as in_a_container
from shared.testing import metrics_page
from tests.observability.conftest import Watched
from tests.observability.prometheus import OBSERVABILITY, RULES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "operations").rglob("*.md"))
CODE = re.compile(r"`(shufa [^`]+)`")
IN_A_CONTAINER = re.compile(r"(?<=[ `])deploy\.operate ([^`\n|<]+)")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
METRIC = re.compile(r"\bshufa_[a-z_]+")

NOT_RUN = {
    "shufa up": "it is up",
    "shufa down": "others use it",
    "shufa parked retry": "nothing is parked",
    "shufa parked drop": "nothing is parked",
    "shufa ledger fork --accept": "nothing was lost",
    "shufa ledger rekey": "others check with the key of now",
    "shufa subscribers add": "an example's name",
    "shufa subscribers remove": "an example's name",
}
"""Commands that are only read, and why; the tests of deploy/ run each of them where it has something to do."""


def commands() -> list[str]:
    """Every command of every page, once."""
    found = {" ".join(command.split()) for page in PAGES for command in CODE.findall(page.read_text("utf-8"))}
    return sorted(found - {"shufa --help"})


def words(command: str) -> list[str]:
    return shlex.split(command)[1:]


def is_run(command: str) -> bool:
    accepts = "--accept" in command
    return not any(
        command.startswith(one.removesuffix(" --accept")) and ("--accept" not in one or accepts)
        for one in NOT_RUN
    )


def commands_in_a_container() -> list[str]:
    """Every command of every page that is given in a service's container, once."""
    return sorted({command for page in PAGES for command in IN_A_CONTAINER.findall(page.read_text("utf-8"))})


@pytest.mark.parametrize("command", commands())
def test_a_command_can_be_given_as_it_stands(command: str) -> None:
    can_be_given(typer.main.get_command(app), words(command))


@pytest.mark.parametrize("command", commands_in_a_container())
def test_a_command_can_be_given_in_a_container_as_it_stands(command: str) -> None:
    can_be_given(typer.main.get_command(in_a_container), shlex.split(command))


def test_what_a_page_says_of_a_service_it_says_of_its_container_too() -> None:
    """But for what a page refers to another page for."""
    for page in (DOCS / "operations/alerts").glob("*.md"):
        text = page.read_text("utf-8")
        named = {
            " ".join(words(one)[:2]) for one in CODE.findall(text) if words(one)[0] in ("parked", "ledger")
        }
        assert {one for one in named if f"deploy.operate {one}" not in text} == set(), page.name


def can_be_given(found: Any, left: list[str]) -> None:
    """Raises what a person would be told."""
    command = " ".join(left)
    while hasattr(found, "commands"):
        assert left, f"{command} is no whole command"
        assert left[0] in found.commands, f"there is no {command}"
        found, left = found.commands[left[0]], left[1:]
    found.make_context(found.name or "", list(left))


@pytest.mark.parametrize("command", [one for one in commands() if is_run(one)])
def test_a_command_that_changes_nothing_is_carried_out(command: str, watched: Watched) -> None:
    arguments = words(command)
    if arguments[0] != "permissions":
        arguments += ["--home", str(watched.cluster.home.root)]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_link_leads_to_a_page(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).resolve().exists()] == []


def test_the_list_of_metrics_is_that_of_the_code() -> None:
    assert metrics_page.PAGE.read_text("utf-8") == metrics_page.page(), "run: make rules"


def test_rules_dashboards_and_pages_ask_for_metrics_that_there_are() -> None:
    known: set[str] = set()
    for metric in metrics_page.declared():
        [family] = metric.describe()
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum", "")}
        known |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    texts = [RULES, *(OBSERVABILITY / "dashboards").glob("*.json"), *PAGES]
    asked = {name for text in texts for name in METRIC.findall(text.read_text("utf-8"))}
    assert {name for name in asked if name not in known and not name.endswith("_")} == set()
    assert len(known & asked) > 30
