"""The portal as people meet it: on the played demo, by HTTP or in a browser, with a town to try things in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
import sqlalchemy as sa
from playwright.async_api import BrowserContext, Page
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.cluster import Cluster
from tests.played import Played
from tests.portal.planning import Planned, open_planned
from tests.portal.town import Town, open_town


@dataclass(frozen=True)
class Installation:
    """The system that the demo was played on. Tests write in tenants of their own and never set the day back."""

    cluster: Cluster

    @property
    def portal(self) -> str:
        """The portal's address."""
        return self.cluster.service_url("portal")

    async def kept(self, *words: str) -> int:
        """How many things that people typed, sent or not, hold one of these words in the portal's database."""
        engine = create_async_engine(self.cluster.database_url("portal"))
        asked = sa.text(
            "select (select count(*) from desk.unsent where fields::text similar to :words)"
            " + (select count(*) from desk.notes where content::text similar to :words)"
        )
        async with engine.connect() as connection:
            found = await connection.scalar(asked, {"words": f"%({'|'.join(words)})%"})
        await engine.dispose()
        return int(found or 0)


@pytest.fixture(scope="session")
def installation(played: Played) -> Installation:
    return Installation(played.cluster)


@pytest.fixture(scope="session")
async def town(installation: Installation) -> Town:
    """The town of tests, opened once: its registry, policy and plan are there, nothing else."""
    return await asyncio.to_thread(open_town, installation.cluster)


@pytest.fixture(scope="session")
async def planned(installation: Installation) -> Planned:
    """A town whose rounds belong to the tests of plans and drafts."""
    return await asyncio.to_thread(open_planned, installation.cluster)


SignedIn = Callable[[str], Awaitable[httpx.AsyncClient]]
PageAs = Callable[..., Awaitable[Page]]


@pytest.fixture
async def signed_in(installation: Installation) -> AsyncIterator[SignedIn]:
    """Makes an HTTP client with the cookie of an example user; it asks for pages and follows redirects."""
    async with AsyncExitStack() as stack:

        async def sign_in(user: str) -> httpx.AsyncClient:
            client = httpx.AsyncClient(
                base_url=installation.portal,
                headers={"Accept": "text/html"},
                follow_redirects=True,
                timeout=20.0,
                trust_env=False,
            )
            await stack.enter_async_context(client)
            (
                await client.get("/signin", params={"hint": user, "back": "/static/icon.svg"})
            ).raise_for_status()
            return client

        yield sign_in


@pytest.fixture
async def page_as(installation: Installation, context_of: Callable[..., Awaitable[BrowserContext]]) -> PageAs:
    """Makes a page of a new visitor, signed in as an example user. ``width`` is in CSS pixels; ``expected`` are the
    statuses, 400 and above, that the test asks for on purpose."""

    async def open_page(
        user: str, width: int = 1440, javascript: bool = True, expected: tuple[int, ...] = ()
    ) -> Page:
        height = 900 if width > 600 else 844
        context = await context_of(viewport=(width, height), javascript=javascript, expected=expected)
        page = await context.new_page()
        await page.goto(f"{installation.portal}/signin?hint={user}&back=/static/icon.svg")
        return page

    return open_page
