"""The chart renders without a warning into what Kubernetes takes, and refuses values that it does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic import ValidationError

from tests.deploy.helm.custom import CUSTOM, read
from tests.deploy.helm.rendering import (
    CHART,
    HELMS,
    ROOT,
    SERVICES,
    SIZES,
    Resource,
    files,
    helm,
    of_kind,
    rendered,
    said,
)

VERSIONS = ("1.30.0", "1.34.0", "1.37.0")
"""The oldest that the chart takes, one between, the newest whose types we have."""
KINDS = {
    *("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "PersistentVolumeClaim"),
    *("NetworkPolicy", "Job", "Pod", "Ingress", "HorizontalPodAutoscaler", "ConfigMap"),
}
OBSERVED = ROOT / "deploy/observability"


@pytest.mark.parametrize("line", HELMS)
@pytest.mark.parametrize("size", SIZES)
def test_helm_has_nothing_to_complain_about(size: str, line: str) -> None:
    done = helm("lint", "--strict", str(CHART), *files(size), line=line)
    assert done.code == 0, done.out
    assert "[WARNING]" not in done.out
    assert "[ERROR]" not in done.out


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", SIZES)
def test_what_is_rendered_is_what_kubernetes_takes(size: str, version: str) -> None:
    resources = rendered(size, "--kube-version", version)
    for one in resources:
        if one["kind"] in CUSTOM:
            read(one)
        else:
            assert one["kind"] in KINDS
            kubernetes_validate.validate(one, version, strict=True)
    assert len({(one["kind"], one["metadata"]["name"]) for one in resources}) == len(resources)
    assert {one["metadata"]["namespace"] for one in resources} == {"shufa"}


@pytest.mark.parametrize("size", SIZES)
def test_both_lines_of_helm_render_the_same(size: str) -> None:
    assert rendered(size, line="3") == rendered(size, line="4")


def test_a_kubernetes_too_old_for_what_is_rendered_is_refused() -> None:
    done = said("district", "--kube-version", "1.29.0")
    assert done.code != 0
    assert "1.29" in done.err


def test_every_kind_is_rendered_by_some_example() -> None:
    everything = [one for size in SIZES for one in rendered(size)]
    expected = KINDS | CUSTOM.keys()
    if not list(OBSERVED.glob("rules/*.yml")):
        expected -= {"PrometheusRule"}
    if not list(OBSERVED.glob("dashboards/*.json")):
        expected -= {"ConfigMap"}
    assert {one["kind"] for one in everything} == expected


@pytest.mark.parametrize("size", SIZES)
def test_every_service_has_all_that_a_service_has(size: str) -> None:
    resources = rendered(size)
    for kind in ("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        assert of_kind(resources, kind).keys() >= set(SERVICES), kind


TYPOS: list[tuple[str, str]] = [
    ("defaults.replica=3", "replica"),
    ("services.review.loglevel=DEBUG", "loglevel"),
    ("services.reviews.replicas=3", "reviews"),
    ("networkPolicy.postgres.port=pg", "port"),
    ("issuer.url=http://issuer.example.cn", "url"),
    ("defaults.autoscaling.kind=vpa", "kind"),
    ("defaults.resources.limits.memroy=1Gi", "memroy"),
    ("portal.host=", "host"),
    ("httpRoute.enabled=true", "parentRefs"),
    ("image.digest=latest", "digest"),
    ("shard.root=Shanghai", "root"),
    ("nats.streamReplicas=2", "streamReplicas"),
]


@pytest.mark.parametrize(("value", "named"), TYPOS)
def test_a_value_that_is_not_known_is_refused_by_name(value: str, named: str) -> None:
    done = said("district", "--set", value)
    assert done.code != 0
    assert named in done.err


def _open_objects(schema: Any, path: str = "#") -> list[str]:
    """Where a schema lets words through that it does not name; a map of strings names its values' type."""
    if isinstance(schema, list):
        return [one for item in schema for one in _open_objects(item, path)]
    if not isinstance(schema, dict):
        return []
    found = [one for key, value in schema.items() for one in _open_objects(value, f"{path}/{key}")]
    if schema.get("type") == "object" and schema.get("additionalProperties") not in (
        False,
        {"type": "string"},
    ):
        found.append(path)
    return found


def test_the_schema_is_closed_everywhere_and_names_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert _open_objects(schema) == []
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert schema["properties"].keys() == values.keys()
    assert schema["definitions"]["service"]["properties"].keys() == values["defaults"].keys()
    assert schema["properties"]["services"]["properties"].keys() == set(SERVICES)


def test_without_values_the_chart_says_what_is_missing() -> None:
    done = helm("template", "shufa", str(CHART))
    assert done.code != 0
    for named in ("issuer", "host"):
        assert named in done.err


@pytest.mark.parametrize("folder", ["rules", "dashboards"])
def test_the_chart_has_the_rules_and_dashboards_as_they_are(folder: str) -> None:
    def held(place: Path) -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in place.iterdir() if one.suffix in (".yml", ".json")}

    assert held(CHART / "files" / folder) == held(OBSERVED / folder), "make chart-files"


def test_a_rule_and_a_dashboard_get_into_the_cluster_whole(tmp_path: Path) -> None:
    chart = tmp_path / "shufa"
    for source in CHART.rglob("*"):
        if source.is_file():
            to = chart / source.relative_to(CHART)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(source.read_bytes())
    rule = {"alert": "Stuck", "expr": "x > 1", "for": "5m", "annotations": {"text": "{{ $labels.job }} is"}}
    rules = {"groups": [{"name": "shufa", "rules": [rule]}]}
    board = {"title": "述法", "panels": [{"legend": "{{job}}"}]}
    (chart / "files/rules").mkdir(parents=True, exist_ok=True)
    (chart / "files/dashboards").mkdir(parents=True, exist_ok=True)
    (chart / "files/rules/only_this.yml").write_text(f"# why\n{yaml.safe_dump(rules)}")
    (chart / "files/dashboards/only_this.json").write_text(json.dumps(board, ensure_ascii=False))
    done = helm("template", "shufa", str(chart), "-n", "shufa", *files("city"))
    assert (done.code, done.err) == (0, "")
    resources: list[Resource] = [one for one in yaml.safe_load_all(done.out) if one]
    read(of_kind(resources, "PrometheusRule")["only-this"])
    assert of_kind(resources, "PrometheusRule")["only-this"]["spec"] == rules
    kept = of_kind(resources, "ConfigMap")["dashboard-only-this"]
    assert json.loads(kept["data"]["only_this.json"]) == board
    assert kept["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_a_word_that_a_custom_resource_does_not_have_is_noticed() -> None:
    monitor = of_kind(rendered("city"), "ServiceMonitor")["services"]
    with pytest.raises(ValidationError, match="intervall"):
        read({**monitor, "spec": {**monitor["spec"], "intervall": "30s"}})
