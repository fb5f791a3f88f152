"""A real Prometheus and a real Alertmanager from Debian's packages, on loopback, for the length of a block."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from deploy.local.processes import Child, Running, spawn, start_server, stop
from shared.testing.debian import binary, environment, packages

OBSERVABILITY = Path(__file__).parents[2] / "deploy" / "observability"
RULES = OBSERVABILITY / "rules" / "shufa.yml"
SCRAPE_SECONDS = 2
"""Longer than a service waits for a part that does not answer: it is to tell of it."""
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def folder() -> Path:
    """Where the packages lie; fetched by the first who asks."""
    return packages("prometheus", "prometheus-alertmanager")


def program(name: str) -> str:
    """One of the packages' programs."""
    return str(binary(folder(), f"usr/bin/{name}"))


def alerts() -> dict[str, dict[str, Any]]:
    """Every alerting rule by its name."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def rendered(factor: float) -> str:
    """The rules as they are, but patient for only a part of the time: every ``for`` times the factor. What is asked,
    its thresholds and its ranges stay."""
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = f"{max(1, round(_seconds(rule['for']) * factor * 1000))}ms"
    return yaml.safe_dump(rules, allow_unicode=True)


def _seconds(duration: str) -> float:
    found = re.fullmatch(r"(\d+)([smh])", duration)
    assert found is not None, duration
    return int(found[1]) * _UNITS[found[2]]


@dataclass(frozen=True)
class Prometheus:
    """Where the two answer."""

    url: str
    alertmanager_url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query's result: a list of ``{metric, value}``. Raises where Prometheus refuses it."""
        answer = httpx.get(
            f"{self.url}/api/v1/query", params={"query": expression}, timeout=10, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"]["result"])

    def firing(self) -> list[dict[str, str]]:
        """The labels of what Alertmanager holds as active."""
        answer = httpx.get(
            f"{self.alertmanager_url}/api/v2/alerts", params={"active": "true"}, timeout=10, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        return [one["labels"] for one in answer.json()]


@contextmanager
def watching(place: Path, targets: Mapping[str, str], rules: str) -> Iterator[Prometheus]:
    """Both, watching targets (job → ``host:port``) by these rules."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "rules.yml").write_text(rules, "utf-8")
    (place / "alertmanager.yml").write_text(_ALERTMANAGER, "utf-8")
    begun: list[Running] = []

    def begin(child: Child) -> Running:
        begun.append(spawn(child))
        return begun[-1]

    def alertmanager(port: int) -> Child:
        return _child(
            place,
            str(_movable_alertmanager(place)),
            f"--config.file={place}/alertmanager.yml",
            f"--storage.path={place}/notified",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        )

    def prometheus(port: int) -> Child:
        return _child(
            place,
            program("prometheus"),
            f"--config.file={place}/prometheus.yml",
            f"--storage.tsdb.path={place}/prometheus",
            "--rules.alert.resend-delay=1s",  # what was said before the other was found is said again
            f"--web.listen-address=127.0.0.1:{port}",
        )

    try:
        _, alertmanager_port = start_server(
            "Alertmanager", alertmanager, _ready, begin=begin, pause=time.sleep
        )
        configuration = _configuration(targets, f"127.0.0.1:{alertmanager_port}")
        (place / "prometheus.yml").write_text(configuration, "utf-8")
        _, port = start_server("Prometheus", prometheus, _ready, begin=begin, pause=time.sleep)
        yield Prometheus(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{alertmanager_port}")
    finally:
        stop(begun)


def _child(place: Path, program: str, *arguments: str) -> Child:
    name = Path(program).name
    # What Alertmanager looks for beside itself it finds from the packages' folder.
    return Child(name, (program, *arguments), place / f"{name}.log", env=environment(folder()), cwd=folder())


def _movable_alertmanager(place: Path) -> Path:
    """A copy of Debian's Alertmanager that looks for its templates from where it is started: the package has the
    place on the system compiled in, and nothing is installed there."""
    compiled, movable = b"/usr/share/prometheus/alertmanager", b"usr//share/prometheus/alertmanager"
    copy = place / "alertmanager"
    if not copy.exists():
        copy.write_bytes(Path(program("prometheus-alertmanager")).read_bytes().replace(compiled, movable))
        copy.chmod(0o700)
    return copy


def _ready(running: Running, port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/-/ready", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _configuration(targets: Mapping[str, str], alertmanager: str) -> str:
    return yaml.safe_dump(
        {
            "global": {
                "scrape_interval": f"{SCRAPE_SECONDS}s",
                "scrape_timeout": f"{SCRAPE_SECONDS}s",
                "evaluation_interval": "500ms",
            },
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [address]}]}
                for job, address in targets.items()
            ],
        }
    )


_ALERTMANAGER = """\
route: {receiver: nobody, group_wait: 0s, group_interval: 1s}
receivers: [{name: nobody}]
"""
