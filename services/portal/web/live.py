"""Live parts: a page is told over server-sent events that its tenant has news, and asks for itself again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog import get_logger

from shared.eventstore import tables

log = get_logger(__name__)

LOOKED_EVERY_SECONDS = 0.4
STILL_THERE_SECONDS = 15.0
"""Something is said at least so often, so that either side notices that the other is gone."""


class News:
    """What was applied of each tenant, looked up once for all pages that wait, whichever replica applied it."""

    def __init__(self, relay: AsyncEngine) -> None:
        self._relay = relay
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._marks: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    async def stream(self, tenant: str) -> AsyncIterator[bytes]:
        """Server-sent events: ``news`` with a mark whenever something of the tenant was applied. The first look is
        news too: what was applied between the page and that look is nothing that the page has."""
        happened = asyncio.Event()
        self._listeners.setdefault(tenant, set()).add(happened)
        if not self._ended and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._watch(), name="news")
        try:
            yield b"retry: 1000\nevent: hello\ndata: -\n\n"
            while not self._ended:
                try:
                    await asyncio.wait_for(happened.wait(), STILL_THERE_SECONDS)
                except TimeoutError:
                    yield b": still there\n\n"
                    continue
                happened.clear()
                if not self._ended:
                    yield f"event: news\ndata: {self._marks.get(tenant, '-')}\n\n".encode()
        finally:
            waiting = self._listeners[tenant]
            waiting.discard(happened)
            if not waiting:
                del self._listeners[tenant]
                self._marks.pop(tenant, None)

    @property
    def listening(self) -> int:
        """How many pages wait."""
        return sum(len(waiting) for waiting in self._listeners.values())

    def end(self) -> None:
        """Look no more and let every page go; it comes back by itself when somebody answers again."""
        self._ended = True
        if self._task is not None:
            self._task.cancel()
        for waiting in self._listeners.values():
            for happened in waiting:
                happened.set()

    async def _watch(self) -> None:
        while self._listeners:
            try:
                await self._look()
            except Exception as error:
                log.warning("news.not_looked", error=type(error).__name__)
            await asyncio.sleep(LOOKED_EVERY_SECONDS)

    async def _look(self) -> None:
        applied, day = tables.applied, tables.business_day
        marks = (
            sa.select(
                applied.c.tenant,
                sa.func.sum(applied.c.sequence) + sa.func.sum(applied.c.epoch) * 1_000_000_000,
                sa.select(day.c.today).scalar_subquery(),
            )
            .where(applied.c.tenant.in_(list(self._listeners)))
            .group_by(applied.c.tenant)
        )
        async with self._relay.connect() as connection:
            rows = (await connection.execute(marks)).all()
        for tenant, sequence, today in rows:
            self._told(tenant, sequence, today)

    def _told(self, tenant: str, sequence: int, today: date | None) -> None:
        mark = f"{sequence}/{today}"
        if tenant in self._listeners and self._marks.get(tenant) != mark:
            self._marks[tenant] = mark
            for happened in self._listeners[tenant]:
                happened.set()
