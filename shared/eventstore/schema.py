"""What migrations call: create the kernel in a service's database, put a view's table under row security."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from shared.eventstore.aggregate import TableClass
from shared.eventstore.sql import read

SCRIPTS = ("kernel", "functions", "put_rows", "rows", "inbox", "applying", "rebuild", "seals", "history")
"""The files in sql/ that make the kernel, in order; ``{service}`` in them is the service's name."""
ANEW = ("functions", "applying", "put_rows", "rebuild")
"""Those that hold functions and triggers alone, and may be run again. What the functions are given and answer stays as
it is: the version before calls them too."""


def create_kernel(connection: sa.Connection, service: str) -> None:
    """Create the kernel's tables, roles' privileges and functions, as the database's owner."""
    for name in SCRIPTS:
        _run(connection, name, service)


def make_functions_anew(connection: sa.Connection, service: str) -> None:
    """After a migration: what commands, inbox and applier call, as this version has it; put_rows knows every column."""
    for name in ANEW:
        _run(connection, name, service)
    connection.execute(sa.select(sa.func.make_put_rows()))


def protect(connection: sa.Connection, table: str, tier: TableClass) -> None:
    """Put a view's table under row security, grant it to the application role, and let put_rows write it."""
    connection.execute(
        sa.text("select protect(cast(:name as regclass), :tier), write_as_rows(cast(:name as regclass))"),
        {"name": table, "tier": tier},
    )


def _run(connection: sa.Connection, name: str, service: str) -> None:
    script(connection, read(name).replace("{enter}\n", read("enter")).replace("{service}", service))


def script(connection: sa.Connection, text: str) -> None:
    """Run several statements, such as those of a migration's .sql file."""
    # Several statements in one string: only the driver's own call takes them, inside the same transaction.
    connection.execute(sa.select(1))
    driver: Any = connection.connection.dbapi_connection
    driver.run_async(lambda asyncpg: asyncpg.execute(text))
