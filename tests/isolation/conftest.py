"""Every service's database as the real migrations make it, and rows of many tenants in every table of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg
import pytest
import sqlalchemy as sa

from deploy.local.credentials import DatabaseRole
from deploy.local.servers import Servers
from shared.runtime.migrate import SERVICES, migrate

Class = Literal["private", "progress", "inherited", "reference"]

PARENT, OWN, CHILD = "shanghai", "shanghai.jinshan", "shanghai.jinshan.langxia"
STRANGERS = (
    "shanghai.jinshan0",  # the first path after OWN's subtree
    "shanghai.jinshan1",
    "shanghai.jinsha",
    "shanghai.jinsham.zzz",  # just before OWN
    "shanghai.fengxian",
    "jiangsu",
)
"""Whose rows are no business of OWN."""
TENANTS = (PARENT, OWN, CHILD, *STRANGERS)
SEEN: dict[Class, set[str]] = {
    "private": {OWN},
    "progress": {OWN, CHILD},
    "inherited": {PARENT, OWN},
    "reference": {PARENT, OWN, CHILD},
}
"""Whose rows OWN sees, in each class of table."""

WITHOUT_TENANT = {
    "service_identity": "the service's own name",
    "business_day": "the simulated day, one for all",
    "read_models": "names of tables",
    "leases": "which process carries messages; the relay's alone",
    "roots": "names the ledgers of many tenants; the relay's alone",
    "alembic_version": "which migrations have run; the owner's alone",
}
"""The tables that hold no tenant's rows, and why each need not."""


@dataclass(frozen=True)
class Database:
    """One service's database, the addresses of its roles, its tables and views from the catalogue."""

    servers: Servers
    service: str
    name: str
    tables: dict[str, Class]
    views: tuple[str, ...]

    async def connect(self, role: DatabaseRole | Literal["superuser"]) -> asyncpg.Connection[Any]:
        """A bare connection, as anybody with the role's password has."""
        if role == "superuser":
            url = sa.make_url(self.servers.admin_url).set(database=self.name)
        else:
            url = sa.make_url(self.servers.database_url(self.service, role, self.name))
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await asyncpg.connect(address)

    async def ask(self, query: str, *values: Any) -> list[Any]:
        """What the superuser finds, whom no row security holds."""
        connection = await self.connect("superuser")
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def put(self, table: str, tenant: str) -> None:
        """A tenant's row into a table, where it is not there (any more)."""
        connection = await self.connect("superuser")
        await connection.execute("set session_replication_role = replica")
        await _put(connection, table, tenant)
        await connection.close()


_TABLES = """
    select relname, (select pg_get_expr(polqual, polrelid) from pg_policy
                     where polrelid = c.oid and polname = 'readable') as readable
    from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname
"""
_VIEWS = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')"


def _class(readable: str) -> Class:
    above, below = "starts_with" in readable, "read_scope" in readable
    if above and below:
        return "reference"
    return "progress" if below else "inherited" if above else "private"


@pytest.fixture(scope="session")
def databases(servers: Servers, new_database: Callable[[str], str]) -> dict[str, Database]:
    """A database of each service, with a row of every tenant in each table."""
    made = {}
    for service in SERVICES:
        name = new_database(service)
        migrate(service, servers.database_url(service, "owner", name))
        made[service] = Database(servers, service, name, {}, ())

    async def fill() -> dict[str, Database]:
        return {service: await _filled(one) for service, one in made.items()}

    # pytest-asyncio's loop is not running while fixtures are made
    with asyncio.Runner() as runner:
        return runner.run(fill())


async def _filled(database: Database) -> Database:
    tables = {
        row["relname"]: _class(row["readable"])
        for row in await database.ask(_TABLES)
        if row["relname"] not in WITHOUT_TENANT and row["readable"]
    }
    views = tuple(sorted(row["relname"] for row in await database.ask(_VIEWS)))
    connection = await database.connect("superuser")
    for table in tables:
        await connection.execute("set session_replication_role = replica")
        for tenant in TENANTS:
            await _put(connection, table, tenant)
    await connection.close()
    return Database(database.servers, database.service, database.name, tables, views)


async def _put(connection: asyncpg.Connection[Any], table: str, tenant: str) -> None:
    """A row of the tenant, its texts marked with the tenant's name; whatever columns the table has."""
    columns = await connection.fetch(
        """
        select attname, format_type(atttypid, null) as type, attidentity <> '' as counted, exists (
            select from pg_index where indrelid = attrelid and indisunique and attnum = any (indkey)) as in_key
        from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and (attnotnull or attname = 'body')
        order by attnum
        """,
        table,
    )
    named = [row for row in columns if not row["counted"]]
    values = ", ".join(_literal(row["attname"], row["type"], tenant, row["in_key"]) for row in named)
    names = ", ".join(f'"{row["attname"]}"' for row in named)
    await connection.execute(f"insert into {table} ({names}) values ({values}) on conflict do nothing")


def mark(tenant: str) -> str:
    """What stands in every text of a tenant's rows."""
    return f"marked {tenant}"


WRITTEN = "geheim"
"""What stands besides in texts that are no keys: a request that names a key is answered with that key."""


def _literal(name: str, type: str, tenant: str, in_key: bool) -> str:
    text = mark(tenant) if in_key else f"{mark(tenant)} {WRITTEN}"
    match name, type:
        case "tenant", _:
            return f"'{tenant}'"
        case "values", "jsonb":
            return "'{}'"  # a policy, which is read to decide
        case "state", _:
            return "'waiting'"
        case _, "text":
            return f"'{text}'"
        case _, "integer" | "bigint" | "double precision":
            return "1"
        case _, "boolean":
            return "true"
        case _, "date":
            return "'2021-06-01'"
        case _, "timestamp with time zone":
            return "'2021-06-01T00:00:00Z'"
        case _, "jsonb":
            return f"""'["{text}"]'"""
        case _, "bytea":
            return f"convert_to('{text}', 'UTF8')"
        case _, "text[]":
            return f"array['{text}']"
        case _, "date[]":
            return "array['2021-06-01']::date[]"
    raise NotImplementedError(f"{name} {type}")
