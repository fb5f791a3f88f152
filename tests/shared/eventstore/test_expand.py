"""A migration adds columns to a read model while a version that does not know them goes on writing it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from shared.eventstore.schema import know_every_column
from tests.shared.conftest import new_place
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
            await connection.run_sync(know_every_column)
        await owner.dispose()
        await tenant.write("a", 2)
        found = await tenant.rows(
            sa.text("select note, marks, seen, remark, colour from notes order by note")
        )
        # A column that may be null is what the row says, and a row that says nothing says null.
        assert [tuple(row) for row in found] == [(1, [], 7, None, "red"), (2, [], 7, None, None)]
