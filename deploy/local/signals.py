"""A supervisor's ear: waiting that ends early when a child ends or somebody asks to stop."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType


class AskedToStop(Exception):
    """SIGTERM or SIGINT came."""


class Signals:
    """Signals arrive as bytes in a pipe and are read in ``pause`` only, so that no handler runs between two lines
    that belong together."""

    def __init__(self) -> None:
        self._heard, told = os.pipe()
        os.set_blocking(told, False)
        os.set_blocking(self._heard, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, _only_wake)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)

    def pause(self, seconds: float) -> None:
        """Wait so long, or until a child ends. Raises AskedToStop."""
        if select.select([self._heard], [], [], max(0.0, seconds))[0]:
            numbers = os.read(self._heard, 4096)
            if signal.SIGTERM in numbers or signal.SIGINT in numbers:
                raise AskedToStop


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """A handler of ours, so that the signal neither ends us nor is ignored; the pipe carries the news."""
