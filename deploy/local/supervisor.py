"""The supervisor: starts a home's servers and programs, restarts what dies, stops everything in reverse order."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from deploy.local.credentials import ensure_credentials
from deploy.local.home import Home, LocalError
from deploy.local.plan import STANDARD, Plan, Program, Step, program_environment, step_environment
from deploy.local.processes import Child, Running, spawn, started, stop, tail
from deploy.local.servers import Servers, clear_leftovers, forget_run, start_servers
from deploy.local.signals import AskedToStop, Signals
from deploy.local.state import Phase, Process, Settings, State, write_state
from deploy.local.waiting import until

_IDLE = 60.0
_BACKLOG = 512
_PROBE_SECONDS = 2.0
_WAITS_FOR_AN_OPERATOR = b'"kernel.ledger-behind-stream"'
"""What a service's probe says while its database was set back: it serves reads, and more waiting would not help."""


@dataclass
class Kept:
    """A child that is kept alive: its present life, or when the next one is due."""

    running: Running
    since: float
    restarts: int = 0
    waited: float | None = None
    due: float | None = None


class Report:
    """What whoever started us is told, one JSON object a line: ``{"doing"}``, then ``{"up"}`` or ``{"failed",
    "tail"}``. The end of the pipe without either means that we crashed."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def say(self, **words: object) -> None:
        if self._descriptor is not None:
            with suppress(BrokenPipeError):
                os.write(self._descriptor, json.dumps(words).encode() + b"\n")
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"at": at, **words}, ensure_ascii=False), file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Supervisor:
    """One run of one home. Single-threaded: what it does, it does between two pauses."""

    def __init__(self, home: Home, settings: Settings, plan: Plan, report: Report) -> None:
        self._home, self._settings, self._plan, self._report = home, settings, plan, report
        self._signals = Signals()
        self._kept: dict[str, Kept] = {}
        self._listeners: dict[str, socket.socket] = {}
        self._phase: Phase = "starting"

    def run(self) -> int:
        """From start to end; the exit status. If the start fails, nothing that was started stays."""
        try:
            if os.environ.get("SHUFA_MODE", "development") != "development":
                raise LocalError(
                    "One machine is for development: its issuer gives anybody here any user's token."
                )
            with self._home.locked():
                return self._run_locked()
        except LocalError as error:
            return self._failed(error)

    def _run_locked(self) -> int:
        self._report.say(doing="looking for what an earlier run left")
        clear_leftovers(self._home)
        try:
            self._start()
            self._phase = "up"
            self._record()
            self._report.say(up=os.getpid())
            self._report.close()
            self._watch()
        except AskedToStop:
            if self._phase == "starting":
                return self._failed(LocalError("It was asked to stop before it was up."))
        except LocalError as error:
            return self._failed(error)
        finally:
            self._stop()
        self._report.say(stopped=os.getpid())
        return 0

    def _failed(self, error: LocalError) -> int:
        self._report.say(failed=str(error), tail=error.tail)
        self._report.close()
        return 1

    def _start(self) -> None:
        self._record()
        self._report.say(doing="starting PostgreSQL and NATS")
        credentials = ensure_credentials(self._home)
        servers = start_servers(self._home, credentials, begin=self._begin, pause=self._signals.pause)
        self._report.say(doing=" and ".join(step.name for step in self._plan.steps) or "no steps")
        self._run_steps(servers)
        self._report.say(doing="starting the services")
        for program in self._plan.programs:
            self._listeners[program.name] = _listen()
        addresses = {name: _address(listener) for name, listener in self._listeners.items()}
        for program in self._plan.programs:
            self._begin(self._child(program, servers, addresses))
        for program in self._plan.programs:
            self._wait_ready(program, addresses[program.name])

    def _run_steps(self, servers: Servers) -> None:
        environment = step_environment(servers)
        steps = [spawn(step_child(self._home, step, environment)) for step in self._plan.steps]
        try:
            until(
                lambda: all(one.ended for one in steps),
                within=self._plan.ready_within,
                what=" and ".join(step.name for step in self._plan.steps) + " did not end",
                pause=self._signals.pause,
            )
        finally:
            stop(steps)
        for one in steps:
            if one.process.returncode != 0:
                raise LocalError(f"{one.child.name} failed.", tail=tail(one.child.log))

    def _child(self, program: Program, servers: Servers, addresses: dict[str, str]) -> Child:
        listener = self._listeners[program.name]
        return Child(
            name=program.name,
            argv=program.argv,
            log=self._home.log(program.name),
            env=program_environment(
                program.name, self._home, servers, self._settings, addresses, listener.fileno()
            ),
            listener=listener,
            address=addresses[program.name],
        )

    def _wait_ready(self, program: Program, address: str) -> None:
        """Until its probe says 200, or that an operator must act before it can; a child that ends meanwhile, this or
        another, fails the start."""

        def ready() -> bool:
            for name, kept in self._kept.items():
                if kept.running.ended:
                    status = kept.running.process.returncode
                    raise LocalError(f"{name} ended with status {status}.", tail=tail(kept.running.child.log))
            status, body = ask(address, program.probe)
            return status == 200 or _WAITS_FOR_AN_OPERATOR in body

        try:
            until(
                ready,
                within=self._plan.ready_within,
                what=f"{program.name} was not ready",
                pause=self._signals.pause,
            )
        except LocalError as error:
            raise LocalError(str(error), tail=error.tail or tail(self._home.log(program.name))) from error

    def _begin(self, child: Child) -> Running:
        running = spawn(child)
        self._kept[child.name] = Kept(running, time.monotonic())
        self._record()
        return running

    def _record(self) -> None:
        """state.json as things stand: written after each start, so that a crash leaves nobody unknown."""
        state = State(self._phase, Process(os.getpid(), started(os.getpid())), self._settings)
        for name, kept in self._kept.items():
            if not kept.running.ended:
                state = state.with_process(name, kept.running.record(kept.restarts))
        write_state(self._home, state)

    def _watch(self) -> None:
        """Keep every child alive until AskedToStop."""
        while True:
            now = time.monotonic()
            for kept in self._kept.values():
                if kept.due is None and kept.running.ended:
                    self._put_off(kept, f"ended with status {kept.running.process.returncode}")
                if kept.due is not None and kept.due <= now:
                    self._restart(kept)
            dues = [kept.due for kept in self._kept.values() if kept.due is not None]
            self._signals.pause(min(dues, default=now + _IDLE) - time.monotonic())

    def _put_off(self, kept: Kept, why: str) -> None:
        now = time.monotonic()
        kept.waited = self._plan.backoff.after(kept.waited, now - kept.since)
        kept.due = now + kept.waited
        self._report.say(program=kept.running.child.name, why=why, again_in=kept.waited)

    def _restart(self, kept: Kept) -> None:
        kept.since, kept.due = time.monotonic(), None
        try:
            kept.running = spawn(kept.running.child)
        except LocalError as error:
            self._put_off(kept, str(error))
            return
        kept.restarts += 1
        self._record()

    def _stop(self) -> None:
        """Programs together, then the broker, then the database: nobody loses what it stands on."""
        self._phase = "stopping"
        self._record()
        running = {name: kept.running for name, kept in self._kept.items()}
        servers = [running.pop(name) for name in ("nats", "postgres") if name in running]
        stop(running.values())
        for server in servers:
            stop([server])
        for listener in self._listeners.values():
            listener.close()
        forget_run(self._home)


def step_child(home: Home, step: Step, environment: dict[str, str]) -> Child:
    """A step as a child process."""
    return Child(step.name, step.argv, home.log(step.name), env=environment)


def answers(address: str, path: str) -> bool:
    """Does GET answer 200 there, now?"""
    return ask(address, path)[0] == 200


def ask(address: str, path: str) -> tuple[int, bytes]:
    """What GET answers there, now: status and body; 0 where nobody does."""
    connection = http.client.HTTPConnection(address, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _listen() -> socket.socket:
    """A listening socket on a port that the system gives. It stays ours: while its program restarts, callers queue."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(_BACKLOG)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"{host}:{port}"


def main(plan: Plan = STANDARD) -> int:
    """The process behind `shufa up`; tests run it with a plan of their own."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.supervisor", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--clock", choices=["system", "simulated"], default="system")
    parser.add_argument("--today", type=date.fromisoformat)
    parser.add_argument("--users", type=Path, default=Settings.users)
    parser.add_argument("--report", type=int, help="a file descriptor to tell of the start")
    chosen = parser.parse_args()
    settings = replace(Settings(chosen.clock, chosen.today), users=chosen.users)
    return Supervisor(Home.at(chosen.home), settings, plan, Report(chosen.report)).run()


if __name__ == "__main__":
    sys.exit(main())
