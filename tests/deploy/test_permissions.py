"""``shufa permissions``: the whole table or one role's, for people and for programs; and the page it is printed to."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.local.home import PROJECT
from deploy.local.permissions import MEANING, PAGE, WIDTH, lines, page
from shared.contracts import PUBLISHERS
from shared.security.permissions import COMMANDS, READS, ROLES

RUNNER = CliRunner()


def said(*arguments: str) -> str:
    done = RUNNER.invoke(app, ["permissions", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_committed_page_is_up_to_date() -> None:
    assert (PROJECT / PAGE).read_text("utf-8") == page(), "run: make rules"


def test_every_role_is_explained() -> None:
    assert set(MEANING) == ROLES


def test_every_line_of_the_table_is_printed_and_every_view_has_one() -> None:
    printed = {(line.service, line.what) for line in lines()}
    assert set(COMMANDS) <= printed
    assert {line for line in READS if line[0] != "*"} <= printed
    for service in PUBLISHERS:
        assert {(service, "ledger"), (service, "texts")} <= printed
    assert ("rectification", "case-register") in printed
    assert len(list(lines())) == len(printed)


def test_the_table_is_grouped_by_service_and_fits_a_page() -> None:
    text = said()
    for heading in ("scheduling: commands", "review: reads", "runtime: operations"):
        assert heading in text
    assert "verify-rectification" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_one_roles_lines_say_how_far_it_reaches() -> None:
    rows = [line.split("  ") for line in said("--role", "auditor").splitlines()]
    words = {next(iter(filter(None, row)), "").strip(): row for row in rows}
    assert "own tenant, subtree" in " ".join(words["ledger"])
    assert "drafts" not in words
    assert "submit-draft" in said("--role", "liaison")
    assert "own unit" in said("--role", "liaison")


def test_programs_get_the_same_as_data() -> None:
    table = json.loads(said("--json"))
    assert len(table) == len(list(lines()))
    [line] = [one for one in table if one["what"] == "grant-role"]
    assert line == {
        "service": "scheduling",
        "kind": "command",
        "what": "grant-role",
        "tenant": ["tenant_admin"],
        "own_unit": [],
        "subtree": ["tenant_admin"],
    }
    assert {one["what"] for one in json.loads(said("--json", "--role", "inspector"))} == {
        "texts",
        "drafts",
        "proceedings",
        "comments",
    }


@pytest.mark.parametrize("role", ["emperor", "law-office"])
def test_an_unknown_role_is_named_with_the_known_ones(role: str) -> None:
    done = RUNNER.invoke(app, ["permissions", "--role", role])
    assert done.exit_code == 1
    assert f"There is no role {role!r}" in done.output
    assert "law_office" in done.output
