"""A background task that steps when it is woken, looks by itself now and then, and backs off when a step fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from shared.eventstore.failures import is_unavailable
from shared.observability.metrics import LOOP_FAILURES

log = structlog.get_logger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
"""Seconds between tries while steps fail."""


class Loop:
    """Runs ``step`` until stopped. A step answers whether there may be more to do at once."""

    def __init__(
        self, name: str, step: Callable[[], Awaitable[bool]], wake: asyncio.Event, every: float = 0.1
    ) -> None:
        self.name = name
        self.step = step
        self.wake = wake
        self.every = every
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Let the step in hand finish, then end."""
        self._stopping.set()
        self.wake.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            self.wake.clear()
            try:
                more = await self.step()
                wait = FIRST_WAIT
            except Exception as error:
                LOOP_FAILURES.labels(self.name).inc()
                if is_unavailable(error):
                    log.warning("loop.waiting", loop=self.name, error=type(error).__name__, seconds=wait)
                else:
                    log.exception("loop.failed", loop=self.name, seconds=wait)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            if not more:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.every):  # wait_for takes a task, and longer to wake
                        await self.wake.wait()


async def all_of(coming: Sequence[Awaitable[Any]]) -> list[Any]:
    """Let all of them end; then the first error, if there was one, or what each answered."""
    results = await asyncio.gather(*coming, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
