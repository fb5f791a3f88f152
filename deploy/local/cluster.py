"""A home from outside: start it, learn its addresses, stop it. What `up`, `down`, the demo and tests use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from signal import Signals

from deploy.local.credentials import Credentials, DatabaseRole, read_credentials
from deploy.local.home import PROJECT, AlreadyUp, Home, LocalError, with_project
from deploy.local.plan import ISSUER
from deploy.local.processes import dies_with, find, open_log, tail
from deploy.local.servers import Servers, clear_leftovers, forget_run
from deploy.local.state import Clock, Process, Settings, State, read_state, read_up
from deploy.local.tokens import mint
from deploy.local.waiting import until
from deploy.operate.parts import Parts

SUPERVISOR = (sys.executable, "-m", "deploy.local.supervisor")
_STOP_WITHIN = 60.0


@dataclass(frozen=True)
class Cluster:
    """A home that is up: its two servers and its programs. Blocking calls only; nothing here needs an event loop."""

    home: Home
    state: State
    servers: Servers = field(repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    """The supervisor, if it was started here: so that `stop` takes its exit status."""

    @classmethod
    def start(
        cls,
        home: Path | Home | None = None,
        *,
        clock: Clock = "system",
        today: date | None = None,
        users: Path | None = None,
        attached: bool = False,
        supervisor: Sequence[str] = SUPERVISOR,
        doing: Callable[[str], None] = lambda _: None,
    ) -> Cluster:
        """Start everything and wait until it is ready; ``doing`` hears what is going on.

        ``attached``: it stops when the thread that called ends, however that happens; otherwise it stays until
        `stop`. Raises AlreadyUp, or LocalError with the tail of the log concerned; then nothing stays running.
        """
        home = home if isinstance(home, Home) else Home.at(home)
        settings = Settings(clock, today, (users or PROJECT / Settings.users).absolute())
        if holder := home.holder():
            raise AlreadyUp(home, holder)
        if not settings.users.is_file():
            raise LocalError(f"There is no users file {settings.users}; name one with --users.")
        home.create()
        told, tell = os.pipe()
        argv = [*supervisor, "--home", str(home.root), "--clock", clock, "--users", str(settings.users)]
        argv += ["--today", today.isoformat()] if today else []
        with open_log(home.log("supervisor")) as log:
            process = subprocess.Popen(
                [*argv, "--report", str(tell)],
                cwd=PROJECT,
                env=with_project(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[tell],
                preexec_fn=dies_with(os.getpid(), Signals.SIGTERM) if attached else None,
            )
        os.close(tell)
        try:
            _follow(home, told, doing)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        return replace(cls.running(home), process=process)

    @classmethod
    def running(cls, home: Path | Home | None = None) -> Cluster:
        """A home that is up already. Raises NotUp."""
        home = home if isinstance(home, Home) else Home.at(home)
        state, credentials = read_up(home), read_credentials(home)
        return cls(home, state, _servers(home, state, credentials))

    @property
    def nats_url(self) -> str:
        return self.servers.nats_url

    @property
    def issuer_url(self) -> str:
        return self.service_url(ISSUER)

    def database_url(self, service: str, role: DatabaseRole = "app") -> str:
        return self.servers.database_url(service, role)

    def parts(self, service: str) -> Parts:
        """A service as an operator reaches it."""
        return Parts(
            service,
            app_url=self.database_url(service, "app"),
            relay_url=self.database_url(service, "relay"),
            nats_url=self.nats_url,
            private_key=self.home.signing_key(service),
            public_key=self.home.public_key(service),
            roots=self.home.roots(service),
            simulated=self.state.settings.clock == "simulated",
        )

    def service_url(self, service: str) -> str:
        """Where a service listens, for the life of this run, through all its restarts."""
        return f"http://{self.state.processes[service].address}"

    def processes(self) -> dict[str, Process]:
        """Every process as it is now: pids and restarts change, addresses do not."""
        return read_up(self.home).processes

    def token(self, user: str) -> str:
        """A bearer token for an example user."""
        return mint(self.home, user)

    def stop(self, *, purge: bool = False) -> None:
        """Stop everything; with ``purge`` remove the data too."""
        stop_home(self.home, purge=purge)
        if self.process is not None:
            self.process.wait()


def stop_home(home: Home, *, purge: bool = False) -> bool:
    """Stop what runs in a home, also what a crash left behind. False if nothing ran.

    With ``purge`` the home is removed as well: its data, secrets and logs.
    """
    holder, state = home.holder(), read_state(home)
    if holder is not None:
        supervisor = find(state.supervisor) if state and state.supervisor.pid == holder else None
        if supervisor is None or (state and state.phase == "embedded"):
            raise LocalError(
                f"{home.root} is used by process {holder}, which is no supervisor; it ends by itself."
            )
        supervisor.terminate()
        until(
            lambda: home.holder() is None,
            within=_STOP_WITHIN,
            what=f"The supervisor (process {holder}) did not stop",
        )
    elif not home.root.exists():
        return False
    with home.locked():
        clear_leftovers(home)
        forget_run(home, purge=purge)
    return state is not None


def _follow(home: Home, told: int, doing: Callable[[str], None]) -> None:
    """Read the supervisor's report until it is up; raise what it says went wrong."""
    with os.fdopen(told, encoding="utf-8") as lines:
        for line in lines:
            match json.loads(line):
                case {"doing": what}:
                    doing(what)
                case {"failed": reason, "tail": said}:
                    raise LocalError(reason, tail=tuple(said))
                case {"up": _}:
                    return
    raise LocalError("The supervisor ended without a word.", tail=tail(home.log("supervisor")))


def _servers(home: Home, state: State, credentials: Credentials) -> Servers:
    return Servers(home, state.port("postgres"), state.port("nats"), credentials)
