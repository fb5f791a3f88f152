"""Pods: closed to the node and to Kubernetes, told all that a service must be told, asked the right questions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.messaging.topology import LISTENS_TO
from shared.runtime.settings import Settings
from tests.deploy.helm.rendering import ROOT, SERVICES, SIZES, Resource, of_kind, pods, rendered

LIBRARIES = {"PGSSLMODE", "PGSSLROOTCERT", "SSL_CERT_FILE"}
"""What asyncpg and OpenSSL read by themselves: how certificates are checked."""
PORTAL = {
    *("SHUFA_PUBLIC_URL", "SHUFA_SIGNIN_KEY", "SHUFA_SMTP_URL"),
    *(f"SHUFA_{service.upper()}_URL" for service in SERVICES if service != "portal"),
}
"""What the portal is told besides what every service is told."""
SECRETS = {
    "database-url": "postgresql+asyncpg://review_app:secret@db.example.cn:5432/review",
    "relay-database-url": "postgresql+asyncpg://review_relay:secret@db.example.cn:5432/review",
    "nats-url": "tls://shufa:secret@nats.example.cn:4222",
    "client-id": "review",
    "client-secret": "secret",
    "signin-key": "c2VjcmV0",
    "smtp-url": "smtps://mail.example.cn",
}


def container(pod: Resource) -> Resource:
    (only,) = pod["spec"]["containers"]
    found: Resource = only
    return found


def environment(pod: Resource) -> dict[str, str]:
    """What the process would find in its environment, with the secrets above."""
    found = {}
    for one in container(pod)["env"]:
        assert one["name"] not in found, "said twice"
        if "valueFrom" in one:
            found[one["name"]] = SECRETS[one["valueFrom"]["secretKeyRef"]["key"]]
        else:
            found[one["name"]] = one["value"]
    return found


def deployments(size: str, *arguments: str) -> dict[str, Resource]:
    return {
        name: one["spec"]["template"]
        for name, one in of_kind(rendered(size, *arguments), "Deployment").items()
    }


@pytest.mark.parametrize("size", SIZES)
def test_every_pod_is_restricted(size: str) -> None:
    found = pods(rendered(size))
    assert len(found) == len(SERVICES) + 3
    for name, pod in found.items():
        is_restricted(name, pod)


def is_restricted(name: str, pod: Resource) -> None:
    """Kubernetes' Pod Security Standard "restricted", and no token for its API."""
    spec, one = pod["spec"], container(pod)
    assert spec["automountServiceAccountToken"] is False, name
    assert spec["securityContext"]["runAsNonRoot"] is True, name
    assert spec["securityContext"]["runAsUser"] >= 10_000, name
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }, name
    assert one["resources"]["limits"]["memory"], name
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys(), name
    assert all(volume.keys() - {"name"} <= _VOLUMES for volume in spec.get("volumes", [])), name


_VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("size", SIZES)
def test_a_service_is_told_what_its_settings_ask_for_and_nothing_else(
    size: str, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = environment(deployments(size)[service])
    key = tmp_path / "key.pem"
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(pem)
    for name, value in told.items():
        monkeypatch.setenv(name, str(key) if name == "SHUFA_SEAL_KEY" else value)
    settings = Settings()
    assert (settings.service, settings.mode, settings.clock) == (service, "production", "system")
    assert settings.host == "0.0.0.0"
    assert settings.algorithms == ("EdDSA", "ES256", "RS256")
    assert settings.client_id is not None
    known = {f"SHUFA_{name.upper()}" for name in Settings.model_fields} | LIBRARIES
    more = PORTAL if service == "portal" else set()
    if service == "portal" and size in ("district", "one-node"):
        more = more - {"SHUFA_SMTP_URL"}
    assert told.keys() - known == more


@pytest.mark.parametrize("size", SIZES)
def test_no_secret_is_written_out_and_each_comes_from_the_services_own(size: str) -> None:
    for service, pod in deployments(size).items():
        for one in container(pod)["env"]:
            if "valueFrom" in one:
                assert one["valueFrom"]["secretKeyRef"]["name"].endswith(f"-{service}")
        fields = {f"SHUFA_{name.upper()}": one for name, one in Settings.model_fields.items()}
        for one in container(pod)["env"]:
            hidden = "SecretStr" in str(fields[one["name"]].annotation) if one["name"] in fields else False
            assert not (hidden and "value" in one), one["name"]


@pytest.mark.parametrize("service", SERVICES)
def test_key_and_roots_are_where_the_service_is_told(service: str) -> None:
    pod = deployments("district")[service]
    told = environment(pod)
    mounts = {one["mountPath"]: one for one in container(pod)["volumeMounts"]}
    volumes = {one["name"]: one for one in pod["spec"]["volumes"]}
    folder, _, name = told["SHUFA_SEAL_KEY"].rpartition("/")
    assert mounts[folder]["readOnly"] is True
    secret = volumes[mounts[folder]["name"]]["secret"]
    assert [item["path"] for item in secret["items"]] == [name]
    roots = mounts[told["SHUFA_ROOTS"]]
    assert not roots.get("readOnly")
    claim = volumes[roots["name"]]["persistentVolumeClaim"]["claimName"]
    claims = of_kind(rendered("district"), "PersistentVolumeClaim")
    kept = claims[claim.removeprefix("shufa-")]
    assert kept["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    trusted, _, _ = told["SSL_CERT_FILE"].rpartition("/")
    assert "configMap" in volumes[mounts[trusted]["name"]]


def test_without_a_bundle_the_images_own_authorities_vouch_for_the_database() -> None:
    told = environment(deployments("one-node")["review"])
    assert told["PGSSLMODE"] == "verify-full"
    assert told["PGSSLROOTCERT"] == "/etc/ssl/certs/ca-certificates.crt"
    assert "SSL_CERT_FILE" not in told


def test_traces_are_made_where_somebody_takes_them() -> None:
    assert "SHUFA_OTLP_URL" not in environment(deployments("district")["review"])
    told = environment(deployments("district", "--set", "tracing.otlpUrl=http://traces:4318")["review"])
    assert told["SHUFA_OTLP_URL"] == "http://traces:4318"


@pytest.mark.parametrize("service", SERVICES)
def test_the_three_probes_ask_three_things(service: str) -> None:
    one = container(deployments("district")[service])
    asked = {name: one[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/livez", "readiness": "/readyz", "liveness": "/livez"}
    start, live = one["startupProbe"], one["livenessProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 60, "a slow node may take a minute"
    # The process ends itself when its loop stood still for half a minute, and says so; the probe is the second to see.
    assert live["periodSeconds"] * live["failureThreshold"] > 30
    assert one["args"] == [f"services.{service}.main"]


def _seconds(pattern: str, path: str) -> float:
    found = re.search(pattern, (ROOT / path).read_text())
    assert found is not None, f"{path} says no {pattern}"
    return float(found[1])


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_has_time_to_finish_before_it_is_killed(service: str) -> None:
    spec = deployments("district")[service]["spec"]
    sleeps: int = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    http = _seconds(r"timeout_graceful_shutdown=([\d.]+)", "shared/runtime/service.py")
    broker = _seconds(r"graceful_timeout=([\d.]+)", "shared/messaging/broker.py")
    assert sleeps >= 5
    assert spec["terminationGracePeriodSeconds"] > sleeps + http + broker + 10


def test_a_rollout_never_has_fewer_than_it_had() -> None:
    for one in of_kind(rendered("district"), "Deployment").values():
        assert one["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("size", SIZES)
def test_a_node_can_always_be_emptied(size: str) -> None:
    for one in of_kind(rendered(size), "PodDisruptionBudget").values():
        assert one["spec"]["maxUnavailable"] >= 1
        assert "minAvailable" not in one["spec"]


def test_who_counts_replicas_is_one_alone() -> None:
    city = rendered("city")
    scaled = of_kind(city, "ScaledObject").keys() | of_kind(city, "HorizontalPodAutoscaler").keys()
    assert scaled == set(SERVICES)
    assert all("replicas" not in one["spec"] for one in of_kind(city, "Deployment").values())
    assert all(one["spec"]["replicas"] == 2 for one in of_kind(rendered("district"), "Deployment").values())


def test_replicas_are_scaled_by_every_ear_that_a_service_has() -> None:
    ears: dict[str, list[Any]] = {}
    for service, one in of_kind(rendered("city"), "ScaledObject").items():
        triggers = one["spec"]["triggers"]
        ears[service] = [
            trigger["metadata"]["consumer"].removeprefix(f"{service}-from-")
            for trigger in triggers
            if trigger["type"] == "nats-jetstream"
        ]
        assert any(
            trigger["type"] == "prometheus" and f'job="{service}"' in trigger["metadata"]["query"]
            for trigger in triggers
        )
    assert {name: tuple(heard) for name, heard in ears.items()} == {
        name: heard for name, heard in LISTENS_TO.items() if name in ears
    }


def test_hooks_run_before_everything_and_need_nothing_of_it() -> None:
    resources = rendered("district")
    hooks = [
        one
        for one in resources
        if "pre-install" in one["metadata"].get("annotations", {}).get("helm.sh/hook", "")
    ]
    weight = {
        (one["kind"], one["metadata"]["name"]): int(one["metadata"]["annotations"]["helm.sh/hook-weight"])
        for one in hooks
    }
    migrate, provision = ("Job", "shufa-migrate"), ("Job", "shufa-provision")
    assert weight[migrate] < weight[provision]
    made = {key for key in weight if weight[key] < weight[migrate]}
    for job in (one for one in hooks if one["kind"] == "Job"):
        spec = job["spec"]["template"]["spec"]
        assert ("ServiceAccount", spec["serviceAccountName"]) in made
        # Secrets and the bundle of authorities are there before the release; what the release makes is not.
        released = {one["metadata"]["name"] for one in resources if one not in hooks}
        used = {one.get("configMap", {}).get("name") for one in spec["volumes"]}
        used |= {
            one["valueFrom"]["secretKeyRef"]["name"]
            for one in spec["containers"][0]["env"]
            if "valueFrom" in one
        }
        assert not used & released
    assert ("NetworkPolicy", "shufa-setup") in made


def test_each_owner_is_known_to_the_migration_alone() -> None:
    found = pods(rendered("district"))
    for name, pod in found.items():
        for one in container(pod).get("env", []):
            key = one.get("valueFrom", {}).get("secretKeyRef", {}).get("key", "")
            assert not key.startswith("owner-") or name == "Job shufa-migrate"
    job = container(found["Job shufa-migrate"])
    assert job["args"] == ["shared.runtime.migrate", *SERVICES]
    owners = {f"SHUFA_OWNER_DATABASE_URL_{service.upper()}" for service in SERVICES}
    assert owners == {one["name"] for one in job["env"]} - LIBRARIES


def test_helm_test_asks_every_service_whether_it_is_ready() -> None:
    args = container(pods(rendered("district"))["Pod shufa-test"])["args"]
    assert args == [
        "deploy.image.probe",
        *(f"http://shufa-{service}.shufa:8000/readyz" for service in SERVICES),
    ]


def test_a_shard_is_told_apart_by_name_by_label_and_in_what_is_measured() -> None:
    resources = rendered("country-shard")
    for one in resources:
        assert one["metadata"]["labels"]["shufa/shard"] == "shanghai"
    (endpoint,) = of_kind(resources, "ServiceMonitor")["services"]["spec"]["endpoints"]
    assert {"action": "replace", "replacement": "shanghai", "targetLabel": "shard"} in endpoint["relabelings"]
    other = rendered("country-shard", "--set", "fullnameOverride=shufa-jiangsu")
    assert not {(one["kind"], one["metadata"]["name"]) for one in resources} & {
        (one["kind"], one["metadata"]["name"]) for one in other
    }
    secrets = {
        one["valueFrom"]["secretKeyRef"]["name"]
        for pod in pods(other).values()
        for one in container(pod).get("env", [])
        if "valueFrom" in one
    }
    assert all(name.startswith("shufa-jiangsu-") for name in secrets)


def test_nobody_is_bound_to_a_replica() -> None:
    for size in SIZES:
        for one in rendered(size):
            assert one["spec"].get("sessionAffinity", "None") == "None" if "spec" in one else True
            annotations = one["metadata"].get("annotations", {})
            assert not [name for name in annotations if re.search("affinity|sticky|session", name)]


def test_without_the_portal_nothing_speaks_of_it() -> None:
    resources = rendered("district", "--set", "portal.enabled=false", "--set", "ingress.enabled=true")
    assert "portal" not in str(resources)
