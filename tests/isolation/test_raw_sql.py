"""The application role with raw SQL of its own: whatever it writes, it reads and changes its tenant's rows alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.store import driver_of, engine
from shared.runtime.migrate import SERVICES
from tests.isolation.conftest import CHILD, OWN, PARENT, SEEN, STRANGERS, TENANTS, Database, mark

services = pytest.mark.parametrize("service", SERVICES)
SCOPE = "select set_config('shufa.tenant', $1, true), set_config('shufa.read_scope', $1, true)"


@pytest.fixture
def database(service: str, databases: dict[str, Database]) -> Database:
    return databases[service]


_connections: dict[str, asyncpg.Connection[Any]] = {}


@pytest.fixture(scope="module", autouse=True)
async def one_connection_a_database() -> AsyncIterator[None]:
    yield
    for connection in _connections.values():
        await connection.close()
    _connections.clear()


@asynccontextmanager
async def acting(database: Database, tenant: str | None) -> AsyncIterator[asyncpg.Connection[Any]]:
    """The application role inside a transaction in a tenant's scope, or in none; nothing of it stays."""
    if database.name not in _connections:
        _connections[database.name] = await database.connect("app")
    connection = _connections[database.name]
    await connection.execute("begin")
    try:
        if tenant is not None:
            await connection.execute(f"select enter('{tenant}')")
        yield connection
    finally:
        await connection.execute("rollback")


def readable(database: Database) -> list[str]:
    return [*database.tables, *database.views]


@services
async def test_two_tenants_in_one_database_one_wrong_query_the_database_refuses(database: Database) -> None:
    """Somebody forgot the WHERE. What the tenants' own rows are, the database knows."""
    for table, kind in database.tables.items():
        async with acting(database, OWN) as connection:
            forgotten = await connection.fetch(f"select * from {table}")
            meant_for_another = await connection.fetch(
                f"select * from {table} where tenant = $1", STRANGERS[0]
            )
        there = {row["tenant"] for row in await database.ask(f"select tenant from {table}")}
        assert there == set(TENANTS)
        assert {row["tenant"] for row in forgotten} == SEEN[kind], table
        assert meant_for_another == []


@services
async def test_without_a_scope_there_is_no_row(database: Database) -> None:
    async with acting(database, None) as connection:
        for name in readable(database):
            assert await connection.fetch(f"select * from {name}") == [], name


@services
@pytest.mark.parametrize("tenant", [PARENT, OWN, CHILD, *STRANGERS])
async def test_each_sees_itself_and_in_each_class_what_is_its_own(database: Database, tenant: str) -> None:
    below = {one for one in TENANTS if one == tenant or one.startswith(f"{tenant}.")}
    above = {one for one in TENANTS if one == tenant or tenant.startswith(f"{one}.")}
    of = {"private": {tenant}, "progress": below, "inherited": above, "reference": above | below}
    async with acting(database, tenant) as connection:
        for table, kind in database.tables.items():
            assert {row["tenant"] for row in await connection.fetch(f"select tenant from {table}")} == of[
                kind
            ]
        for view in database.views:
            assert {row["tenant"] for row in await connection.fetch(f"select tenant from {view}")} <= {tenant}


WAYS_TO_LOOK = (
    "select to_jsonb(t) from {name} t",
    "select t::text from {name} t",
    "select t::text from {name} t where t::text ilike '%marked%'",
    "select t::text from {name} t where to_tsvector('simple', t::text) @@ to_tsquery('simple', 'marked')",
    "select t::text from {name} t order by md5(t::text)",
    "select string_agg(t::text, ' ' order by t::text) from {name} t",
    "select (array_agg(t::text))::text from {name} t",
    "select xmlagg(query_to_xml('select * from {name}', true, true, ''))::text",
    "select table_to_xml('{name}', true, false, '')::text",
    "with t as materialized (select * from {name}) select t::text from t",
    "select t::text from {name} t union all select t::text from {name} t",
    "select a::text from {name} a full join {name} b on true",
    "select b::text from (values (1)) v cross join lateral (select * from {name}) b",
    "select t::text from {name} t for share",
    "select t::text from {name} t tablesample system (100)",
    "select max(t::text) from {name} t",
    "select (select string_agg(t::text, ' ') from {name} t where t.tenant <> '{own}')",
)


@services
async def test_however_it_looks_no_stranger_s_text_is_in_the_answer(database: Database) -> None:
    foreign = re.compile("|".join(re.escape(mark(one)) + r"(?![.a-z0-9])" for one in STRANGERS))
    marked = f"{mark(OWN)}"
    answered = 0
    for name in readable(database):
        for way in WAYS_TO_LOOK:
            async with acting(database, OWN) as connection:
                try:
                    rows = await connection.fetch(way.format(name=name, own=OWN))
                except asyncpg.PostgresError as error:
                    rows = [(str(error),)]  # some of them may not look in this way
            text = "\n".join(str(tuple(row)) for row in rows)
            assert not foreign.search(text), (name, way)
            answered += marked in text
    assert answered > 5 * len(database.tables)


@services
async def test_an_error_quotes_no_stranger_s_text(database: Database) -> None:
    """A condition that fails on what it looks at is asked of the rows that may be seen, and of no other."""
    failing = (
        "select 1 from {name} t where t.tenant <> '{own}' and cast(t::text as integer) = 1",
        "select 1 from {name} t where t.tenant <> '{own}' and 1 / (length(t::text) - length(t::text)) = 1",
        "select 1 from {name} t where t.tenant <> '{own}' and cast(t::text as date) is null",
        "select 1 from {name} t where t.tenant = '{other}' and cast(t::text as inet) is null",
    )
    for name, kind in database.tables.items():
        if SEEN[kind] != {OWN}:
            continue  # of others that it may see an error may speak
        for query in failing:
            async with acting(database, OWN) as connection:
                assert await connection.fetch(query.format(name=name, own=OWN, other=STRANGERS[0])) == []


@services
async def test_counting_and_explaining_tell_of_no_stranger_s_rows(database: Database) -> None:
    for name, kind in database.tables.items():
        async with acting(database, OWN) as connection:
            assert await connection.fetchval(f"select count(*) from {name}") == len(SEEN[kind])
            assert await connection.fetchval(f"select count(distinct tenant) from {name}") == len(SEEN[kind])
            [(plan,)] = await connection.fetch(f"explain (analyze, format json) select * from {name}")
            assert f'"Actual Rows": {len(SEEN[kind])}.00' in plan
            assert not await connection.fetchval("select count(*) from pg_stats where tablename = $1", name)


def writes(table: str) -> tuple[str, ...]:
    other = STRANGERS[0]
    return (
        f"insert into {table} (tenant) values ('{other}')",
        f"insert into {table} (tenant) values ('{other}') on conflict do nothing",
        f"insert into {table} select * from {table} on conflict do nothing returning *",
        f"update {table} set tenant = '{other}'",
        f"update {table} set tenant = '{other}' where tenant = '{OWN}' returning *",
        f"delete from {table} where tenant = '{other}'",
        f"delete from {table} returning *",
        f"merge into {table} t using (values (1)) v (n) on t.tenant = '{other}' when matched then delete",
        f"merge into {table} t using (values (1)) v (n) on true when matched then update set tenant = '{other}'",
        f"merge into {table} t using (values (1)) v (n) on false when not matched then insert (tenant)"
        f" values ('{other}')",
        f"copy {table} (tenant) from stdin",
        f"with gone as (delete from {table} returning *) select * from gone",
        f"create table stolen as select * from {table}",
        f"select * into stolen from {table}",
        f"create rule mine as on select to {table} do instead select 1",
        f"truncate {table}",
        f"alter table {table} add foreign key (tenant) references heads",
        f"alter table {table} replica identity full",
    )


@services
async def test_no_way_of_writing_reaches_a_stranger_s_row(database: Database) -> None:
    for table in database.tables:
        before = await database.ask(f"select t::text from {table} t where tenant <> $1 order by 1", OWN)
        for statement in writes(table):
            done = None
            async with acting(database, OWN) as connection:
                with suppress(asyncpg.PostgresError):
                    done = await connection.execute(statement)
                    await connection.execute("commit")
            # The few things it may do by itself it does to its own rows.
            assert done in (None, "DELETE 0", "DELETE 1", "MERGE 0", "SELECT 0"), (table, statement, done)
        after = await database.ask(f"select t::text from {table} t where tenant <> $1 order by 1", OWN)
        assert after == before, table
        await database.put(table, OWN)


@services
async def test_its_owner_s_functions_write_for_the_tenant_of_the_transaction_alone(
    database: Database,
) -> None:
    other = STRANGERS[0]
    row = f'{{"tenant": "{other}", "name": "x", "tier": "town", "official_order": 1}}'
    put = f"""select put_rows('[{{"table": "tenants", "put": [{row}]}}]')"""
    async with acting(database, OWN) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(put)
    calls = (
        f"select append('{other}', 's-1', 0{', null' * 16})",
        f"select begin_command('{other}', 's-1', array['{other}'], 'a', null)",
        f"select take('review', '{other}', 1, false)",
        f"select settle('review', '{other}', 1, 1, 1, null, 1, '{{}}', null)",
        f"select begin_epoch('{other}', 9)",
        f"select enter('{other}')",
    )
    for call in calls:
        async with acting(database, OWN) as connection:
            with pytest.raises(asyncpg.PostgresError, match="one transaction works in one tenant"):
                await connection.execute(call)
    drop = f"""select put_rows('[{{"table": "tenants", "drop": [{{"tenant": "{other}"}}]}}]')"""
    async with acting(database, OWN) as connection:
        await connection.execute(drop)
        await connection.execute("commit")
    assert await database.ask("select 1 from tenants where tenant = $1", other)


@services
@pytest.mark.parametrize("neighbour", [*"-,+! ", "/", "..", ".*", ".A", "'"])
async def test_in_what_is_no_path_of_a_tenant_nothing_of_others_is_read_and_nothing_written(
    database: Database, neighbour: str
) -> None:
    """A character that sorts before '/' would put the row into the subtree."""
    tenant = f"{OWN}{neighbour}x"
    for role in ("app", "owner"):
        connection = await database.connect(role)
        async with connection.transaction():
            await connection.fetch(SCOPE, tenant)
            for name in readable(database) if role == "app" else ():
                seen = {row["tenant"] for row in await connection.fetch(f"select tenant from {name}")}
                assert all(tenant.startswith(f"{one}.") for one in seen), (name, seen)
            row = tenant.replace("'", "''")
            put = (
                f"""[{{"table": "tenants", "put": [{{"tenant": "{row}", "name": "x", "tier": "t","""
                f""" "official_order": 1}}]}}]"""
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                async with connection.transaction():
                    await connection.execute(f"select put_rows('{put}')")
        await connection.close()


@services
async def test_two_scopes_in_one_transaction_are_refused_and_by_hand_write_one_ledger(
    database: Database,
) -> None:
    async with acting(database, OWN) as connection:
        event = "array['N'], array[1], array['{}'], '{}', array[]::integer[]"
        append = f"select append($1, 's-two-scopes', 0{', null' * 4}, {event}{', null' * 4}, 'a', null, null)"
        await connection.execute(append, OWN)
        await connection.execute("savepoint one")
        with pytest.raises(asyncpg.PostgresError, match="one transaction works in one tenant"):
            await connection.execute("select enter($1)", STRANGERS[0])
        await connection.execute("rollback to one")
        await connection.fetch(SCOPE, STRANGERS[0])
        with pytest.raises(asyncpg.PostgresError, match="one transaction writes one ledger"):
            await connection.execute(append, STRANGERS[0])


@services
async def test_a_scope_of_the_session_is_not_a_way_around_a_transaction_s(database: Database) -> None:
    """What sets it for the session is wrong code; the next request's scope is still its own."""
    connection = await database.connect("app")
    for wrong in (
        f"set shufa.tenant = '{STRANGERS[0]}'",
        f"select set_config('shufa.tenant', '{STRANGERS[0]}', false)",
    ):
        await connection.execute(wrong)
        with pytest.raises(asyncpg.PostgresError, match="one transaction works in one tenant"):
            await connection.execute(f"select enter('{OWN}')")
        async with connection.transaction():
            await connection.fetch(SCOPE, OWN)
            seen = await connection.fetch("select tenant from texts")
        assert {row["tenant"] for row in seen} == {OWN}
        await connection.execute("reset shufa.tenant")
        assert await connection.fetch("select * from texts") == []
    await connection.close()


# ---- one pooled connection, one request after the other ----


@asynccontextmanager
async def pool_of_one(database: Database) -> AsyncIterator[EventStore]:
    app = engine(database.servers.database_url(database.service, "app", database.name), 1)
    try:
        yield EventStore(database.service, app, app, BusinessClock())
    finally:
        await app.dispose()


STANDING = """
    select own_tenant(), read_scope(), (select count(*) from texts), current_setting('transaction_read_only')
"""


async def nobody_s(store: EventStore) -> bool:
    """Does the next one who takes the connection stand in no scope, and in no transaction?"""
    async with store.app.connect() as connection:
        [found] = (await connection.exec_driver_sql(STANDING)).all()
    async with driver_of(store.app) as driver:
        outside = not driver.is_in_transaction()
        by_driver = await driver.fetchrow(STANDING)
    return tuple(found) == tuple(by_driver) == (None, None, 0, "off") and outside


@services
async def test_the_next_request_on_the_connection_never_finds_the_scope_of_the_last(
    database: Database,
) -> None:
    texts = sa.text("select tenant from texts")
    async with pool_of_one(database) as store:

        async def after_reading() -> None:
            async with store.reading(OWN) as connection:
                assert (await connection.execute(texts)).scalars().all() == [OWN]

        async def after_a_failed_query() -> None:
            async with store.reading(OWN) as connection:
                await connection.execute(sa.text("select 1 / 0"))

        async def after_an_error_of_ours() -> None:
            async with store.reading(OWN) as connection:
                await connection.execute(texts)
                raise RuntimeError

        async def after_a_commit() -> None:
            async with store.app.begin() as connection:
                await connection.execute(sa.select(sa.func.enter(OWN)))

        async def after_a_rollback() -> None:
            async with store.app.connect() as connection:
                await connection.execute(sa.select(sa.func.enter(OWN)))

        async def after_a_command_of_two_statements() -> None:
            async with driver_of(store.app) as driver:
                await driver.fetch("select * from begin_command($1, 's-1', array[$1], 'a', null)", OWN)

        async def after_writing_where_only_reading_is() -> None:
            async with store.reading(OWN) as connection:
                await connection.execute(sa.text('select put_rows(\'[{"table": "tenants", "drop": []}]\')'))

        for request in (
            after_reading,
            after_a_failed_query,
            after_an_error_of_ours,
            after_a_commit,
            after_a_rollback,
            after_a_command_of_two_statements,
            after_writing_where_only_reading_is,
        ):
            with suppress(sa.exc.DBAPIError, RuntimeError):
                await request()
            assert await nobody_s(store), request.__name__


@services
@pytest.mark.parametrize("asleep", ["select pg_sleep(60)", None])
async def test_nor_after_it_was_cancelled(database: Database, asleep: str | None) -> None:
    """In the middle of a query, or between two."""
    inside = asyncio.Event()

    async def request() -> None:
        async with store.reading(OWN) as connection:
            await connection.execute(sa.text("select tenant from texts"))
            inside.set()
            if asleep is None:
                await asyncio.Event().wait()
            await connection.execute(sa.text(asleep or ""))

    async with pool_of_one(database) as store:
        asking = asyncio.create_task(request())
        await inside.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await nobody_s(store)


@services
async def test_what_is_no_path_is_not_a_scope_to_read_in(database: Database) -> None:
    async with pool_of_one(database) as store:
        for wrong in ("", "x'; reset shufa.tenant; --", "Shanghai", "a-b", f"{OWN}.", "*"):
            for scope in ((wrong or "*", None), (OWN, wrong or "*")):
                with pytest.raises(ValueError, match="no path"):
                    async with store.reading(*scope):
                        pass
