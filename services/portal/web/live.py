"""Live parts: a page is told over server-sent events that its tenant has news, and asks for itself again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog import get_logger

from shared.eventstore import tables

log = get_logger(__name__)

LOOKED_EVERY_SECONDS = 0.4
STILL_THERE_SECONDS = 15.0
"""Something is said at least so often, so that either side notices that the other is gone."""


@dataclass(eq=False)
class _Page:
    """A page that waits: ``mark`` is what it has, or was told of."""

    mark: str | None
    told: asyncio.Event = field(default_factory=asyncio.Event)


def _marks() -> sa.Select[Any]:
    applied = tables.applied
    so_far = sa.func.sum(applied.c.sequence) + sa.func.sum(applied.c.epoch) * 1_000_000_000
    today = sa.select(tables.business_day.c.today).scalar_subquery()
    return (
        sa.select(applied.c.tenant, sa.func.concat(so_far, "/", today).label("mark"))
        .where(applied.c.tenant.in_(sa.bindparam("of", expanding=True)))
        .group_by(applied.c.tenant)
    )


MARKS = _marks()
"""(tenant, mark) of each of the tenants ``of`` of which something was applied: another mark is another state of what
is shown."""


class News:
    """What was applied of each tenant, looked up once for all pages that wait, whichever replica applied it."""

    def __init__(self, relay: AsyncEngine) -> None:
        self._relay = relay
        self._pages: dict[str, set[_Page]] = {}
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    async def stream(self, tenant: str, mark: str | None = None) -> AsyncIterator[bytes]:
        """Server-sent events: ``news`` with a mark whenever the tenant's is another than the page has. The first look
        tells of what was applied since the page was drawn with ``mark``; without one it is always news."""
        page = _Page(mark)
        self._pages.setdefault(tenant, set()).add(page)
        if not self._ended and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._watch(), name="news")
        try:
            yield b"retry: 1000\nevent: hello\ndata: -\n\n"
            while not self._ended:
                try:
                    await asyncio.wait_for(page.told.wait(), STILL_THERE_SECONDS)
                except TimeoutError:
                    yield b": still there\n\n"
                    continue
                page.told.clear()
                if not self._ended:
                    yield f"event: news\ndata: {page.mark}\n\n".encode()
        finally:
            waiting = self._pages[tenant]
            waiting.discard(page)
            if not waiting:
                del self._pages[tenant]

    @property
    def listening(self) -> int:
        """How many pages wait."""
        return sum(len(waiting) for waiting in self._pages.values())

    def end(self) -> None:
        """Look no more and let every page go; it comes back by itself when somebody answers again."""
        self._ended = True
        if self._task is not None:
            self._task.cancel()
        for waiting in self._pages.values():
            for page in waiting:
                page.told.set()

    async def _watch(self) -> None:
        while self._pages:
            try:
                await self._look()
            except Exception as error:
                log.warning("news.not_looked", error=type(error).__name__)
            await asyncio.sleep(LOOKED_EVERY_SECONDS)

    async def _look(self) -> None:
        async with self._relay.connect() as connection:
            rows = (await connection.execute(MARKS, {"of": list(self._pages)})).all()
        for tenant, mark in rows:
            for page in self._pages.get(tenant, ()):
                if page.mark != mark:
                    page.mark = mark
                    page.told.set()
