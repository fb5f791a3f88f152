"""Waiting for a condition with a deadline, and starting a server on a port that the system gives."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TypeVar

from deploy.local.home import LocalError

Pause = Callable[[float], None]
"""Lets time pass, up to so many seconds; the supervisor's pause also hears signals."""

_STEP = 0.02
T = TypeVar("T")


def until(condition: Callable[[], T | None], *, within: float, what: str, pause: Pause = time.sleep) -> T:
    """The first answer of ``condition`` that is true. Raises LocalError naming ``what`` after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise LocalError(f"{what} within {within:g} seconds.")
        pause(_STEP)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now; somebody may before we do, so the caller tries again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
