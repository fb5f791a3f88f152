"""A migration adds columns to a read model while a version that does not know them goes on writing it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deploy.local.servers import Servers
from shared.eventstore.schema import make_functions_anew
from tests.shared.conftest import SERVICE, new_place
from tests.shared.eventstore.writing import Tenant

ADDED = (
    "alter table notes add column marks jsonb not null default '[]'",
    "alter table notes add column seen integer not null default 7",
    "alter table notes add column remark text",
    "alter table notes add column colour text default 'red'",
)


async def test_who_does_not_know_a_new_column_goes_on_and_its_default_stands(
    servers: Servers, new_database: Callable[[str], str]
) -> None:
    async with new_place(servers, new_database) as place:
        tenant = Tenant(place, place.store, "shanghai.expanded")
        await tenant.write("a", 1)
        owner = create_async_engine(place.owner_url)
        async with owner.begin() as connection:
            for statement in ADDED:
                await connection.execute(sa.text(statement))
            await connection.run_sync(make_functions_anew, SERVICE)
        await owner.dispose()
        await tenant.write("a", 2)
        found = await tenant.rows(
            sa.text("select note, marks, seen, remark, colour from notes order by note")
        )
        # A column that may be null is what the row says, and a row that says nothing says null.
        assert [tuple(row) for row in found] == [(1, [], 7, None, "red"), (2, [], 7, None, None)]


async def test_after_a_migration_the_functions_are_those_of_this_version(
    servers: Servers, new_database: Callable[[str], str]
) -> None:
    async with new_place(servers, new_database) as place:
        owner = create_async_engine(place.owner_url)
        async with owner.begin() as connection:
            before = {name: await _source(connection, name) for name in FUNCTIONS}
            for name in FUNCTIONS:
                await connection.execute(sa.text(_spoil(before[name])))
                assert await _source(connection, name) != before[name]
            await connection.run_sync(make_functions_anew, SERVICE)
            assert {name: await _source(connection, name) for name in FUNCTIONS} == before
        await owner.dispose()
        tenant = Tenant(place, place.store, "shanghai.anew")
        await tenant.write("a", 1)
        assert [tuple(row) for row in await tenant.rows(sa.text("select note from notes"))] == [(1,)]


FUNCTIONS = (
    "begin_command",
    "append",
    "standing",
    "event_hash",
    "begin_epoch",
    "keep",
    "take",
    "settle",
    "take_place",
)


async def _source(connection: AsyncConnection, function: str) -> str:
    """The statement that makes a function, with the right to call it."""
    query = sa.text(
        "select pg_get_functiondef(oid) || coalesce(proacl::text, '') from pg_proc where proname = :name"
    )
    return str(await connection.scalar(query, {"name": function}))


def _spoil(source: str) -> str:
    """The same function as an older version might have had it."""
    head, body, tail = source.partition("$function$")
    return head + body + tail.rpartition("$function$")[0] + "-- as it was\n$function$"
