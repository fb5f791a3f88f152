"""Writing read models: which rows an event changes, and how they are handed to put_rows (sql/rows.sql)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.aggregate import Row, View

Change = tuple[Literal["put", "drop"], sa.Table, Row]
"""One row to put or to drop: it has every column for a put, those of the primary key for a drop."""


def changes(view: View, tenant: str, stream: str, before: list[Row], after: list[Row]) -> list[Change]:
    """What turns a stream's rows in one view from ``before`` into ``after``."""
    keys = _own_keys(view.table)
    own = {"tenant": tenant, "stream": stream}
    old = {tuple(row[key] for key in keys): row for row in before}
    new = {tuple(row[key] for key in keys): row for row in after}
    found: list[Change] = [
        ("drop", view.table, own | dict(zip(keys, key, strict=True))) for key in old if key not in new
    ]
    found += [("put", view.table, own | row) for key, row in new.items() if old.get(key) != row]
    return found


@cache
def _own_keys(table: sa.Table) -> tuple[str, ...]:
    """The columns of a view's key after tenant and stream."""
    return tuple(column.name for column in table.primary_key.columns)[2:]


def as_json(changes: Iterable[Change]) -> str | None:
    """The rows as put_rows takes them, None where there are none. No two of them have the same key."""
    tables: dict[sa.Table, dict[str, list[Row]]] = {}
    for kind, table, row in changes:
        of_table = tables.get(table)
        if of_table is None:
            of_table = tables[table] = {"put": [], "drop": []}
        of_table[kind].append(row)
    if not tables:
        return None
    found = [
        {"table": table.name, **{kind: rows for kind, rows in of_table.items() if rows}}
        for table, of_table in tables.items()
    ]
    # A JSONB column may hold years by number.
    return orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS).decode()


async def write(connection: AsyncConnection, changes: Iterable[Change]) -> None:
    """Write rows that differ from each other, in one round trip however many tables they are of."""
    rows = as_json(changes)
    if rows is not None:
        await connection.exec_driver_sql("select put_rows($1)", (rows,))
