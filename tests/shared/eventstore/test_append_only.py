"""What is written stays as it is: every way SQL knows to change a row is refused to every role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import tables
from shared.eventstore.store import engine
from tests.shared.conftest import SERVICE, TENANT, Place
from tests.shared.eventstore.writing import rows, write

COLUMNS = "stream, 9, name, schema_version, '{}', metadata, recorded_at, hash"
AGAIN = f"insert into events select tenant, 1, {COLUMNS} from events"
CHANGES = [
    "update events set data = '{}'",
    "update only events set hash = '' where sequence = 1",
    "update events set sequence = sequence + 10",
    "delete from events",
    "delete from events where sequence = 2",
    "truncate events",
    "truncate events, texts cascade",
    "with gone as (delete from events returning *) select * from gone",
    "with changed as (update events set data = '{}' returning *) select * from changed",
    f"{AGAIN} on conflict (tenant, sequence) do update set data = excluded.data",
    "merge into events using (values (1)) v (n) on sequence = v.n when matched then update set data = '{}'",
    "merge into events using (values (1)) v (n) on sequence = v.n when matched then delete",
    "copy (delete from events returning *) to stdout",
    "copy (update events set data = '{}' returning *) to stdout",
    "do $$ begin update events set data = '{}'; end $$",
    "explain analyze delete from events",
]
SWITCHING_TRIGGERS_OFF = [
    "set session_replication_role = replica",
    "set local session_replication_role = replica",
    "select set_config('session_replication_role', 'replica', true)",
    "alter role current_user set session_replication_role = replica",
]
NOT_BEING_THE_OWNER = [
    "alter table events disable trigger user",
    "drop trigger events_never_change on events",
    "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
    "drop table events",
    f"set role {SERVICE}_owner",
]
REFUSED = r"append-only|permission denied|must be owner"


OF_A_ROLE = {
    "app": [*CHANGES, *SWITCHING_TRIGGERS_OFF, *NOT_BEING_THE_OWNER],
    "relay": [*CHANGES, *SWITCHING_TRIGGERS_OFF, *NOT_BEING_THE_OWNER],
    "owner": [*CHANGES, *SWITCHING_TRIGGERS_OFF],
}


@asynccontextmanager
async def connected(place: Place, role: str) -> AsyncIterator[AsyncConnection]:
    """A connection in a role and the tenant's scope. The owner is under row security too: without a policy of its own
    it sees no row, so it steps out of it."""
    one = engine(getattr(place, f"{role}_url"), 1)
    async with one.connect() as connection:
        if role == "owner":
            await connection.exec_driver_sql("alter table events no force row level security")
        await connection.execute(sa.select(sa.func.set_config("shufa.tenant", TENANT, True)))
        yield connection
        await connection.commit()
    await one.dispose()


async def test_no_role_changes_or_removes_an_event(place: Place) -> None:
    for note in (1, 2):
        await write(place.store, "a", note)
    before = await rows(place.store, sa.select(tables.events))
    for role, statements in OF_A_ROLE.items():
        async with connected(place, role) as connection:
            for statement in statements:
                with pytest.raises(DBAPIError, match=REFUSED):
                    async with connection.begin_nested():
                        await connection.exec_driver_sql(statement)
            if role == "owner":
                assert await connection.scalar(sa.select(sa.func.count()).select_from(tables.events)) == 2
        assert await rows(place.store, sa.select(tables.events)) == before, role


async def test_an_event_that_is_there_is_not_copied_over(place: Place) -> None:
    await write(place.store, "a", 1)
    [before] = await rows(place.store, sa.select(tables.events))
    record = (*tuple(before)[:6], "forged", *tuple(before)[7:])
    for role, refusal in (("app", "permission denied"), ("owner", "events_pkey")):
        async with connected(place, role) as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            with pytest.raises(asyncpg.PostgresError, match=refusal):
                await driver.copy_records_to_table("events", records=[record])
            await connection.rollback()
        assert await rows(place.store, sa.select(tables.events)) == [before], role
