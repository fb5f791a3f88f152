"""Network policies: what may speak to whom, and that an empty list opens nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.helm.rendering import SERVICES, SIZES, Resource, of_kind, pods, rendered

COMPONENT = "app.kubernetes.io/component"


def policies(size: str, *arguments: str) -> dict[str, Resource]:
    return of_kind(rendered(size, *arguments), "NetworkPolicy")


def ports(rule: Resource) -> set[Any]:
    return {one["port"] for one in rule["ports"]}


def components(rule: Resource, side: str) -> set[str]:
    """The components of this release that a rule names."""
    found: set[str] = set()
    for peer in rule[side]:
        selector = peer.get("podSelector", {})
        found |= {selector["matchLabels"][COMPONENT]} if "matchLabels" in selector else set()
        for one in selector.get("matchExpressions", []):
            found |= set(one["values"]) if one["key"] == COMPONENT else set()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_every_pod_is_closed_both_ways(size: str) -> None:
    chosen: set[str] = set()
    for one in policies(size).values():
        assert set(one["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        selector = one["spec"]["podSelector"]
        chosen |= {selector["matchLabels"][COMPONENT]} if "matchLabels" in selector else set()
        for expression in selector.get("matchExpressions", []):
            chosen |= set(expression["values"]) if expression["key"] == COMPONENT else set()
    # What an operator starts is closed before it is there (test_operate.py).
    assert chosen - {"rebuild"} == {
        pod["metadata"]["labels"][COMPONENT] for pod in pods(rendered(size)).values()
    }


@pytest.mark.parametrize("size", SIZES)
def test_every_rule_names_peers_and_ports(size: str) -> None:
    for one in policies(size).values():
        for side, peers in (("ingress", "from"), ("egress", "to")):
            for rule in one["spec"].get(side, []):
                assert rule[peers], "a rule without peers lets everything through"
                assert rule["ports"]
                assert all(rule[peers]), "a peer without a selector is everybody"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_names_database_broker_and_issuer_and_nothing_else(service: str) -> None:
    out = policies("district")[service]["spec"]["egress"]
    expected = [{53}, {5432}, {4222}, {443}]
    assert [ports(rule) for rule in out] == expected + ([{"http"}] if service == "portal" else [])
    reached = set().union(*(components(rule, "to") for rule in out))
    assert reached == (set(SERVICES) - {"portal"} if service == "portal" else set())


def test_only_the_portal_sends_mail() -> None:
    for service, one in policies("city").items():
        mails = any(587 in ports(rule) for rule in one["spec"]["egress"])
        assert mails == (service == "portal")


def test_requests_come_from_the_portal_and_metrics_are_another_rule() -> None:
    for service in set(SERVICES) - {"portal"}:
        requests, metrics = policies("city")[service]["spec"]["ingress"]
        assert components(requests, "from") == {"test", "portal"}
        assert len(requests["from"]) == 2
        watching = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
        assert metrics["from"] == [{"namespaceSelector": watching}]
    requests, _ = policies("city")["portal"]["spec"]["ingress"]
    assert components(requests, "from") == {"test"}
    gateway = {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}
    assert {"namespaceSelector": gateway} in requests["from"]


def test_a_peer_that_nobody_named_is_reached_by_nobody() -> None:
    out = policies("district", "--set-json", "networkPolicy.postgres.to=[]")
    for service in (*SERVICES, "setup"):
        assert not [rule for rule in out[service]["spec"]["egress"] if 5432 in ports(rule)]
    assert not policies("district", "--set-json", "networkPolicy.portal.from=[]")["portal"]["spec"][
        "ingress"
    ][1:]


def test_what_prepares_a_release_reaches_database_and_broker_alone() -> None:
    setup = policies("district")["setup"]["spec"]
    assert [ports(rule) for rule in setup["egress"]] == [{53}, {5432}, {4222}]
    assert "ingress" not in setup


def test_whoever_has_another_way_may_switch_the_policies_off() -> None:
    assert not policies("district", "--set", "networkPolicy.enabled=false")


def test_a_gateway_shows_nobody_what_is_measured() -> None:
    rules = of_kind(rendered("city"), "HTTPRoute")["portal"]["spec"]["rules"]
    by_path = {
        (match["path"]["type"], match["path"]["value"]): rule for rule in rules for match in rule["matches"]
    }
    assert "backendRefs" not in by_path["Exact", "/metrics"]
    assert by_path["PathPrefix", "/"]["backendRefs"][0]["name"] == "shufa-portal"
