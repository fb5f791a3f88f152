"""Errors of the database told apart, as they really come: a race, a database that is away, a fault of the work."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.eventstore import UnitOfWork, tables
from shared.eventstore.failures import is_race, is_unavailable
from shared.eventstore.store import engine
from tests.shared.eventstore.notebook import NOTEBOOK, Write
from tests.shared.eventstore.wired import wire_between
from tests.shared.eventstore.writing import Tenant, key
from tests.shared.waiting import until

PID = sa.text("select pg_backend_pid()")
ALIVE = sa.text("select count(*) from pg_stat_activity where pid = :pid")


async def kill(tenant: Tenant, pid: int) -> None:
    """End a backend and wait until it has gone."""
    async with tenant.store.app.connect() as connection:
        await connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))

    async def gone() -> bool:
        # Connected anew each time: what a transaction sees of the others stands still.
        async with tenant.store.app.connect() as connection:
            return not await connection.scalar(ALIVE, {"pid": pid})

    await until(gone)


async def error_of(engine: AsyncEngine, statement: Any, values: dict[str, Any]) -> Exception:
    """What the database or its driver says to a statement."""
    with pytest.raises(Exception) as error:  # the caller tells it apart
        async with engine.connect() as connection:
            await connection.execute(statement, values)
    return error.value


async def test_a_deadlock_is_a_race(tenant: Tenant) -> None:
    async def lock(connection: AsyncConnection, number: int) -> None:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

    async def cross(first: int, second: int, barrier: asyncio.Barrier) -> None:
        async with tenant.store.app.begin() as connection:
            await lock(connection, first)
            await barrier.wait()
            await lock(connection, second)

    barrier = asyncio.Barrier(2)
    outcomes = await asyncio.gather(cross(1, 2, barrier), cross(2, 1, barrier), return_exceptions=True)
    [error] = [one for one in outcomes if one is not None]
    assert is_race(error)
    assert not is_unavailable(error)


async def test_another_unique_violation_is_a_fault(tenant: Tenant) -> None:
    again = sa.text("insert into business_day (today) values ('2021-06-02')")
    owner = engine(tenant.place.owner_url, 1)
    error = await error_of(owner, again, {})
    await owner.dispose()
    assert "business_day_pkey" in str(error)
    assert not is_race(error)
    assert not is_unavailable(error)


@pytest.mark.parametrize("value", [1 << 40, "no number", "\ud800"])
async def test_a_value_that_cannot_be_sent_is_a_fault(tenant: Tenant, value: object) -> None:
    column: sa.types.TypeEngine[Any] = sa.Text() if value == "\ud800" else sa.Integer()
    error = await error_of(tenant.store.app, sa.select(sa.bindparam("value", type_=column)), {"value": value})
    assert not is_race(error)
    assert not is_unavailable(error)


async def test_a_server_that_does_not_listen_is_unavailable(tenant: Tenant) -> None:
    nobody = engine(tenant.place.app_url.rpartition("@")[0] + "@127.0.0.1:1/review", 1)
    assert is_unavailable(await error_of(nobody, sa.select(1), {}))


async def test_no_connection_left_is_unavailable(tenant: Tenant) -> None:
    one = engine(tenant.place.app_url, 1)
    one.sync_engine.pool._timeout = 0.01  # type: ignore[attr-defined]  # half a minute otherwise
    async with one.connect():
        error = await error_of(one, sa.select(1), {})
    await one.dispose()
    assert is_unavailable(error)


HEARD = pytest.mark.parametrize("heard", [True, False], ids=["and says so", "and the end was not heard yet"])
"""Between the last words of a server and the end of its connection the driver believes in it."""


@HEARD
async def test_a_connection_that_was_killed_in_the_pool_is_replaced(tenant: Tenant, heard: bool) -> None:
    async with wire_between(tenant) as wired:
        for note in (1, 2):
            async with wired.tenant.store.app.connect() as connection:
                pid = await connection.scalar(PID)
            wired.wire.quiet = not heard
            await kill(tenant, int(pid))
            assert (await wired.tenant.write("a", note, key=key(str(note)))).version == note


@HEARD
async def test_a_connection_that_was_killed_in_a_transaction_is_replaced(tenant: Tenant, heard: bool) -> None:
    killed = False

    async def work(unit: UnitOfWork) -> None:
        nonlocal killed
        await unit.execute(NOTEBOOK, "a", Write("text", 1))
        if not killed:
            killed = True
            await kill(tenant, int(await unit.connection.scalar(PID)))
        await unit.execute(NOTEBOOK, "b", Write("text", 1))

    async with wire_between(tenant) as wired:
        wired.wire.quiet = not heard
        await wired.tenant.in_transaction(work)
    assert len(await tenant.rows(sa.select(tables.events))) == 2
