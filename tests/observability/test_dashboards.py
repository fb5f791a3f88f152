"""The dashboards: what each panel asks is answered by the Prometheus that watches the real system."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.waiting import until
from shared.runtime.figures import EVERY_SECONDS
from tests.observability.conftest import Watched
from tests.observability.prometheus import OBSERVABILITY

DASHBOARDS = sorted((OBSERVABILITY / "dashboards").glob("*.json"))
WITHIN = 90.0
ABOUT_WORK = {
    "shufa_cases_open",
    "shufa_cases_overdue",
    "shufa_cases_unverified",
    "shufa_cases_completed",
    "shufa_coverage_tenants",
    "shufa_coverage_heads_heard",
}


def panels(name: str) -> list[dict[str, Any]]:
    """What is shown, without the rows that group it."""
    dashboard = json.loads((OBSERVABILITY / "dashboards" / f"{name}.json").read_text("utf-8"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[Any]:
    """Every expression of every panel."""
    for file in DASHBOARDS:
        for panel in panels(file.stem):
            for target in panel["targets"]:
                yield pytest.param(target["expr"], id=f"{file.stem}: {panel['title']} {target['refId']}")


_numbers = itertools.count(1)


def something_is_done(watched: Watched, number: int) -> None:
    """A command, by the same key for a number: it is done and heard of once, and answered each time."""
    unit = {
        "name": f"示例站{number}",
        "category": "government",
        "official_order": 991,
        "valid_from": "2021-03-01",
    }
    path = f"/tenants/shanghai.jinshan/unit/shilizhan{number}/register-unit"
    said = watched.talk.post("admin", "scheduling", path, unit, key=f"dashboards-{number}")
    assert said.ok, said.body


@pytest.mark.parametrize("expression", list(expressions()))
def test_an_expression_finds_something(watched: Watched, expression: str) -> None:
    asked, number = expression.replace("$__rate_interval", "5m"), next(_numbers)

    def found() -> bool:
        something_is_done(watched, number)  # a rate is of what happens between two scrapes
        return any(not math.isnan(float(one["value"][1])) for one in watched.prometheus.query(asked))

    until(found, within=WITHIN, what=f"nothing was found by {asked}")


def test_the_office_sees_its_work_as_it_stands(watched: Watched) -> None:
    """The figures are those of the register, by state."""
    cases = watched.talk.pages("law-clerk", "rectification", "/tenants/shanghai.jinshan/case-register")
    states = Counter(case["state"] for case in cases)
    expected = {
        "shufa_cases_open": states["open"] + states["returned"],
        "shufa_cases_unverified": states["awaiting_receipt"] + states["awaiting_verification"],
        "shufa_cases_completed": states["completed"],
    }
    assert sum(expected.values()) == states.total() > 0

    def followed() -> bool:
        found = watched.prometheus.query('{__name__=~"shufa_cases_.*", tier="district"}')
        shown = {one["metric"]["__name__"]: int(one["value"][1]) for one in found}
        return expected.items() <= shown.items()

    until(followed, within=2 * EVERY_SECONDS, what="the figures did not follow")


def test_the_office_sees_the_coverage_that_the_service_tells(watched: Watched) -> None:
    """By tier, in the plan year that the simulated day lies in."""
    told = watched.talk.get(
        "law-clerk", "evaluation", "/tenants/shanghai.jinshan/coverage", {"year": "2021"}
    ).body["tiers"]
    expected = {
        (name, row["tier"]): row[figure]
        for row in told
        for figure, name in (
            ("tenants", "shufa_coverage_tenants"),
            ("covered", "shufa_coverage_tenants_covered"),
            ("heads", "shufa_coverage_heads"),
            ("heard", "shufa_coverage_heads_heard"),
        )
    }
    assert expected["shufa_coverage_heads", "district"] > 5

    def followed() -> bool:
        found = watched.prometheus.query('{__name__=~"shufa_coverage_.*"}')
        shown = {(one["metric"]["__name__"], one["metric"]["tier"]): int(one["value"][1]) for one in found}
        return shown == expected

    until(followed, within=2 * EVERY_SECONDS, what="the figures did not follow")


def test_the_office_reads_chinese() -> None:
    for panel in panels("office"):
        assert re.search(r"[\u4e00-\u9fff]", panel["title"]), panel["title"]


def test_what_an_operator_sees_is_what_there_is() -> None:
    shown = " ".join(
        target["expr"] for file in DASHBOARDS for panel in panels(file.stem) for target in panel["targets"]
    )
    assert {name for name in ABOUT_WORK if name not in shown} == set()
