"""Helm as the tests run it: the real programs of .venv/helm, and what they render."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy/helm/shufa"
HELMS = {"3": ROOT / ".venv/helm/v32/helm", "4": ROOT / ".venv/helm/v37/helm"}
"""Both lines of Helm that people use."""
KUBECTL = ROOT / ".venv/helm/v37/kubectl"

SIZES: dict[str, tuple[str, ...]] = {
    "district": ("district",),
    "city": ("city",),
    "one-node": ("one-node",),
    "country-shard": ("city", "country-shard"),
}
"""Each whole example of values/, as the files that are laid over each other."""
SERVICES = ("evaluation", "portal", "rectification", "review", "scheduling")
RELEASE = NAMESPACE = "shufa"
REBUILD = ("--set", "operate.rebuild.service=rectification", "--show-only", "templates/operate.yaml")
"""How an operator asks for the job that makes read models anew, as docs/operations/backup.md says."""

Resource = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a program said."""

    code: int
    out: str
    err: str


def helm(*arguments: str, line: str = "4") -> Said:
    """Run Helm. Without a cluster: nothing that is asked of it here needs one."""
    program = HELMS[line]
    assert program.exists(), "Helm is not unpacked: make .venv/helm/installed"
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "KUBECONFIG": "/dev/null"},
    )
    return Said(done.returncode, done.stdout, done.stderr)


def files(size: str) -> list[str]:
    """The values of an example as arguments."""
    return [argument for name in SIZES[size] for argument in ("-f", str(CHART / f"values/{name}.yaml"))]


@cache
def said(size: str, *arguments: str, line: str = "4") -> Said:
    """`helm template` of the chart with an example's values and further arguments."""
    return helm("template", RELEASE, str(CHART), "-n", NAMESPACE, *files(size), *arguments, line=line)


@cache
def rendered(size: str, *arguments: str, line: str = "4") -> list[Resource]:
    """Every resource, hooks and tests too, to be read only. Nothing may have been warned of."""
    done = said(size, *arguments, line=line)
    assert (done.code, done.err) == (0, "")
    return [one for one in yaml.load_all(done.out, Loader=yaml.CSafeLoader) if one]


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """Those of a kind, by component where each has its own, otherwise by name."""
    return {
        str(one["metadata"]["name"]).removeprefix(f"{RELEASE}-"): one
        for one in resources
        if one["kind"] == kind
    }


def pods(resources: list[Resource]) -> dict[str, Resource]:
    """Everything that becomes a pod: name → its metadata, spec."""
    found = {}
    for one in resources:
        if one["kind"] in ("Deployment", "Job"):
            found[f"{one['kind']} {one['metadata']['name']}"] = one["spec"]["template"]
        if one["kind"] == "Pod":
            found[f"Pod {one['metadata']['name']}"] = one
    return found
