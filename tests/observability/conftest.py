"""The real system with the first round of the example played in it, watched by Prometheus, its traces collected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pytest

from deploy.local.cluster import Cluster
from deploy.local.credentials import SERVICES
from deploy.local.demo.command import ready_scenario
from deploy.local.demo.day import Day
from deploy.local.demo.play import Player
from deploy.local.demo.scenario import Scenario
from deploy.local.demo.talk import Talk
from deploy.local.home import Home
from tests.observability.collector import Collector, collecting
from tests.observability.prometheus import Prometheus, rendered, watching

FIRST_ROUND = 78
"""Steps of the example: a session is held, its minutes are sent, cases fall due, are fed back and receipted."""
PATIENCE_OF_ALERTS = 0.02
"""The rules' ``for``, times this: a minute is 1.2 seconds."""


@dataclass(frozen=True)
class Watched:
    """The system and who watches it. ``talk`` asks it in a user's name."""

    cluster: Cluster
    talk: Talk
    scenario: Scenario
    prometheus: Prometheus
    collector: Collector


@pytest.fixture(scope="package")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Started once, and gone before other tests need the memory; at rest after the first round, with some cases late,
    some fed back, and one verified."""
    place = tmp_path_factory.mktemp("watched")
    scenario = ready_scenario()
    with collecting() as collector, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHUFA_OTLP_URL", collector.url)
        cluster = Cluster.start(
            Home.at(place / "home"),
            clock="simulated",
            today=scenario.first_day,
            users=scenario.users_file,
            attached=True,
        )
        talk = Talk(cluster)
        try:
            targets = {service: cluster.state.processes[service].address or "" for service in SERVICES}
            with watching(place / "watchers", targets, rendered(PATIENCE_OF_ALERTS)) as prometheus:
                player = Player(scenario, talk, Day(talk, scenario.index.operator))
                for _ in islice(player.play(), FIRST_ROUND):
                    pass
                player.day.settle()
                yield Watched(cluster, talk, scenario, prometheus, collector)
        finally:
            talk.close()
            cluster.stop(purge=True)
