"""Where a page of a list ended and the next one goes on: a cursor, and the rows beyond it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shared.decider import Refused


def beyond(order: Sequence[sa.Column[Any]], last: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Does a row come after the one that these values are of, in this order? Raises Refused: no such cursor."""
    typed = [sa.literal(as_typed(c, v), c.type) for c, v in zip(order, last, strict=True)]
    return sa.tuple_(*order) > sa.tuple_(*typed)


def as_typed(column: sa.Column[Any], value: Any) -> Any:
    """A column's value as a cursor holds it."""
    try:
        return from_json(column, value)
    except (ValueError, TypeError):
        raise Refused("http.invalid-cursor") from None


def beyond_sorted(
    by: sa.Column[Any], down: bool, rest: Sequence[sa.Column[Any]], last: Sequence[Any]
) -> sa.ColumnElement[bool]:
    """The same where a list is sorted by a column, empty values last, and equals are in the order of ``rest``."""
    at, further = as_typed(by, last[0]), beyond(rest, last[1:])
    if at is None:
        return sa.and_(by.is_(None), further)
    ahead = by < at if down else by > at
    return sa.or_(ahead, by.is_(None), sa.and_(by == at, further))


def from_json(column: sa.Column[Any], value: Any) -> Any:
    """A column's value from JSON. Raises ValueError and TypeError."""
    if value is None:
        return None
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    if isinstance(column.type, sa.Boolean) is not isinstance(value, bool):
        raise ValueError(value)
    return column.type.python_type(value)


def cursor(values: Sequence[Any]) -> str:
    """The values of the last row, as one word."""
    plain = [v.isoformat() if isinstance(v, date | datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def read_cursor(text: str, length: int) -> list[Any]:
    """So many values back from it. Raises Refused."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise Refused("http.invalid-cursor") from None
    if not isinstance(values, list) or len(values) != length:
        raise Refused("http.invalid-cursor")
    return values
