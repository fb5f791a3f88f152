"""A town that tests open for themselves, and the way of a session in it, as far as a test wants it to have gone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from shared.calendar.china import published
from tests.played import TRIED

UNITS: tuple[tuple[str, str, str, list[str], list[dict[str, str]]], ...] = (
    ("dangzhengban", "示例党政办", "section", ["party_office"], []),
    ("sifasuo", "示例司法所", "section", ["law_office"], []),
    ("dangqunban", "示例党群办", "section", ["organization_department"], []),
    ("duchashi", "示例督查室", "section", ["supervision_office"], []),
    ("danweijia", "示例单位甲", "section", [], [{"post": "head", "title": "主任", "person": "示例·子"}]),
    ("danweiyi", "示例单位乙", "leadership", [], [{"post": "head", "title": "副镇长", "person": "示例·丑"}]),
)


@dataclass(frozen=True)
class Town:
    """The town of tests, and somebody's words to a service of it."""

    cluster: Cluster
    tenant: str = TRIED

    def today(self) -> date:
        """The simulated day."""
        with self._talk() as talk:
            answer = talk.get("ceshi-operator", "scheduling", "/clock")
        return date.fromisoformat(answer.body["today"])

    def do(self, user: str, service: str, path: str, **body: Any) -> dict[str, Any]:
        """Give a command; ``path`` is kind/id/command. Raises AssertionError with the answer where it is refused."""
        with self._talk() as talk:
            answer = talk.post(user, service, f"/tenants/{self.tenant}/{path}", body, key=uuid.uuid4().hex)
        assert answer.ok, (path, answer.body)
        return answer.body

    def get(self, user: str, service: str, path: str, **query: str) -> dict[str, Any]:
        """What a service answers of the town."""
        with self._talk() as talk:
            answer = talk.get(user, service, f"/tenants/{self.tenant}/{path}", query)
        assert answer.ok, (path, answer.body)
        return answer.body

    @contextmanager
    def _talk(self) -> Iterator[Talk]:
        talk = Talk(self.cluster)
        try:
            yield talk
        finally:
            talk.close()


def open_town(cluster: Cluster) -> Town:
    """Register the town with its units, its policy and its plan."""
    town = Town(cluster)
    on = (town.today() - timedelta(days=30)).isoformat()
    with town._talk() as talk:
        registered = talk.post(
            "admin",
            "scheduling",
            f"/tenants/{TRIED}/tenant/self/register-tenant",
            {
                "name": "示例测试镇",
                "tier": "town",
                "official_order": 900,
                "reporting_body": "party_committee",
            },
            key=uuid.uuid4().hex,
        )
    assert registered.ok, registered.body
    for order, (unit, name, category, offices, posts) in enumerate(UNITS, start=1):
        town.do(
            "ceshi-admin",
            "scheduling",
            f"unit/{unit}/register-unit",
            name=name,
            category=category,
            official_order=order,
            houses_offices=offices,
            posts=posts,
            valid_from=on,
        )
    return town


def working_days_after(day: date, count: int) -> str:
    """The working day that lies so many after, as a command takes it."""
    return published().working_days_after(day, count).isoformat()
