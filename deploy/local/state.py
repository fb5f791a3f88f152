"""state.json: what runs in a home, said so exactly that a later run can tell its own processes from strangers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

from deploy.local.home import Home, LocalError, NotUp, write_private

Clock = Literal["system", "simulated"]
Phase = Literal["embedded", "starting", "up", "stopping"]
"""``embedded``: the servers alone, inside some other program; else where a supervisor is in its life."""


@dataclass(frozen=True)
class Settings:
    """How a home is run: which clock, its first day when simulated, and who may have a token."""

    clock: Clock = "system"
    today: date | None = None
    users: Path = Path("examples/jinshan/users.yaml")

    def __post_init__(self) -> None:
        if self.clock == "simulated" and self.today is None:
            raise LocalError("A simulated clock needs a day to start on: --today YYYY-MM-DD.")
        if self.clock == "system" and self.today is not None:
            raise LocalError("--today is for a simulated clock; add --clock simulated.")


@dataclass(frozen=True)
class Process:
    """A process we started. A pid alone may be somebody else's by tomorrow; with ``started`` (seconds since
    the epoch, as the kernel tells it) it is ours. ``address`` is where it listens, ``restarts`` how often it died."""

    pid: int
    started: float
    address: str | None = None
    restarts: int = 0


@dataclass(frozen=True)
class State:
    """What state.json says. No secret is in it."""

    phase: Phase
    supervisor: Process
    settings: Settings
    processes: dict[str, Process] = field(default_factory=dict)

    def with_process(self, name: str, process: Process) -> State:
        return replace(self, processes={**self.processes, name: process})

    def port(self, name: str) -> int:
        """The port that a process listens on."""
        address = self.processes[name].address
        if address is None:
            raise KeyError(name)
        return int(address.rpartition(":")[2])


def write_state(home: Home, state: State) -> None:
    """Replace state.json in one step: a reader sees the old or the new one."""
    write_private(home.state, json.dumps(asdict(state), indent=1, default=str) + "\n")


def read_state(home: Home) -> State | None:
    """The last state written, by a living supervisor or by one that crashed; None if there is none."""
    try:
        raw = json.loads(home.state.read_text())
        settings = raw["settings"]
        return State(
            phase=raw["phase"],
            supervisor=Process(**raw["supervisor"]),
            settings=Settings(
                clock=settings["clock"],
                today=date.fromisoformat(settings["today"]) if settings["today"] else None,
                users=Path(settings["users"]),
            ),
            processes={name: Process(**process) for name, process in raw["processes"].items()},
        )
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise LocalError(f"{home.state} may not be read by this user.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LocalError(f"{home.state} is not a state file of this version: {error}.") from error


def read_up(home: Home) -> State:
    """The state of a home that is up; raises NotUp otherwise."""
    state = read_state(home) if home.holder() else None
    if state is None or state.phase != "up":
        raise NotUp(home)
    return state
