"""How much memory a rebuild of a million events takes: measured in a process of its own, which runs this module."""

from __future__ import annotations

import asyncio
import sys
import threading

import psutil
import uvloop
from pydantic import BaseModel

from benchmarks import cases
from benchmarks.harness import Outcome, Samples
from benchmarks.stage import Stage, expect
from services.rectification.application import CASES
from services.rectification.views.case_register import CASE_REGISTER
from shared.eventstore.rebuild import rebuild
from shared.runtime.collector import collect_seldom

TENANTS = 50
EVERY_SECONDS = 0.01
MEGABYTE = 1_000_000


class Told(BaseModel):
    """What the process is told: where little lies, to warm up with, and where much does."""

    little: str
    much: str


class Found(BaseModel):
    """What it answers: events rebuilt, and by how many bytes resident memory grew at its highest."""

    events: int
    bytes: int


async def run(stage: Stage) -> list[Outcome]:
    """`rss_growth_mb_1m`, in millions of bytes."""
    life = await cases.one_case(stage)
    little, much = [await stage.database(cases.SERVICE, cases.VIEWS) for _ in range(2)]
    each = stage.plan.memory_events // TENANTS // len(life) + 1
    await cases.fill(little, life, 2, cases.OPEN_AT_ONCE)
    events = await cases.fill(much, life, TENANTS, each)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.memory"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        told = Told(little=little.owner, much=much.owner)
        answer, _ = await process.communicate(told.model_dump_json().encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError("the process that rebuilds did not finish; what it said is above")
    found = Found.model_validate_json(answer)
    expect(events, found.events)
    return [Outcome("rss_growth_mb_1m", Samples((found.bytes / MEGABYTE,)))]


class Highest:
    """The most resident memory that this process had inside the block, looked at every hundredth of a second."""

    def __enter__(self) -> Highest:
        self._process, self._over = psutil.Process(), threading.Event()
        self.start = self.bytes = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.bytes = max(self.bytes, self._process.memory_info().rss)


async def main() -> None:
    """Rebuild what is little, so that all code is loaded and every buffer made; then what is much."""
    told = Told.model_validate_json(sys.stdin.read())
    collect_seldom()
    await rebuild(told.little, CASES, CASE_REGISTER)
    with Highest() as highest:
        events = await rebuild(told.much, CASES, CASE_REGISTER)
    print(Found(events=events, bytes=highest.bytes - highest.start).model_dump_json())


if __name__ == "__main__":
    uvloop.run(main())
