"""Writing read models: the rows of the stream in hand, all views of it in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from shared.eventstore.aggregate import Row, View


def changes(view: View, tenant: str, stream: str, before: list[Row], after: list[Row]) -> list[Any]:
    """The statements that turn a stream's rows in one view from ``before`` into ``after``."""
    if before == after:
        return []
    table = view.table
    keys = [column.name for column in table.primary_key.columns][2:]
    where = (table.c.tenant == tenant) & (table.c.stream == stream)
    old = {_key(row, keys): row for row in before}
    new = {_key(row, keys): row for row in after}
    statements: list[Any] = []
    gone = [key for key in old if key not in new]
    if gone:
        wanted = sa.tuple_(*(table.c[k] for k in keys)).in_(gone) if keys else sa.true()
        statements.append(sa.delete(table).where(where, wanted))
    for key, row in new.items():
        if old.get(key) == row:
            continue
        upsert = insert(table).values(tenant=tenant, stream=stream, **row)
        rest = {name: upsert.excluded[name] for name in row if name not in keys}
        target = ["tenant", "stream", *keys]
        statements.append(
            upsert.on_conflict_do_update(index_elements=target, set_=rest)
            if rest
            else upsert.on_conflict_do_nothing(index_elements=target)
        )
    return statements


def together(statements: Sequence[Any]) -> Any:
    """Several writes that touch different rows, as one statement: one round trip however many views there are."""
    if len(statements) == 1:
        return statements[0]
    parts = [
        statement.returning(sa.literal_column("1").label("done")).cte(f"write_{n}")
        for n, statement in enumerate(statements)
    ]
    return sa.select(sa.literal(len(parts))).add_cte(*parts)


def _key(row: Row, keys: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)
