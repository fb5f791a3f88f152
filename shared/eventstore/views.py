"""Writing read models: the rows of the stream in hand, of all its views, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.aggregate import Row, View


@dataclass(frozen=True)
class Change:
    """One row to put or to drop. ``row`` has every column for a put, those of the primary key for a drop."""

    kind: Literal["put", "drop"]
    table: sa.Table
    row: Row


def changes(view: View, tenant: str, stream: str, before: list[Row], after: list[Row]) -> list[Change]:
    """What turns a stream's rows in one view from ``before`` into ``after``."""
    keys = [column.name for column in view.table.primary_key.columns][2:]
    own = {"tenant": tenant, "stream": stream}
    old = {tuple(row[key] for key in keys): row for row in before}
    new = {tuple(row[key] for key in keys): row for row in after}
    found = [
        Change("drop", view.table, own | dict(zip(keys, key, strict=True))) for key in old if key not in new
    ]
    found += [Change("put", view.table, own | row) for key, row in new.items() if old.get(key) != row]
    return found


async def write(connection: AsyncConnection, changes: Sequence[Change]) -> None:
    """Write rows that differ from each other, in one round trip however many views they are of."""
    if not changes:
        return
    shape = tuple((change.kind, change.table, tuple(change.row)) for change in changes)
    values = {
        _name(n, column): value for n, change in enumerate(changes) for column, value in change.row.items()
    }
    await connection.execute(_statement(shape), values)


def _name(n: int, column: str) -> str:
    return f"row_{n}_{column}"


@cache
def _statement(shape: tuple[tuple[str, sa.Table, tuple[str, ...]], ...]) -> Any:
    """The statement for rows of these tables, made once: building it costs more than running it."""
    parts = [_one(n, kind, table, columns) for n, (kind, table, columns) in enumerate(shape)]
    if len(parts) == 1:
        return parts[0]
    parts = [
        part.returning(sa.literal_column("1").label("done")).cte(f"write_{n}") for n, part in enumerate(parts)
    ]
    return sa.select(sa.literal_column("1")).add_cte(*parts)


def _one(n: int, kind: str, table: sa.Table, columns: tuple[str, ...]) -> Any:
    bound = {name: sa.bindparam(_name(n, name), type_=table.c[name].type) for name in columns}
    keys = [column.name for column in table.primary_key.columns]
    if kind == "drop":
        return sa.delete(table).where(*(table.c[key] == bound[key] for key in keys))
    put = insert(table).values(bound)
    rest = {name: put.excluded[name] for name in columns if name not in keys}
    if not rest:
        return put.on_conflict_do_nothing(index_elements=keys)
    return put.on_conflict_do_update(index_elements=keys, set_=rest)
