"""The alerts: each fires when it must and keeps quiet when it must not, and each has a page that says what to do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.observability.prometheus import OBSERVABILITY, RULES, alerts, program, rendered

TESTS = sorted((OBSERVABILITY / "tests").glob("*.yml"))
PROJECT = OBSERVABILITY.parents[1]
PAGES = PROJECT / "docs" / "operations" / "alerts"
SECTIONS = ["## What it means", "## What to look at", "## What to do"]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_alerts_of_a_group_fire_and_keep_quiet(file: Path) -> None:
    ran = promtool("test", "rules", file)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tested_both_ways() -> None:
    tested: dict[str, set[bool]] = {name: set() for name in alerts()}
    for file in TESTS:
        for test in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            for one in test["alert_rule_test"]:
                tested[one["alertname"]].add(bool(one["exp_alerts"]))
    assert {name for name, ways in tested.items() if ways != {True, False}} == set()


def test_the_tests_notice_a_rule_that_is_left_out(tmp_path: Path) -> None:
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    for group in rules["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] != "ShufaServiceDown"]
    (tmp_path / "rules").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "rules/shufa.yml").write_text(yaml.safe_dump(rules), "utf-8")
    (tmp_path / "tests/up.yml").write_text((OBSERVABILITY / "tests/up.yml").read_text("utf-8"), "utf-8")
    assert promtool("test", "rules", tmp_path / "tests/up.yml").returncode != 0


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_what_is_the_matter_and_where_to_read_on(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/operations/alerts/{name}.md"
    page = (PROJECT / rule["annotations"]["runbook_url"]).read_text("utf-8")
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## .+$", page, re.MULTILINE) == SECTIONS


def test_no_page_is_of_an_alert_that_there_is_not() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(alerts())


def test_rules_that_are_less_patient_are_the_same_rules() -> None:
    real, quick = yaml.safe_load(RULES.read_text("utf-8")), yaml.safe_load(rendered(0.01))
    for group, faster in zip(real["groups"], quick["groups"], strict=True):
        for rule, one in zip(group["rules"], faster["rules"], strict=True):
            assert {**rule, "for": None} == {**one, "for": None}
    [down] = [one for one in quick["groups"][0]["rules"] if one["alert"] == "ShufaServiceDown"]
    assert down["for"] == "600ms"
