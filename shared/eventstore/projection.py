"""A read model of others' public events: each event alone says which row it puts or drops."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from shared.contracts import Contract
from shared.contracts.envelope import Cause
from shared.eventstore.aggregate import Row, TableClass
from shared.eventstore.views import Change

__all__ = ["Cause", "Changes", "Drop", "Projection"]


@dataclass(frozen=True)
class Drop:
    """The row to take out, by the columns of its key besides tenant."""

    key: Row


@dataclass(frozen=True)
class Projection:
    """A table and what these contracts write into it.

    ``change`` is pure: an event and what is known of it make a whole row to put (the columns besides tenant), a row
    to Drop, or None for nothing. It sees no other row, so that many events can be written at once and again. Events
    that write the same row have the same partition key: only within one is their order kept when one is parked.
    """

    table: sa.Table
    contracts: tuple[type[Contract], ...]
    change: Callable[[Any, Cause], Row | Drop | None]
    tier: TableClass = "private"

    def of(self, event: Contract, cause: Cause) -> Change | None:
        """The change that an event makes to the table."""
        change = self.change(event, cause)
        if change is None:
            return None
        if isinstance(change, Drop):
            return "drop", self.table, {"tenant": cause.tenant, **change.key}
        return "put", self.table, {"tenant": cause.tenant, **change}


class _Rows(dict[Hashable, Change]):
    """The last change of each row of one table, by the key of the row."""

    def __init__(self, table: sa.Table) -> None:
        self.key = itemgetter(*(column.name for column in table.primary_key.columns))


@dataclass
class Changes:
    """Changes on their way to be written together: of each row the last one; those before it are never written."""

    _last: dict[sa.Table, _Rows] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Let this one be the last of its row."""
        _, table, row = change
        rows = self._last.get(table)
        if rows is None:
            rows = self._last[table] = _Rows(table)
        rows[rows.key(row)] = change

    def take(self) -> list[Change]:
        """All of them, and none are left."""
        last, self._last = self._last, {}
        return [change for rows in last.values() for change in rows.values()]
