"""Child processes: started so that they cannot outlive us, ended with patience, told apart from strangers."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from socket import socket
from typing import BinaryIO

import psutil

from deploy.local.account import Account, as_account
from deploy.local.home import PROJECT, LocalError
from deploy.local.state import Process
from deploy.local.waiting import Pause, free_port, until

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_KEPT_LOG = 10_000_000
_ATTEMPTS = 5


@dataclass(frozen=True)
class Child:
    """A program to run: what, how, and by which signal it is asked to stop (``stop``) and stopped when we die
    without a word (``orphaned``). ``listener`` is a listening socket it inherits, under its number here."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    listener: socket | None = None
    address: str | None = None
    account: Account | None = None
    cwd: Path = PROJECT
    stop: Signals = Signals.SIGTERM
    orphaned: Signals = Signals.SIGKILL
    patience: float = 10.0


@dataclass(frozen=True)
class Running:
    """A child and its process."""

    child: Child
    process: subprocess.Popen[bytes]

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def record(self, restarts: int = 0) -> Process:
        """As it stands in state.json."""
        return Process(self.process.pid, started(self.process.pid), self.child.address, restarts)


def spawn(child: Child) -> Running:
    """Start a child in a session of its own, its output appended to its log.

    On Linux it gets the signal ``orphaned`` when the *thread* that spawned it ends: call this in the main thread.
    """
    with open_log(child.log) as log:
        try:
            process = subprocess.Popen(
                child.argv,
                env=child.env,
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[child.listener.fileno()] if child.listener else [],
                preexec_fn=dies_with(os.getpid(), child.orphaned),
                **as_account(child.account),
            )
        except OSError as error:
            raise LocalError(f"{child.name} cannot be started: {child.argv[0]}: {error.strerror}.") from error
    return Running(child, process)


def dies_with(parent: int, by: Signals) -> Callable[[], None]:
    """What a child does before it becomes its program: ask for a signal when its parent dies.

    It runs after the change of account, which would clear the wish. A parent that died before it could be
    expressed shows by its pid.
    """

    def ask() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return ask


def open_log(path: Path) -> BinaryIO:
    """A log to append to; one that grew beyond 10 MB is put aside first."""
    if path.exists() and path.stat().st_size > _KEPT_LOG:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def tail(log: Path, lines: int = 15) -> tuple[str, ...]:
    """The last lines of a log."""
    try:
        return tuple(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ()


def start_server(
    name: str,
    on_port: Callable[[int], Child],
    answers: Callable[[Running, int], bool],
    *,
    begin: Callable[[Child], Running],
    pause: Pause,
    within: float = 30.0,
) -> tuple[Running, int]:
    """Start a server on a free port and wait until it answers; if it loses the port to somebody, on another."""
    for _ in range(_ATTEMPTS):
        port = free_port()
        child = on_port(port)
        written = child.log.stat().st_size if child.log.exists() else 0
        running = begin(child)
        if _answered(running, port, answers, pause, within):
            return running, port
        with child.log.open("rb") as log:
            log.seek(written)
            said = log.read().decode(errors="replace")
        if "address already in use" not in said.lower():
            raise LocalError(f"{name} did not start.", tail=tail(child.log))
    raise LocalError(f"{name} found no free port in {_ATTEMPTS} attempts.")


def _answered(
    running: Running, port: int, answers: Callable[[Running, int], bool], pause: Pause, within: float
) -> bool:
    """True when the server answers, False when it ended instead."""
    name = running.child.name
    until(
        lambda: running.ended or answers(running, port),
        within=within,
        what=f"{name} did not answer",
        pause=pause,
    )
    return not running.ended


def stop(running: Iterable[Running]) -> None:
    """Ask all of them to stop, wait for each as long as it may take, then end what is left."""
    asked = [(one, time.monotonic() + one.child.patience) for one in running if not one.ended]
    for one, _ in asked:
        one.process.send_signal(one.child.stop)
    for one, deadline in asked:
        try:
            one.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()


def started(pid: int) -> float:
    """When a process started, in seconds since the epoch."""
    return psutil.Process(pid).create_time()


def find(process: Process) -> psutil.Process | None:
    """The process recorded, if it still runs and is the same one: a pid alone is given away again."""
    try:
        found = psutil.Process(process.pid)
        return found if abs(found.create_time() - process.started) < 1.0 and alive(found) else None
    except psutil.NoSuchProcess:
        return None


def end_leftovers(
    recorded: Mapping[str, Process], stops: Mapping[str, Signals], *, within: float = 20.0
) -> tuple[str, ...]:
    """End the processes that a crashed run left behind, and only those. Returns their names.

    ``stops``: the signal for each name, SIGTERM by default. What does not listen is killed; children of a
    server, such as PostgreSQL's backends, are waited for too, since they hold the data as well.
    """
    left = {name: process for name, one in recorded.items() if (process := find(one))}
    waiting: list[psutil.Process] = []
    for name, process in left.items():
        try:
            waiting += [process, *process.children(recursive=True)]
            process.send_signal(stops.get(name, Signals.SIGTERM))
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            raise LocalError(
                f"{name} of an earlier run (process {process.pid}) belongs to another user."
            ) from None
    if not _gone(waiting, within):
        for process in waiting:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _gone(waiting, within)
    return tuple(left)


def _gone(processes: Iterable[psutil.Process], within: float) -> bool:
    """Have they all ended in time? They are not our children: one that nobody has reaped yet has ended too."""
    deadline = time.monotonic() + within
    while any(alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(process: psutil.Process) -> bool:
    """Does it still run? A zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
