"""A read model of others' public events: each event alone says which row it puts or drops."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shared.contracts import Contract
from shared.eventstore.aggregate import Row
from shared.eventstore.views import Change


@dataclass(frozen=True)
class Cause:
    """The event that is heard. ``business_date`` is the day it counts for; ``citation`` names it in its ledger."""

    id: str
    citation: str
    tenant: str
    business_date: date
    recorded_at: datetime


@dataclass(frozen=True)
class Drop:
    """The row to take out, by the columns of its key besides tenant."""

    key: Row


@dataclass(frozen=True)
class Projection:
    """A table and what these contracts write into it.

    ``change`` is pure: an event and what is known of it make a whole row to put (the columns besides tenant), a row
    to Drop, or None for nothing. It sees no other row, so that many events can be written at once and again.
    """

    table: sa.Table
    contracts: tuple[type[Contract], ...]
    change: Callable[[Any, Cause], Row | Drop | None]

    def of(self, event: Contract, cause: Cause) -> Change | None:
        """The change that an event makes to the table."""
        match self.change(event, cause):
            case None:
                return None
            case Drop(key):
                return Change("drop", self.table, {"tenant": cause.tenant} | key)
            case row:
                return Change("put", self.table, {"tenant": cause.tenant} | row)


@dataclass
class Changes:
    """Changes on their way to be written together: of each row the last one."""

    _last: dict[Hashable, Change] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Let this one be the last of its row."""
        self._last[change.table.name, *(change.row[c.name] for c in change.table.primary_key.columns)] = (
            change
        )

    def take(self) -> list[Change]:
        """All of them, and none are left."""
        last, self._last = self._last, {}
        return list(last.values())
