"""Waiting for a condition by asking, with an end: what a test does where nobody can tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 20


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until the answer is yes; TimeoutError after 20 seconds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110  # another process has no Event to wait for
            await asyncio.sleep(0.01)
