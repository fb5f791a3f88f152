"""``make smoke``: builds the image and runs every service in it, closed as docker-compose.yml closes it.

PostgreSQL and NATS are those of the wheels, on this machine's loopback; the base image is made of Debian's packages
where none is named by SMOKE_BASE. Where there is no podman, or it cannot run a container, it says so and ends with 0:
nothing is then known of the image.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.compose.secrets import SERVICES, write
from deploy.local.home import Home
from deploy.local.servers import Servers, embedded_servers

ROOT = Path(__file__).parents[2]
IMAGE = "localhost/shufa:smoke"
BASE = "localhost/shufa-smoke-base"
_SUITE, _PACKAGES = "bookworm", "python3,python3-venv,python3-pip,tzdata,ca-certificates"
_FIRST_PORT = 18000
_READY_WITHIN = 90.0


class Unknown(Exception):
    """It cannot be tried here; says why."""


def podman(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run podman. Raises CalledProcessError with what it said, unless told not to."""
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    if check and done.returncode != 0:
        print(done.stdout[-2_000:], done.stderr[-4_000:], sep="\n", file=sys.stderr)
        done.check_returncode()
    return done


def base() -> str:
    """An image with Python and pip: the one named, the one made before, or one made now."""
    if named := os.environ.get("SMOKE_BASE"):
        return named
    if podman("image", "exists", BASE, check=False).returncode == 0:
        return BASE
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        raise Unknown("there is no base image: name one by SMOKE_BASE, or have root and debootstrap")
    print(f"making {BASE} of Debian's packages …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        tree, archive = Path(folder, "tree"), Path(folder, "base.tar")
        # Debian's tools ask that their folder may be entered by everybody.
        Path(folder).chmod(0o755)
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, tree],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        subprocess.run(["tar", "-C", tree, "-cf", archive, "."], check=True)
        podman("import", "--quiet", str(archive), BASE)
    return BASE


def build(of: str, folder: Path) -> None:
    """Build the image out of files that are fetched here, as this machine fetches them: the build asks no index."""
    wheels, configuration = folder / "wheels", folder / "pip.conf"
    download = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    lock = ["--require-hashes", "--only-binary", ":all:", "-r", "requirements-image.lock"]
    subprocess.run([*download, *lock, "--dest", wheels], check=True, cwd=ROOT, stderr=subprocess.DEVNULL)
    configuration.write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    print("building the image …", flush=True)
    podman(
        *("build", "--quiet", "--format", "docker", "--isolation", "chroot", "--network", "host"),
        *("--volume", f"{wheels}:/wheels:ro", "--volume", f"{configuration}:/etc/pip.conf:ro"),
        *("--build-arg", f"BASE={of}", "--tag", IMAGE, "."),
    )


def way_to_run() -> tuple[list[str], list[str]]:
    """What podman must be told here before and after `run`: other limits or another runtime where its own fail."""
    limits = []
    for name, limit in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = min(resource.getrlimit(limit)[1], 4096)
        limits += ["--ulimit", f"{name}={hard}:{hard}"]
    said = ""
    for before in ([], ["--runtime", "runc"]):
        tried = podman(
            *before, "run", "--rm", *limits, "--network", "host", "--entrypoint", "true", IMAGE, check=False
        )
        if tried.returncode == 0:
            return before, limits
        said = tried.stderr.strip().splitlines()[-1]
    raise Unknown(f"the image is built, but podman cannot run a container here: {said}")


def closed(service: Mapping[str, Any]) -> list[str]:
    """What docker-compose.yml says of a container, as podman's arguments."""
    arguments = ["--user", service["user"], *(["--read-only"] if service["read_only"] else [])]
    arguments += [f"--cap-drop={one}" for one in service["cap_drop"]]
    arguments += [f"--security-opt={one.removesuffix(':true')}" for one in service["security_opt"]]
    arguments += [f"--tmpfs={one}" for one in service["tmpfs"]]
    return [*arguments, f"--pids-limit={service['pids_limit']}"]


def answers(port: int) -> bool:
    """Is the service at that port ready?"""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return True
    except OSError:
        return False


class Smoke:
    """The containers of one try."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers = servers
        self.folder = folder
        text = (ROOT / "docker-compose.yml").read_text()
        self.compose = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))["services"]
        self.before, self.limits = way_to_run()

    def run(self, name: str, environment: Mapping[str, str], *more: str) -> str:
        """Run a container as Compose would, with these settings; answers what podman said."""
        service = self.compose[name]
        told = [f"--env={variable}={value}" for variable, value in environment.items()]
        done = podman(
            *(*self.before, "run", "--network", "host", *self.limits, *closed(service), *told, *more),
            *(IMAGE, *service["command"]),
        )
        return done.stdout

    def steps(self) -> None:
        """Migrate the databases, make the stream."""
        owners = {
            f"SHUFA_OWNER_DATABASE_URL_{one.upper()}": self.servers.database_url(one, "owner")
            for one in present()
        }
        self.run("migrate", owners, "--rm")
        self.run("provision", {"SHUFA_NATS_URL": self.servers.nats_url}, "--rm")

    @contextmanager
    def service(self, name: str, port: int) -> Iterator[str]:
        """A service's container while it runs; afterwards it must have left in order when it was told to go."""
        lines = (self.folder / ".compose" / name / "service.env").read_text().splitlines()
        environment = {line.split("=")[0]: line.split("=", 1)[1].strip("'") for line in lines} | {
            "SHUFA_DATABASE_URL": self.servers.database_url(name, "app"),
            "SHUFA_RELAY_DATABASE_URL": self.servers.database_url(name, "relay"),
            "SHUFA_NATS_URL": self.servers.nats_url,
            "SHUFA_HOST": "127.0.0.1",
            "SHUFA_PORT": str(port),
        }
        key = self.folder / ".compose" / name / "seal-key.pem"
        container = self.run(
            *(name, environment, "--detach", f"--volume={key}:/run/secrets/seal-key.pem:ro"),
            "--volume=/var/lib/shufa/roots",
        ).strip()
        try:
            yield container
            podman("stop", "--time", "45", container)
            code = podman("inspect", "--format", "{{.State.ExitCode}}", container).stdout.strip()
            said = podman("logs", container).stdout
            if code != "0" or '"event": "stopped"' not in said:
                raise AssertionError(f"{name} ended with {code}:\n{said[-2_000:]}")
        finally:
            podman("rm", "--force", "--volumes", container, check=False)


def present() -> Sequence[str]:
    """The services that are in the project."""
    return [one for one in SERVICES if (ROOT / "services" / one / "main.py").exists()]


def play(smoke: Smoke) -> None:
    """Run the services, all at once, until each is ready; ask them as `helm test` does; do in each what an operator
    does there; let them go."""
    smoke.steps()
    with ExitStack() as running:
        ports = {name: port for port, name in enumerate(present(), _FIRST_PORT)}
        containers = [running.enter_context(smoke.service(name, port)) for name, port in ports.items()]
        deadline = time.monotonic() + _READY_WITHIN
        while waiting := [name for name, port in ports.items() if not answers(port)]:
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready within {_READY_WITHIN:.0f} s: {', '.join(waiting)}")
            time.sleep(0.2)
        probe = ("deploy.image.probe", *(f"http://127.0.0.1:{port}/readyz" for port in ports.values()))
        told = podman(*smoke.before, "run", "--rm", "--network", "host", *smoke.limits, IMAGE, *probe)
        print(told.stdout, end="")
        for command in ("parked", "list"), ("ledger", "seal"), ("ledger", "verify"):
            for container in containers:
                podman(*smoke.before, "exec", container, "python3", "-m", "deploy.operate", *command)
            print(f"deploy.operate {' '.join(command)}: done in each")


def main() -> int:
    """Try it; 0 where it works or cannot be tried, which is said."""
    try:
        if shutil.which("podman") is None:
            raise Unknown("there is no podman")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            build(base(), folder)
            told = dict.fromkeys(
                ("issuer", "jwks_url", "token_url", "public_url"), "https://issuer.example.cn"
            )
            write(folder / ".compose", told)
            with embedded_servers(Home(folder / "home")) as servers:
                play(Smoke(servers, folder))
    except Unknown as why:
        print(f"smoke: NOT TRIED: {why}.")
        return 0
    print(
        f"smoke: {len(present())} services ran in the image, read-only and without capabilities, and left in order."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
