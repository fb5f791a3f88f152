"""Live parts: pages hear that something was applied, whatever happens to the database, and let go when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from structlog.testing import capture_logs

from deploy.local.servers import Servers
from services.portal.web import live
from services.portal.web.live import MARKS, News
from shared.eventstore import tables
from shared.eventstore.store import engine
from shared.runtime.migrate import migrate
from tests.shared.waiting import until

TENANT, OTHER = "beijing.live", "beijing.livex"


@pytest.fixture
async def relay(
    servers: Servers, new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncEngine]:
    monkeypatch.setattr(live, "LOOKED_EVERY_SECONDS", 0.02)
    name = new_database("portal")
    await asyncio.to_thread(migrate, "portal", servers.database_url("portal", "owner", name))
    made = engine(servers.database_url("portal", "relay", name), 2)
    SUPERUSER[made] = create_async_engine(
        sa.make_url(servers.admin_url).set(database=name), poolclass=NullPool
    )
    yield made
    await made.dispose()
    await SUPERUSER.pop(made).dispose()


SUPERUSER: dict[AsyncEngine, AsyncEngine] = {}
"""Beside the engine of a relay: who writes what an applier would."""


async def apply(relay: AsyncEngine, tenant: str, sequence: int, source: str = "review") -> None:
    """Something of the tenant was applied."""
    applied = tables.applied
    async with SUPERUSER[relay].begin() as connection:
        of = (applied.c.tenant == tenant, applied.c.source == source)
        done = await connection.execute(sa.update(applied).where(*of).values(sequence=sequence))
        if not done.rowcount:
            row = {"source": source, "tenant": tenant, "epoch": 1, "sequence": sequence, "turn": 0}
            await connection.execute(sa.insert(applied).values(row))


class Reader:
    """A page that listens."""

    def __init__(self, news: News, tenant: str = TENANT, mark: str | None = None) -> None:
        self.said: list[bytes] = []
        self._more = asyncio.Event()
        self.task = asyncio.create_task(self._read(news, tenant, mark))

    async def _read(self, news: News, tenant: str, mark: str | None) -> None:
        async for part in news.stream(tenant, mark):
            self.said.append(part)
            self._more.set()

    async def hears(self, count: int) -> None:
        async def enough() -> bool:
            return sum(part.startswith(b"event: news") for part in self.said) >= count

        await until(enough)

    async def leaves(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def without_connections(servers: Servers, relay: AsyncEngine) -> AsyncIterator[None]:
    """The database takes no connection and has none."""
    admin = create_async_engine(servers.admin_url, isolation_level="AUTOCOMMIT")
    name = relay.url.database
    async with admin.connect() as connection:
        await connection.execute(sa.text(f"alter database {name} with allow_connections false"))
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"
        await connection.execute(sa.text(cut), {"name": name})
        yield
        await connection.execute(sa.text(f"alter database {name} with allow_connections true"))
    await admin.dispose()


async def test_a_page_hears_of_its_own_tenant_and_of_no_other(relay: AsyncEngine) -> None:
    await apply(relay, TENANT, 1)
    await apply(relay, OTHER, 1)
    news = News(relay)
    one, other = Reader(news), Reader(news, OTHER)
    await one.hears(1)
    await other.hears(1)
    await apply(relay, TENANT, 2)
    await one.hears(2)
    await apply(relay, OTHER, 2)
    await other.hears(2)
    assert len(one.said) == 3, "a greeting, the first look, one piece of news"
    assert one.said[0].startswith(b"retry: 1000\nevent: hello")
    news.end()
    await asyncio.gather(one.task, other.task)


async def test_what_came_between_the_page_and_the_first_look_is_told(relay: AsyncEngine) -> None:
    """Also of a tenant of which nothing had been applied."""
    news = News(relay)
    reader = Reader(news)
    await apply(relay, TENANT, 1)
    await reader.hears(1)
    news.end()
    await reader.task


async def test_a_page_is_told_only_of_what_happened_since_it_was_drawn(relay: AsyncEngine) -> None:
    await apply(relay, TENANT, 1)
    async with relay.connect() as connection:
        [(_, mark)] = (await connection.execute(MARKS, {"of": [TENANT]})).all()
    news = News(relay)
    drawn_now, drawn_before = Reader(news, mark=mark), Reader(news, mark="0/")
    await drawn_before.hears(1)
    assert len(drawn_now.said) == 1, "the greeting alone"
    await apply(relay, TENANT, 2)
    await drawn_now.hears(1)
    await drawn_before.hears(2)
    news.end()
    await asyncio.gather(drawn_now.task, drawn_before.task)


async def test_an_outage_of_the_database_is_outlived(servers: Servers, relay: AsyncEngine) -> None:
    await apply(relay, TENANT, 1)
    news = News(relay)
    reader = Reader(news)
    await reader.hears(1)
    with capture_logs() as logs:
        async with without_connections(servers, relay):

            async def failed() -> bool:
                return [line["event"] for line in logs].count("news.not_looked") >= 2

            await until(failed)
    await apply(relay, TENANT, 2)
    await reader.hears(2)
    news.end()
    await reader.task


async def test_told_to_end_every_page_is_let_go_and_nothing_is_looked_up_any_more(relay: AsyncEngine) -> None:
    await apply(relay, TENANT, 1)
    news = News(relay)
    readers = [Reader(news) for _ in range(50)]
    for reader in readers:
        await reader.hears(1)
    assert news.listening == 50
    news.end()
    await asyncio.gather(*(reader.task for reader in readers))
    assert news.listening == 0
    late = Reader(news)
    await late.task
    assert len(late.said) == 1
    watching = [task for task in asyncio.all_tasks() if task.get_name() == "news"]
    await asyncio.gather(*watching, return_exceptions=True)


async def test_who_has_left_is_forgotten_and_the_next_one_hears_again(relay: AsyncEngine) -> None:
    await apply(relay, TENANT, 1)
    news = News(relay)
    first = Reader(news)
    await first.hears(1)
    await first.leaves()
    assert news.listening == 0
    second = Reader(news)
    await second.hears(1)
    await apply(relay, TENANT, 2)
    await second.hears(2)
    news.end()
    await second.task
