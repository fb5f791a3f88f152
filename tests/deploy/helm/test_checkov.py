"""checkov reads what is rendered: everything it asks for holds, but for what is listed here with its reason."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.deploy.helm.rendering import REBUILD, ROOT, SIZES, said

CHECKOV = ROOT / ".venv/checkov/bin/checkov"
NOT_HERE = {
    "CKV_K8S_11": "no limit of CPU: a service that may not use an idle core answers late for nothing",
    "CKV_K8S_35": "a service's settings are read from the environment, in the image as on one machine",
    "CKV_K8S_8": "helm test's pod runs once to its end",
    "CKV_K8S_9": "helm test's pod runs once to its end",
    "CKV_K8S_43": "one-node names a tag; whoever rolls out by digest says it, as the other examples do",
    "CKV_K8S_15": "what a digest names never changes, and a node must start pods while the registry is away",
}
"""Which checks are left out and why. One that nothing fails any more is taken out of the list."""
ONLY_THE_TEST = {"CKV_K8S_8", "CKV_K8S_9"}


def test_checkov_finds_nothing_that_is_not_known(tmp_path: Path) -> None:
    assert CHECKOV.exists(), "checkov is not installed: make .venv/checkov/installed"
    for size in SIZES:
        (tmp_path / f"{size}.yaml").write_text(said(size).out)
    (tmp_path / "rebuild.yaml").write_text(said("district", *REBUILD).out)
    done = subprocess.run(
        [CHECKOV, "--directory", tmp_path, "--framework", "kubernetes", "--output", "json", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["summary"]["parsing_errors"] == 0
    assert told["summary"]["passed"] > 500
    failed = told["results"]["failed_checks"]
    unknown = [(one["check_id"], one["check_name"], one["resource"]) for one in failed]
    assert not [one for one in unknown if one[0] not in NOT_HERE]
    assert not [one for one in unknown if one[0] in ONLY_THE_TEST and not one[2].startswith("Pod.")]
    assert {one[0] for one in unknown} == set(NOT_HERE), "the list names a check that nothing fails"
