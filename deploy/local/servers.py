"""PostgreSQL and NATS of one home, started together, and the addresses under which they are reached."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from deploy.local import account, postgres
from deploy.local.accounts import USER
from deploy.local.credentials import SERVICES, Credentials, DatabaseRole, ensure_credentials
from deploy.local.home import Home
from deploy.local.nats import Nats
from deploy.local.postgres import SUPERUSER, Postgres, Psql
from deploy.local.processes import Child, Running, end_leftovers, spawn, started, stop
from deploy.local.state import Process, Settings, State, read_state, write_state
from deploy.local.waiting import Pause

_STOPS = {"postgres": Signals.SIGINT}


@dataclass(frozen=True)
class Servers:
    """The two servers as their users see them: ports and the addresses made of them."""

    home: Home
    postgres_port: int
    nats_port: int
    credentials: Credentials = field(repr=False)

    @property
    def admin_url(self) -> str:
        """The database ``postgres`` as superuser: for tests that make databases; no service gets it."""
        return self._url(SUPERUSER, self.credentials.postgres, "postgres")

    def database_url(self, service: str, role: DatabaseRole = "app", database: str | None = None) -> str:
        """A service's database in one of its three roles, for SQLAlchemy with asyncpg."""
        user = f"{service}_{role}"
        return self._url(user, self.credentials.database[user], database or service)

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql+asyncpg://{user}:{password}@127.0.0.1:{self.postgres_port}/{database}"

    @property
    def nats_url(self) -> str:
        return f"nats://{USER}:{self.credentials.nats}@127.0.0.1:{self.nats_port}"

    @property
    def psql(self) -> Psql:
        return Psql(self.postgres_port, self.credentials.postgres)

    def create_database(self, service: str, database: str) -> None:
        """One more database with the roles and grants of a service: for tests that want an empty one."""
        self.psql.ensure_database(service, self.credentials, database)


def start_servers(
    home: Home,
    credentials: Credentials,
    *,
    begin: Callable[[Child], Running] = spawn,
    pause: Pause = time.sleep,
    services: tuple[str, ...] = SERVICES,
) -> Servers:
    """Start both and make the services' databases. ``begin`` starts a process and keeps it to be stopped: whatever
    fails here, the caller stops what was begun."""
    cluster = Postgres.of(home, credentials)
    with cluster.being_made(pause):
        _, nats_port = Nats.of(home, credentials.nats).start(begin=begin, pause=pause)
    _, postgres_port = cluster.start(begin=begin, pause=pause)
    servers = Servers(home, postgres_port, nats_port, credentials)
    servers.psql.run("close_to_public")
    for service in services:
        servers.psql.ensure_database(service, credentials)
    return servers


def clear_leftovers(home: Home) -> None:
    """End what a crashed run of this home left behind. Call it under the lock."""
    state = read_state(home)
    if state is not None:
        end_leftovers(state.processes, _STOPS)
        home.state.unlink()


def forget_run(home: Home, *, purge: bool = False) -> None:
    """After everything has stopped: remove what belongs to the run alone, or with ``purge`` the data too."""
    postgres.remove_copy(account.recorded_place(home))
    home.state.unlink(missing_ok=True)
    if purge:
        account.remove_elsewhere(home)
        home.purge()


@contextmanager
def embedded_servers(
    home: Path | Home, *, services: tuple[str, ...] = SERVICES, keep: bool = False
) -> Iterator[Servers]:
    """PostgreSQL and NATS alone, for the length of the block, in this process: what a test run shares.

    The services' databases and roles are there, without tables. Enter it in the main thread (see processes.spawn).
    A home that was new is removed at the end with its data, wherever that had to be kept, unless ``keep``; a home
    that was there before stays.
    """
    home = home if isinstance(home, Home) else Home.at(home)
    with home.locked(), ExitStack() as stack:
        clear_leftovers(home)
        stack.callback(forget_run, home, purge=not (keep or home.secrets.exists()))
        state = State("embedded", Process(os.getpid(), started(os.getpid())), Settings())

        def begin(child: Child) -> Running:
            nonlocal state
            running = spawn(child)
            stack.callback(stop, [running])
            state = state.with_process(child.name, running.record())
            write_state(home, state)
            return running

        yield start_servers(home, ensure_credentials(home), begin=begin, services=services)
