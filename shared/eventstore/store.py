"""A service's event store: opens units of work, runs them again after a race, and wakes the relay after a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.contracts.base import is_token
from shared.decider import Refused
from shared.eventstore import tables
from shared.eventstore.aggregate import Aggregate
from shared.eventstore.clock import BusinessClock
from shared.eventstore.failures import is_race, is_unavailable
from shared.eventstore.remembered import Remembered
from shared.eventstore.sql import read
from shared.eventstore.unit_of_work import Answer, Context, Guard, Key, UnitOfWork
from shared.tenancy import is_tenant

T = TypeVar("T")

_READ = read("read")

ATTEMPTS = 3
KEPT = timedelta(days=30)
"""How long an idempotency key is remembered."""

APP_CONNECTIONS, RELAY_CONNECTIONS = 3, 2
"""Five connections a service: three decide, two carry messages."""


def engine(url: str, connections: int) -> AsyncEngine:
    """An engine with a fixed number of connections, opened when they are first needed."""
    made = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=30,
        hide_parameters=True,  # errors go to logs, what people wrote does not
        connect_args={"server_settings": {"jit": "off"}, "timeout": 5},
    )
    sa.event.listen(made.sync_engine, "handle_error", _let_go)
    return made


def _let_go(context: sa.engine.ExceptionContext) -> None:
    """A connection whose server has gone says so in words that SQLAlchemy does not know; it is not used again."""
    if isinstance(context.original_exception, asyncpg.InternalClientError):
        context.is_disconnect = True


@asynccontextmanager
async def driver_of(app: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool without SQLAlchemy around it, which takes longer than the statements do."""
    pooled = await app.raw_connection()
    driver: Any = pooled.driver_connection
    lost = False
    try:
        yield driver
    except Exception as error:
        lost = is_unavailable(error)
        raise
    finally:
        if lost or driver.is_closed():
            pooled.invalidate()
        pooled.close()  # nothing was begun through SQLAlchemy, so there is nothing to roll back and to wait for


async def _leave(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
    """End a reader's transaction, or the connection: the next one to use it must not find itself in this scope."""
    left = False
    try:
        if not connection.invalidated:
            await driver.execute("rollback")
            left = True
    finally:
        if not (left or connection.invalidated):
            await connection.invalidate()


class EventStore:
    """Writes of one service. ``app`` decides and reads within one tenant; ``relay`` carries messages of all.

    ``committed`` is set after every commit that may have put something into the outbox. While ``closed_because`` says
    why, nothing is written: every command is refused with it.
    """

    def __init__(
        self,
        service: str,
        app: AsyncEngine,
        relay: AsyncEngine,
        clock: BusinessClock,
        guard: Guard | None = None,
    ) -> None:
        self.service = service
        self.app = app
        self._readers = app.execution_options(isolation_level="AUTOCOMMIT")
        self.relay = relay
        self.clock = clock
        self.guard = guard
        self._remembered = Remembered()
        self.committed = asyncio.Event()
        self.closed_because: Refused | None = None

    async def execute(
        self,
        aggregate: Aggregate[Any, Any, Any, Any],
        id: str,
        command: Any,
        context: Context,
        *,
        key: Key | None = None,
        seen_version: int | None = None,
        tenant_must_exist: bool = False,
        tenant_may_be_closed: bool = False,
    ) -> Answer:
        """One command in a transaction of its own; after a race the whole of it runs again, three times at most.

        Where the connection was lost it runs again only with a key: without one nobody knows whether it took effect,
        and the caller is told so by the error.
        """
        if not is_token(id):
            raise Refused("kernel.malformed-id", id=id)

        async def once(work: UnitOfWork) -> Answer:
            return await work.execute(
                aggregate,
                id,
                command,
                key=key,
                seen_version=seen_version,
                tenant_must_exist=tenant_must_exist,
                tenant_may_be_closed=tenant_may_be_closed,
            )

        connect = partial(driver_of, self.app) if aggregate.stands_alone else self.app.begin
        return await self._run(connect, context, once, repeatable=key is not None)

    async def in_transaction(self, context: Context, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Run ``work`` in one transaction on the context's tenant and commit it; again after a race.

        Also where the connection was lost: ``work`` finds in the database whether it was done before.
        """
        return await self._run(self.app.begin, context, work)

    async def in_statements(self, context: Context, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """The same for ``work`` that is done by UnitOfWork.fetch alone: each statement is a transaction of its own."""
        return await self._run(partial(driver_of, self.app), context, work)

    async def _run(
        self,
        connect: Callable[[], AbstractAsyncContextManager[Any]],
        context: Context,
        work: Callable[[UnitOfWork], Awaitable[T]],
        *,
        repeatable: bool = True,
    ) -> T:
        if self.closed_because is not None:
            raise self.closed_because.with_traceback(None)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with connect() as connection:
                    unit = UnitOfWork(
                        connection, self.service, self.clock, context, self.guard, self._remembered
                    )
                    result = await work(unit)
                break
            except Exception as error:
                again = is_race(error) or (repeatable and is_unavailable(error))
                if attempt == ATTEMPTS or not again or isinstance(error, PoolTimeout):
                    raise
        self.committed.set()
        return result

    @asynccontextmanager
    async def reading(self, tenant: str, scope: str | None = None) -> AsyncIterator[AsyncConnection]:
        """A connection that reads as one tenant, in one transaction; nothing it does is committed.

        ``scope`` is how far it sees progress, the tenant's subtree unless it says less.
        """
        scope = scope or tenant
        if not (is_tenant(tenant) and is_tenant(scope)):
            raise ValueError(f"no path of a tenant: {tenant!r}, {scope!r}")
        # The transaction is ours and not SQLAlchemy's, whose BEGIN would be a call of its own (docs/decisions/0017).
        async with self._readers.connect() as connection:
            pooled = connection.sync_connection
            assert pooled is not None  # it was opened a line above
            driver: Any = pooled.connection.driver_connection
            try:
                await driver.execute(_READ.format(tenant=tenant, scope=scope))
                yield connection
            finally:
                await _leave(connection, driver)

    async def today(self) -> date:
        """The business date now."""
        if not self.clock.simulated:
            return self.clock.today(None)
        async with self.relay.connect() as connection:
            return self.clock.today(await connection.scalar(sa.select(tables.business_day.c.today)))

    async def forget_old_commands(self) -> bool:
        """Delete answers to commands that nobody may repeat any more (30 days). There is never more at once."""
        table = tables.commands
        old = sa.func.clock_timestamp() - sa.cast(KEPT, INTERVAL)
        async with self.relay.begin() as connection:
            await connection.execute(sa.delete(table).where(table.c.accepted_at < old))
        return False

    async def close(self) -> None:
        """Give the connections back."""
        await self.app.dispose()
        await self.relay.dispose()
