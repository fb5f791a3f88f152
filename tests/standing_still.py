"""Processes that are there and do nothing: their connections stay open, nobody answers on them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.local.cluster import Cluster
from deploy.local.waiting import until


def freeze(pid: int) -> None:
    """SIGSTOP, and wait until it has arrived: a thread on another processor goes on for a moment, and may answer."""
    os.kill(pid, signal.SIGSTOP)
    threads = Path(f"/proc/{pid}/task")
    until(
        lambda: all(map(_stands_still, threads.iterdir())),
        within=10,
        what=f"process {pid} did not stand still",
    )


@contextmanager
def standing_still(*pids: int) -> Iterator[None]:
    """These stand still for the length of the block."""
    try:
        for pid in pids:
            freeze(pid)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def frozen(cluster: Cluster, name: str) -> Iterator[None]:
    """A process of a running system, and all it has started, stand still for the length of the block."""
    process = psutil.Process(cluster.processes()[name].pid)
    # It first: from then on none is started, and one that ends is still there to be stopped.
    with standing_still(process.pid), standing_still(*(one.pid for one in process.children(recursive=True))):
        yield


def _stands_still(thread: Path) -> bool:
    """By its state in proc(5), which follows its name in parentheses; a thread that has ended is no obstacle."""
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0] in ("T", "X", "Z")
    except (FileNotFoundError, ProcessLookupError):
        return True
