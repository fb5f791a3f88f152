"""The job that an operator starts to make read models anew: not there unless asked for, and then closed like others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest

from tests.deploy.helm.rendering import KUBECTL, REBUILD, SIZES, Resource, of_kind, pods, rendered, said
from tests.deploy.helm.test_chart import VERSIONS
from tests.deploy.helm.test_network import ports
from tests.deploy.helm.test_pods import LIBRARIES, container, is_restricted


def job(size: str, *arguments: str, line: str = "4") -> Resource:
    """What is rendered when an operator asks for it: one job and nothing else."""
    [only] = rendered(size, *REBUILD, *arguments, line=line)
    assert only["kind"] == "Job"
    return only


@pytest.mark.parametrize("size", SIZES)
def test_it_is_part_of_no_release(size: str) -> None:
    assert of_kind(rendered(size), "Job").keys() == {"migrate", "provision"}
    done = said(size, "--show-only", "templates/operate.yaml")
    assert done.code != 0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", SIZES)
def test_it_is_what_kubernetes_takes_and_no_two_have_one_name(size: str, version: str) -> None:
    one = job(size, "--kube-version", version)
    kubernetes_validate.validate(one, version, strict=True)
    assert one["metadata"]["generateName"] == "shufa-rebuild-rectification-"
    assert "name" not in one["metadata"]
    assert one["metadata"]["namespace"] == "shufa"


def test_both_lines_of_helm_render_the_same() -> None:
    assert job("district", line="3") == job("district", line="4")


def test_kubectl_would_create_it(tmp_path: Path) -> None:
    """As far as that can be said without a cluster: it is read, and it is one thing."""
    file = tmp_path / "job.yaml"
    file.write_text(said("district", *REBUILD).out)
    done = subprocess.run(
        [KUBECTL, "label", "--local", "--dry-run=client", "-o", "jsonpath={.kind}", "-f", file, "a=b"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "KUBECONFIG": "/dev/null"},
    )
    assert (done.returncode, done.stdout) == (0, "Job"), done.stderr


@pytest.mark.parametrize("size", SIZES)
def test_it_is_restricted_and_knows_one_owner_and_nothing_else(size: str) -> None:
    pod = job(size)["spec"]["template"]
    is_restricted("rebuild", pod)
    one = container(pod)
    assert one["args"] == ["deploy.operate", "rebuild"]
    owner, service = "SHUFA_OWNER_DATABASE_URL_RECTIFICATION", "SHUFA_SERVICE"
    told = {variable["name"]: variable for variable in one["env"]}
    assert told.keys() - LIBRARIES == {owner, service}
    assert told[service]["value"] == "rectification"
    assert told[owner]["valueFrom"]["secretKeyRef"] == {
        "name": "shufa-owner",
        "key": "owner-database-url-rectification",
    }
    migrate = container(pods(rendered(size))["Job shufa-migrate"])
    assert {name: told[name] for name in told if name in LIBRARIES} == {
        variable["name"]: variable for variable in migrate["env"] if variable["name"] in LIBRARIES
    }
    assert one["volumeMounts"] == migrate["volumeMounts"]


def test_its_account_and_its_policy_are_there_before_it() -> None:
    pod = job("district")["spec"]["template"]
    released = rendered("district")
    assert pod["spec"]["serviceAccountName"] == "shufa-rectification"
    account = of_kind(released, "ServiceAccount")["rectification"]
    policy = of_kind(released, "NetworkPolicy")["rebuild"]
    for one in (account, policy):
        assert "helm.sh/hook" not in one["metadata"].get("annotations", {}), "hooks are gone by then"
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert [ports(rule) for rule in policy["spec"]["egress"]] == [{53}, {5432}]
    assert "ingress" not in policy["spec"]


def test_one_view_can_be_named_and_the_owner_s_secret_too() -> None:
    values = "operate.rebuild.view=case_register,migration.existingSecret=owners"
    one = container(job("district", "--set", values)["spec"]["template"])
    assert one["args"] == ["deploy.operate", "rebuild", "case_register"]
    assert {one["valueFrom"]["secretKeyRef"]["name"] for one in one["env"] if "valueFrom" in one} == {
        "owners"
    }


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ("operate.rebuild.service=revue", "service"),
        ("operate.rebuild.service=,operate.rebuild.view=items", "service"),
        ("operate.rebuild.view=Case-Register", "view"),
        ("operate.rebuild.views=items", "views"),
        ("operate.rebuild.service=portal,portal.enabled=false", "portal does not run in this release"),
    ],
)
def test_what_there_is_not_is_refused_by_name(values: str, named: str) -> None:
    done = said("district", *REBUILD, "--set", values)
    assert done.code != 0
    assert named in done.err


def test_the_module_is_one_that_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", *container(job("district")["spec"]["template"])["args"], "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
