"""A real Chromium for the whole run, and new visitors under watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from shared.testing.chromium import chromium, sandboxed
from tests.browser.pages import HERE, watched


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window, fetched if the machine has none; it finds no host but 127.0.0.1."""
    found = await asyncio.to_thread(chromium)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=found.program,
            env={**found.environment},
            # Chromium refuses to start as root with its sandbox on, and without namespaces it has none. Pages here are
            # our own, and no other host can be reached.
            chromium_sandbox=await asyncio.to_thread(sandboxed),
            args=[f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HERE}"],
        )
        yield started
        await started.close()


@pytest.fixture
async def context_of(browser: Browser) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    """Makes a new visitor; what is said and what fails the test at its end: see ``watched``."""
    async with AsyncExitStack() as stack:

        async def make(
            *,
            viewport: tuple[int, int] = (1280, 800),
            javascript: bool = True,
            expected: tuple[int, ...] = (),
        ) -> BrowserContext:
            visitor = watched(browser, viewport=viewport, javascript=javascript, expected=expected)
            return await stack.enter_async_context(visitor)

        yield make
