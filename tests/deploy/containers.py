"""A service's container as ``python3 -m deploy.operate`` finds it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.cluster import Cluster
from deploy.local.home import PROJECT
from tests.deploy.setting_back import start
from tests.deploy.test_image import MODULES

NOT_IN_A_CONTAINER = {"SHUFA_LISTEN_FD", "SHUFA_HOME", "HOME", "USER", "LOGNAME", "PYTHONPATH"}


@dataclass(frozen=True)
class Container:
    """What runs there: the environment of the service itself, and Python without what the image leaves out."""

    cluster: Cluster
    image: Path

    @property
    def service(self) -> dict[str, str]:
        told = psutil.Process(self.cluster.processes()["scheduling"].pid).environ()
        return {name: value for name, value in told.items() if name not in NOT_IN_A_CONTAINER}

    def run(
        self, *arguments: str, told: dict[str, str] | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """A command in it, given that on standard input. No password is ever printed."""
        environment = self.service if told is None else told
        done = subprocess.run(
            [sys.executable, "-m", "deploy.operate", *arguments],
            env={**environment, "PYTHONPATH": str(self.image), "NO_COLOR": "1"},
            cwd=PROJECT,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        secrets = self.cluster.servers.credentials
        hidden = {*secrets.database.values(), *secrets.accounts.values(), secrets.postgres, secrets.nats}
        assert not [one for one in hidden if one in done.stdout + done.stderr]
        return done


@contextmanager
def running_container(home: Path, image: Path) -> Iterator[Container]:
    """That of scheduling, in a home of its own; ``image`` is an empty folder."""
    blocked = "\n".join(f"sys.modules[{name!r}] = None" for name in MODULES.values())
    (image / "sitecustomize.py").write_text(f"import sys\n{blocked}\n")
    cluster = start(home)
    yield Container(cluster, image)
    cluster.stop()
