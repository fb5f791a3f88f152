"""How the work itself stands, by tier: counted by the active replica alone, so that sums over replicas are right."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import EventStore, tables
from shared.tenancy import is_within

EVERY_SECONDS = 15.0
"""How often it is counted: the work changes by the day."""

Counted = Mapping[str, Mapping[str, int]]
"""By tier, then by the name of a figure."""


@dataclass(frozen=True)
class Figures:
    """What a service counts of its subtree, and the gauge (labelled by tier) that shows each figure.

    ``count`` is given a connection that reads a root tenant's subtree as progress, that tenant, and the business day.
    """

    gauges: Mapping[str, Gauge]
    count: Callable[[AsyncConnection, str, date], Awaitable[Counted]]


class Counting:
    """Counts the figures of a service now and then, while ``active`` says that this replica is the one that does."""

    def __init__(self, store: EventStore, figures: Figures, active: Callable[[], bool]) -> None:
        self.store = store
        self.figures = figures
        self.active = active
        self._until = 0.0

    async def step(self) -> bool:
        """Count if it is time; there is never more to do at once."""
        if self.retract_unless_active() and time.monotonic() >= self._until:
            self._until = time.monotonic() + EVERY_SECONDS
            await self.count()
        return False

    def retract_unless_active(self) -> bool:
        """Is this the active replica? What it counted while it was goes with that."""
        active = self.active()
        if not active:
            self._until = 0.0
            for gauge in self.figures.gauges.values():
                gauge.clear()
        return active

    async def count(self) -> None:
        """Count every root's subtree and show the sums."""
        today = await self.store.today()
        async with self.store.relay.connect() as connection:
            tenants = (await connection.execute(sa.select(tables.heads.c.tenant))).scalars().all()
        sums: dict[str, Counter[str]] = {}
        for root in roots(tenants):
            async with self.store.reading(root) as connection:
                for tier, counted in (await self.figures.count(connection, root, today)).items():
                    sums.setdefault(tier, Counter()).update(counted)
            await asyncio.sleep(
                0
            )  # a forest of many small trees leaves the loop to others between two of them
        for name, gauge in self.figures.gauges.items():
            gauge.clear()
            for tier, counts in sums.items():
                gauge.labels(tier).set(counts[name])


def roots(tenants: Iterable[str]) -> list[str]:
    """The tenants that lie within no other of them."""
    found: list[str] = []
    for tenant in sorted(
        tenants
    ):  # by bytes a subtree follows its root at once: '.' sorts before every letter
        if not (found and is_within(tenant, found[-1])):
            found.append(tenant)
    return found
