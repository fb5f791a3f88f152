"""Reads of one service: pages of a view, a stream's events with their citations, a text."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.decider import Refused
from shared.eventstore import tables
from shared.eventstore.aggregate import Aggregate, Row, View
from shared.eventstore.unit_of_work import recorded_from

LARGEST_PAGE = 200


@dataclass(frozen=True)
class Page:
    """Some rows and where to go on, None at the end."""

    items: list[Row]
    next: str | None


async def view_page(
    connection: AsyncConnection,
    view: View,
    tenant: str,
    filters: Mapping[str, str],
    limit: int,
    after: str | None,
) -> Page:
    """Rows of one tenant in the view's order. ``filters`` are equalities; ``after`` is a page's ``next``."""
    table = view.table
    order = [table.c[name] for name in view.order_by]
    order += [
        column for column in table.primary_key.columns if column.name != "tenant" and column not in order
    ]
    query = sa.select(table).where(table.c.tenant == tenant)
    for name, text in filters.items():
        query = query.where(table.c[name] == _typed(table.c[name], text))
    if after is not None:
        values = _read_cursor(after, len(order))
        try:
            typed = [sa.literal(_from_json(c, v), c.type) for c, v in zip(order, values, strict=True)]
        except (ValueError, TypeError):
            raise Refused("http.invalid-cursor") from None  # of another view's page
        query = query.where(sa.tuple_(*order) > sa.tuple_(*typed))
    found = (await connection.execute(query.order_by(*order).limit(limit + 1))).mappings().all()
    rows = [dict(row) for row in found[:limit]]
    more = len(found) > limit
    return Page(rows, _cursor([rows[-1][column.name] for column in order]) if more else None)


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


async def ledger_page(
    connection: AsyncConnection, service: str, tenant: str, stream: str | None, limit: int, after: int
) -> Page:
    """Events of a tenant's ledger in its order, each with its citation; ``next`` is the last sequence."""
    table = tables.events
    query = sa.select(table).where(table.c.tenant == tenant, table.c.sequence > after)
    if stream is not None:
        query = query.where(table.c.stream == stream)
    found = (await connection.execute(query.order_by(table.c.sequence).limit(limit + 1))).all()
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


async def adopted_years(connection: AsyncConnection, path: Sequence[str]) -> list[tuple[int, str]]:
    """The calendars adopted along a path, as (year, JSON text)."""
    table = tables.calendars
    data = sa.func.json_build_object(
        "holidays", table.c.holidays, "working_weekend_days", table.c.working_weekend_days
    )
    query = sa.select(table.c.year, sa.cast(data, sa.Text)).where(table.c.tenant.in_(path))
    return [(row[0], row[1]) for row in await connection.execute(query.order_by(table.c.tenant))]


def _typed(column: sa.Column[Any], text: str) -> Any:
    try:
        return _from_json(column, json.loads(text) if _is_plain(column) else text)
    except (ValueError, TypeError):
        raise Refused("http.invalid-filter", filter=column.name, value=text) from None


def _is_plain(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Integer | sa.Boolean)


def _from_json(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    if isinstance(column.type, sa.Boolean) is not isinstance(value, bool):
        raise ValueError(value)
    return column.type.python_type(value)


def _cursor(values: Sequence[Any]) -> str:
    plain = [v.isoformat() if isinstance(v, date | datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read_cursor(text: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise Refused("http.invalid-cursor") from None
    if not isinstance(values, list) or len(values) != length:
        raise Refused("http.invalid-cursor")
    return values
