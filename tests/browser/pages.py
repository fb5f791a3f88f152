"""What a test does with pages: opens them under watch, asks axe about them, keeps a picture."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

SCREENS = Path(__file__).parents[2] / "build" / "screens"
HERE = "127.0.0.1"

_STATUS = re.compile(r"the server responded with a status of (\d+)")
_GRAVE = ("serious", "critical")


@asynccontextmanager
async def watched(
    browser: Browser,
    *,
    viewport: tuple[int, int] = (1280, 800),
    javascript: bool = True,
    expected: Collection[int] = (),
) -> AsyncIterator[BrowserContext]:
    """A new visitor, without cookies, in Shanghai; what went wrong on the way is an AssertionError at the end.

    Wrong are errors in the console, exceptions in a page, requests that got no answer, and every request to another
    host than 127.0.0.1 (the browser sends none: see the fixture ``browser``). ``expected`` are the statuses, 400 and
    above, that the test asks for on purpose: the browser says each of them in the console. ``viewport`` is width and
    height in CSS pixels.
    """
    width, height = viewport
    context = await browser.new_context(
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": width, "height": height},
        java_script_enabled=javascript,
    )
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        status = _STATUS.search(message.text)
        if message.type == "error" and not (status and int(status[1]) in expected):
            wrong.append(f"console: {message.text} ({message.location['url']})")

    def asked(url: str) -> None:
        if _outside(url):
            wrong.append(f"outside: {url}")

    def failed(request: Request) -> None:
        # ERR_ABORTED: the page was left before the answer came, or the answer is kept as a file.
        if request.failure != "net::ERR_ABORTED" and not _outside(request.url):
            wrong.append(f"no answer: {request.url} {request.failure}")

    context.on("console", said)
    context.on("weberror", lambda error: wrong.append(f"exception: {error.error}"))
    context.on("request", lambda request: asked(request.url))
    context.on("requestfailed", failed)
    context.on("page", lambda page: page.on("websocket", lambda socket: asked(socket.url)))
    try:
        yield context
    finally:
        await context.close()
    assert not wrong, "\n".join(wrong)


def _outside(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != HERE


async def axe(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands, each as ``rule: element: what is wrong``."""
    found = await Axe().run(page)
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {violation['help']}"
        for violation in found.response["violations"]
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
    ]


async def screenshot(page: Page, name: str) -> Path:
    """The whole page as ``build/screens/<name>-<width>.png``, for people to look at."""
    size = page.viewport_size
    assert size is not None
    path = SCREENS / f"{name}-{size['width']}.png"
    await page.screenshot(path=path, full_page=True, animations="disabled")
    return path
