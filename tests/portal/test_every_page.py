"""Every page of the portal on the played demo, wide and narrow: it answers, fits, and is for everybody.

A page that is added to the portal is added here too: the routes are counted.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from benchmarks.pages import PAGES as MEASURED
from services.portal import pages as page_modules
from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs
from tests.portal.hands import BUSY, when_answered

DISTRICT, TOWN = "/t/shanghai.jinshan", "/t/shanghai.jinshan.langxia"
PAPERS = ("agenda", "script", "signin", "signing", "distribution", "receipts", "minutes", "excerpt/sifaju")

OF_THE_DISTRICT: tuple[tuple[str, str], ...] = (
    *MEASURED.values(),
    ("secretary", "/work"),
    ("reporter-langxia", "/work"),
    ("liaison-langxia", "/sessions"),
    ("liaison-langxia", "/sessions/2021-1"),
    ("liaison-langxia", "/cases/2021-1-langxia"),
    ("law-clerk", "/plan/2021-1"),
    ("law-clerk", "/plan/2022-1"),
    ("law-clerk", "/plan/policy"),
    ("law-clerk", "/sessions/2021-2"),
    ("law-clerk", "/bulletins"),
    ("law-clerk", "/bulletins/2021-2"),
    ("law-clerk", "/coverage/gaps?year=2021"),
    ("law-clerk", "/sessions/2021-2/supplement/shichangjianguan"),
    ("party-clerk", "/sessions/2021-2/comment/new?unit=shichangjianguan"),
    ("organization", "/evaluation/outcomes"),
    ("organization", "/evaluation/reports?year=2021&unit=langxia"),
    ("auditor", "/ledger/rectification/verification"),
    *(("law-clerk", f"/sessions/2021-2/print/{paper}") for paper in ("roster", "notices")),
    *(("party-clerk", f"/sessions/2021-2/print/{paper}") for paper in PAPERS),
)
OF_THE_TOWN: tuple[tuple[str, str], ...] = (
    ("langxia-office", "/work"),
    ("langxia-office", "/cases"),
    ("langxia-office", "/short-form/2021-1-shilicun"),
    ("liaison-shiliban", "/work"),
    ("liaison-shiliban", "/cases/2021-1-shiliban"),
)
ERRORS: tuple[tuple[str, str, int], ...] = (
    ("law-clerk", "/nothing", 404),
    ("law-clerk", f"{DISTRICT}/cases/none", 404),
    ("law-clerk", f"{DISTRICT}/system", 403),
    ("law-clerk", f"{TOWN}/work", 403),
    ("law-clerk", "/t/NOWHERE/work", 400),
)
EVERY: tuple[tuple[str, str, int], ...] = (
    ("admin", "/", 200),
    *((user, DISTRICT + path, 200) for user, path in OF_THE_DISTRICT),
    *((user, TOWN + path, 200) for user, path in OF_THE_TOWN),
    *ERRORS,
)
"""Who opens it, where it is, and how it answers."""

ContextOf = Callable[..., Awaitable[BrowserContext]]


async def wrong_with(page: Page, where: str, status: int, name: str) -> list[str]:
    """What is wrong with a page, each as ``where: what``."""
    answer = await page.goto(where)
    answer = await when_answered(page) or answer
    assert answer is not None
    found: dict[str, Any] = await page.evaluate(
        """() => ({
            lang: document.documentElement.lang,
            h1: document.querySelectorAll("h1").length,
            over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        })"""
    )
    wrong = [f"answers {answer.status}"] if answer.status != status else []
    wrong += [f"lang {found['lang']!r}"] if found["lang"] != "zh-CN" else []
    wrong += [f"{found['h1']} h1"] if found["h1"] != 1 else []
    wrong += [f"{found['over']} px too wide"] if found["over"] > 0 else []
    wrong += await axe(page)
    await screenshot(page, name)
    return [f"{where}: {what}" for what in wrong]


def called(user: str, path: str) -> str:
    """A file's name for the picture of a page."""
    return f"page-{user}-" + (re.sub(r"[^a-zA-Z0-9]+", "-", path).strip("-") or "start")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("user", sorted({user for user, _, _ in EVERY}))
async def test_every_page_of_a_person(
    installation: Installation, page_as: PageAs, user: str, width: int
) -> None:
    own = list(dict.fromkeys((path, status) for who, path, status in EVERY if who == user))
    page = await page_as(user, width, expected=(BUSY, *{status for _, status in own} - {200}))
    wrong = []
    for path, status in own:
        wrong += await wrong_with(page, installation.portal + path, status, called(user, path))
    assert wrong == []


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_pages_before_one_is_known(
    installation: Installation, context_of: ContextOf, width: int
) -> None:
    context = await context_of(viewport=(width, 900), expected=(400,))
    page = await context.new_page()
    issuer = installation.cluster.issuer_url
    wrong = await wrong_with(page, f"{installation.portal}/", 200, "page-nobody-start")
    wrong += await wrong_with(page, f"{installation.portal}/signin", 200, "page-nobody-issuer")
    assert page.url.startswith(issuer)
    wrong += await wrong_with(page, f"{issuer}/authorize", 400, "page-nobody-issuer-refuses")
    assert wrong == []


def test_no_page_is_left_out() -> None:
    """Every path that a page of a tenant has is opened above, or is no page."""
    opened = {path.partition("?")[0] for _, path, _ in EVERY}
    patterns = set(_paths())
    assert patterns, "no routes found"
    left_out = {one for one in patterns if not any(re.fullmatch(_pattern(one), path) for path in opened)}
    assert left_out == set()


NO_PAGE = re.compile(r"\.(json|csv|xlsx|svg|\{form\})$")
"""Files to take away, and pictures."""


def _paths() -> list[str]:
    found = []
    for module in iter_modules(page_modules.__path__):
        router = import_module(f"{page_modules.__name__}.{module.name}").routes(_NoSite())
        found += [one.path for one in router.routes if "GET" in one.methods]
    return [path for path in found if not NO_PAGE.search(path)]


def _pattern(path: str) -> str:
    return re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path))


class _NoSite:
    """Routes are made of it and none is asked for."""

    async def visit(self) -> None: ...
