"""A town for the tests of plans and drafts, whose rounds nobody else calls; and forms as a browser sends them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

from deploy.local.cluster import Cluster
from deploy.local.waiting import until
from tests.portal.town import UNITS, Town, working_days_after

PLANNED = "shanghai.jinshan.jihua"
YEAR = 2022
NEXT_YEAR = 2023
ROUNDS = 30
WAITING = 60.0
CHAIR = {"by": "示例·书记", "title": "党委书记", "reason": "测试"}
PEOPLE = (
    ("ceshi-law", "示例·测试司法所", "law_office", "sifasuo"),
    ("ceshi-party", "示例·测试党政办", "party_office", "dangzhengban"),
    ("ceshi-supervision", "示例·测试督查", "supervision_office", "duchashi"),
    ("ceshi-liaison-a", "示例·测试联络员甲", "liaison", "danweijia"),
    ("ceshi-reporter-a", "示例·子", "reporter", "danweijia"),
    ("ceshi-liaison-b", "示例·测试联络员乙", "liaison", "danweiyi"),
)


@dataclass
class Planned:
    """The town, and the rounds of it that tests take one after the other."""

    town: Town
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def page(self, *steps: str) -> str:
        """A page of the town."""
        return "/".join(("/t", PLANNED, *steps))

    def called(self, unit: str = "danweijia") -> str:
        """A new session with one reporter; the id of the draft that is expected of them now."""
        number = next(self.numbers)
        session = f"{YEAR}-{number}"
        self.town.do(
            "ceshi-law",
            "scheduling",
            f"session/{session}/draft-roster",
            plan_year=YEAR,
            number=number,
            provisional=False,
            reporters=[{"unit": unit, "post": "head"}],
        )
        held_on = working_days_after(self.town.today(), 40)
        self.town.do(
            "ceshi-law",
            "scheduling",
            f"session/{session}/schedule-session",
            held_on=held_on,
            decision=CHAIR,
        )
        until(
            lambda: self.town.get("ceshi-law", "review", "drafts", session=session)["items"],
            within=WAITING,
            what="The draft was not asked for",
        )
        return f"{session}-{unit}"

    def draft(self, id: str) -> dict[str, Any]:
        """The draft's row."""
        return self.town.get("ceshi-law", "review", f"drafts/draft-{id}")


def open_planned(cluster: Cluster) -> Planned:
    """Register the town with its units, who works in it, one reporter a session and a plan of many rounds."""
    town = Town(cluster, PLANNED)
    on = town.today().isoformat()
    town.do(
        "admin",
        "scheduling",
        "tenant/self/register-tenant",
        name="示例计划镇",
        tier="town",
        official_order=901,
        reporting_body="party_committee",
    )
    for order, (unit, name, category, offices, posts) in enumerate(UNITS, start=1):
        town.do(
            "admin",
            "scheduling",
            f"unit/{unit}/register-unit",
            name=name,
            category=category,
            official_order=order,
            houses_offices=offices,
            posts=posts
            or ([{"post": "head", "title": "所长", "person": "示例·寅"}] if unit == "sifasuo" else []),
        )
    for person, name, role, unit in PEOPLE:
        town.do(
            "admin",
            "scheduling",
            f"access/{person}/grant-role",
            person=person,
            name=name,
            role=role,
            unit=unit,
            reason="测试",
        )
    law = "ceshi-law"
    until(lambda: _may(town, law), within=WAITING, what="The roles of the town were not heard of everywhere")
    town.do(law, "scheduling", "policy/self/adopt-policy", values={"reporters_per_session": 1}, holds_from=on)
    days = [working_days_after(town.today(), 41 + n) for n in range(ROUNDS)]
    town.do(
        law,
        "scheduling",
        f"plan/{YEAR}/adopt-plan",
        rounds=[{"number": n, "planned_on": day} for n, day in enumerate(days, start=1)],
    )
    return Planned(town)


def _may(town: Town, law: str) -> bool:
    try:
        town.get(law, "review", "drafts")
        town.get("ceshi-liaison-b", "review", "drafts")
    except AssertionError:
        return False
    return True


_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def form_of(page: httpx.Response, form: str) -> tuple[str, dict[str, str]]:
    """Where a form of a page is sent, and what it says before anybody types."""
    found = re.search(
        rf'<form method="post" action="([^"]+)" id="{re.escape(form)}".*?</form>', page.text, re.DOTALL
    )
    assert found is not None, f"{page.url} has no form {form}: {page.text[:3000]}"
    return unescape(found[1]), {unescape(name): unescape(value) for name, value in _HIDDEN.findall(found[0])}
