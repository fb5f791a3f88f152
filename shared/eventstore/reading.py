"""Reads of one service: pages of a view, a stream's events with their citations, a text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.decider import Refused
from shared.eventstore import tables
from shared.eventstore.aggregate import Aggregate, Row, View
from shared.eventstore.cursors import beyond, beyond_sorted, cursor, from_json, read_cursor
from shared.eventstore.unit_of_work import recorded_from
from shared.tenancy import ancestors_and_self

LARGEST_PAGE = 200


@dataclass(frozen=True)
class Page:
    """Some rows and where to go on, None at the end."""

    items: list[Row]
    next: str | None


Conditions = Sequence[sa.ColumnElement[bool]]
"""What else is asked of a row, besides its filters."""


async def view_page(
    connection: AsyncConnection,
    view: View,
    tenant: str,
    filters: Mapping[str, str],
    limit: int,
    after: str | None,
    *,
    sort: str | None = None,
    also: Conditions = (),
) -> Page:
    """Rows of one tenant in the view's order, or by the column that ``sort`` names (``-`` before it: downwards; empty
    values last, and equals in the view's order). ``filters`` are equalities; ``after`` is a page's ``next``."""
    query = sa.select(view.table).where(view.table.c.tenant == tenant, *_filtered(view, filters), *also)
    if sort is not None:
        return await _sorted_page(connection, view, query, sort, limit, after)
    order = _order(view)
    if after is not None:
        query = query.where(beyond(order, read_cursor(after, len(order))))
    found = (await connection.execute(query.order_by(*order).limit(limit + 1))).mappings().all()
    rows = [dict(row) for row in found[:limit]]
    more = len(found) > limit
    return Page(rows, cursor([rows[-1][column.name] for column in order]) if more else None)


async def _sorted_page(
    connection: AsyncConnection, view: View, query: sa.Select[Any], sort: str, limit: int, after: str | None
) -> Page:
    """A page's ``next`` says by what the list was sorted: it is of no use for another order."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in view.sorts:
        raise Refused("http.unknown-sort", sort=name, known=list(view.sorts))
    by = view.table.c[name]
    rest = [column for column in _order(view) if column is not by]
    if after is not None:
        said, *last = read_cursor(after, 2 + len(rest))
        if said != sort:
            raise Refused("http.invalid-cursor")
        query = query.where(beyond_sorted(by, down, rest, last))
    order = (by.desc() if down else by.asc()).nulls_last()
    found = (await connection.execute(query.order_by(order, *rest).limit(limit + 1))).mappings().all()
    rows = [dict(row) for row in found[:limit]]
    if len(found) <= limit:
        return Page(rows, None)
    return Page(rows, cursor([sort, *(rows[-1][column.name] for column in (by, *rest))]))


async def subtree_page(
    connection: AsyncConnection,
    view: View,
    scope: str,
    filters: Mapping[str, str],
    limit: int,
    after: str | None,
    *,
    also: Conditions = (),
) -> Page:
    """Rows of a tenant and of all below it: in the official order of tenants, then in the view's order, without the
    columns that are the tenant's own. A page's ``next`` says the tenant and the row it ended with."""
    order, tenants = _order(view), await tenants_in_order(connection, scope)
    last: list[Any] | None = None
    if after is not None:
        tenant, *last = read_cursor(after, 1 + len(order))
        if tenant not in tenants:
            raise Refused("http.invalid-cursor")
        tenants = tenants[tenants.index(tenant) :]
    found: list[Row] = []
    some = FEW_TENANTS
    while tenants and len(found) <= limit:
        ask = subtree_query(view, tenants[:some], filters, limit + 1 - len(found), last, also)
        found += [dict(row) for row in (await connection.execute(ask)).mappings()]
        tenants, some, last = tenants[some:], some * 4, None
    rows, more = found[:limit], len(found) > limit
    return Page(
        rows, cursor([rows[-1][name] for name in ("tenant", *(c.name for c in order))]) if more else None
    )


FEW_TENANTS = 4
"""How many tenants are asked first. Where they have too few rows for a page four times as many follow: a tree whose
tenants mostly have none is looked through in a few queries, and one whose tenants have many is not read as a whole."""


def subtree_query(
    view: View,
    tenants: Sequence[str],
    filters: Mapping[str, str],
    limit: int,
    last: Sequence[Any] | None,
    also: Conditions = (),
) -> sa.Select[Any]:
    """The first rows of these tenants in this order; of the first tenant those after ``last``, where it is given.
    Each tenant is looked up by itself, so that an index leads to its rows and no more than a page of them is read."""
    table, order = view.table, _order(view)
    shown = [column for column in table.c if column.name not in view.own_only]
    asked = (
        sa.func.unnest(sa.literal(list(tenants), sa.ARRAY(sa.Text)))
        .table_valued(sa.column("tenant", sa.Text(collation="C")), with_ordinality="place")
        .render_derived(name="asked")
    )
    of_one = sa.select(*shown).where(table.c.tenant == asked.c.tenant, *_filtered(view, filters), *also)
    if last is not None:
        of_one = of_one.where((asked.c.place > 1) | beyond(order, last))
    rows = of_one.order_by(*order).limit(limit).lateral("rows")
    return (
        sa.select(*rows.c)
        .select_from(asked.join(rows, sa.true()))
        .order_by(asked.c.place, *(rows.c[column.name] for column in order))
        .limit(limit)
    )


async def tenants_in_order(connection: AsyncConnection, scope: str) -> list[str]:
    """Every registered tenant of a subtree in official order: a tier before those below it."""
    table = tables.tenants
    query = sa.select(table.c.tenant, table.c.official_order).where(within(table.c.tenant, scope))
    orders = {row.tenant: row.official_order for row in await connection.execute(query)}

    def place(tenant: str) -> list[tuple[int, str]]:
        path = ancestors_and_self(tenant)[scope.count(".") :]
        return [(orders.get(one, LAST), one) for one in path]

    return sorted(orders, key=place)


LAST = 2**31
"""The place of a tier that is not registered while one below it is."""


def within(column: Any, scope: str) -> sa.ColumnElement[bool]:
    """Is the tenant the scope itself or below it? The range that the index and the row security go by."""
    return sa.and_(column >= scope, column < f"{scope}/")


def _order(view: View) -> list[sa.Column[Any]]:
    order = [view.table.c[name] for name in view.order_by]
    keys = view.table.primary_key.columns
    return order + [column for column in keys if column.name != "tenant" and column not in order]


def _filtered(view: View, filters: Mapping[str, str]) -> list[sa.ColumnElement[bool]]:
    return [view.table.c[name] == _typed(view.table.c[name], text) for name, text in filters.items()]


async def view_row(connection: AsyncConnection, view: View, tenant: str, stream: str) -> Row | None:
    """The row of one stream, None where there is none."""
    table = view.table
    query = sa.select(table).where(table.c.tenant == tenant, table.c.stream == stream).limit(1)
    row = (await connection.execute(query)).mappings().first()
    return dict(row) if row else None


async def view_row_as_of(
    connection: AsyncConnection,
    aggregate: Aggregate[Any, Any, Any, Any],
    view: View,
    tenant: str,
    stream: str,
    day: date,
) -> Row | None:
    """The row of one stream as it stood at the end of a business day: its view over the history until then."""
    table = tables.events
    query = sa.select(table).where(table.c.tenant == tenant, table.c.stream == stream)
    history = []
    for row in await connection.execute(query.order_by(table.c.version)):
        metadata = json.loads(row.metadata)
        if date.fromisoformat(metadata["business_date"]) <= day:
            event = aggregate.codec.decode(row.name, row.schema_version, row.data)
            history.append(recorded_from(event, tenant, stream, row.version, metadata))
    rows = view.rows(history) if history else []
    return {"tenant": tenant, "stream": stream} | rows[0] if rows else None


@dataclass(frozen=True)
class Wanted:
    """Which events of a ledger: of one stream, of one name, by one actor's id, of business days from and until."""

    stream: str | None = None
    name: str | None = None
    actor: str | None = None
    first_day: date | None = None
    last_day: date | None = None

    def where(self) -> list[sa.ColumnElement[bool]]:
        """The same as conditions on the events."""
        table = tables.events
        said = sa.cast(table.c.metadata, sa.JSON)
        day, actor = said["business_date"].as_string(), said["actor"]["id"].as_string()
        wanted = [
            (self.stream, table.c.stream == self.stream),
            (self.name, table.c.name == self.name),
            (self.actor, actor == self.actor),
            # Days are written 2022-01-12, so that they are in order as text.
            (self.first_day, day >= str(self.first_day)),
            (self.last_day, day <= str(self.last_day)),
        ]
        return [condition for value, condition in wanted if value is not None]


async def ledger_page(
    connection: AsyncConnection,
    service: str,
    tenant: str,
    wanted: Wanted,
    limit: int,
    after: int | None,
    *,
    newest_first: bool = False,
) -> Page:
    """Events of a tenant's ledger in its order or against it, each with its citation; ``next`` is the last sequence,
    which goes into ``after``."""
    table = tables.events
    query = sa.select(table).where(table.c.tenant == tenant, *wanted.where())
    if after is not None:
        query = query.where(table.c.sequence < after if newest_first else table.c.sequence > after)
    order = table.c.sequence.desc() if newest_first else table.c.sequence
    found = (await connection.execute(query.order_by(order).limit(limit + 1))).all()
    items = []
    for row in found[:limit]:
        metadata = json.loads(row.metadata)
        items.append(
            {
                "citation": f"{service}:{tenant}#{row.sequence}",
                "sequence": row.sequence,
                "stream": row.stream,
                "version": row.version,
                "name": row.name,
                "schema_version": row.schema_version,
                "data": json.loads(row.data),
                "business_date": metadata["business_date"],
                "recorded_at": row.recorded_at.isoformat(),
                "actor": metadata["actor"],
                "causation": metadata["causation"],
                "policy": metadata["policy"],
                "hash": row.hash.hex(),
            }
        )
    return Page(items, str(items[-1]["sequence"]) if len(found) > limit else None)


async def text(connection: AsyncConnection, tenant: str, ref: str) -> Row | None:
    """A text by its reference: ``body`` is None where it was blanked. ``stream`` says whose it is."""
    table = tables.texts
    query = sa.select(table.c.ref, table.c.stream, table.c.body, table.c.sha256)
    row = (
        (await connection.execute(query.where(table.c.tenant == tenant, table.c.ref == ref)))
        .mappings()
        .first()
    )
    return dict(row) if row else None


async def stream_version(connection: AsyncConnection, tenant: str, stream: str) -> int:
    """How many events a stream has: what If-Match is compared with."""
    table = tables.events
    query = sa.select(sa.func.max(table.c.version)).where(table.c.tenant == tenant, table.c.stream == stream)
    return await connection.scalar(query) or 0


def _typed(column: sa.Column[Any], text: str) -> Any:
    try:
        return from_json(column, json.loads(text) if _is_plain(column) else text)
    except (ValueError, TypeError):
        raise Refused("http.invalid-filter", filter=column.name, value=text) from None


def _is_plain(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Integer | sa.Boolean)
