"""A consumer is stopped and servers frozen on the real system: Alertmanager holds the alert, and lets it go again."""

from __future__ import annotations

import json

import pytest

from deploy.local.credentials import SERVICES
from deploy.local.supervisor import ask
from deploy.local.waiting import until
from tests.observability.conftest import Watched
from tests.observability.prometheus import alerts
from tests.standing_still import frozen

UNIT = {
    "name": "示例局",
    "category": "government",
    "official_order": 990,
    "posts": [{"post": "head", "title": "局长", "person": "示例·观"}],
    "valid_from": "2021-03-01",
}
WITHIN = 30.0
"""Seconds to the end of the test if an alert does not come: they take two to five."""


def holds(watched: Watched, name: str, **labels: str) -> None:
    """Wait until Alertmanager has such an alert."""

    def firing() -> bool:
        wanted = {"alertname": name, **labels}.items()
        return any(wanted <= one.items() for one in watched.prometheus.firing())

    until(firing, within=WITHIN, what=f"{name} did not fire")


def ends(watched: Watched, *names: str) -> None:
    """Wait until Alertmanager has none of these any more."""

    def quiet() -> bool:
        return not any(one["alertname"] in names for one in watched.prometheus.firing())

    until(quiet, within=WITHIN, what=f"{' and '.join(names)} did not end")


def test_nothing_fires_while_all_is_well(watched: Watched) -> None:
    def scraped() -> bool:
        return len(watched.prometheus.query("up == 1")) == len(SERVICES)

    until(scraped, within=WITHIN, what="the services were not scraped")
    ends(watched, *alerts())


def test_a_stopped_consumer_is_seen_by_who_still_runs(watched: Watched) -> None:
    with frozen(watched.cluster, "evaluation"):
        said = watched.talk.post(
            "admin",
            "scheduling",
            "/tenants/shanghai.jinshan/unit/xinjieju/register-unit",
            UNIT,
            key="observability",
        )
        assert said.ok, said.body
        holds(watched, "ShufaServiceDown", job="evaluation")
        holds(watched, "ShufaConsumerLagging", source="scheduling", hearer="evaluation")
        assert not any(one.get("hearer") == "review" for one in watched.prometheus.firing())
    ends(watched, "ShufaServiceDown", "ShufaConsumerLagging")


@pytest.mark.parametrize(("server", "part"), [("nats", "broker"), ("postgres", "database")])
def test_a_frozen_server_is_told_by_every_service(watched: Watched, server: str, part: str) -> None:
    with frozen(watched.cluster, server):
        for service in "scheduling", "rectification":
            holds(watched, "ShufaPartDoesNotAnswer", job=service, part=part)
            status, body = ask(watched.cluster.processes()[service].address or "", "/readyz")
            assert (status, json.loads(body)[part]) == (503, False), (
                "a supervisor's probe hears which part it is"
            )
    ends(watched, "ShufaPartDoesNotAnswer")
