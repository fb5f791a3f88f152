"""The progress of a subtree: how many cases stand where, by tier below and in sum, in official order.

Counts alone: no rank, no rate, no name of a person (domain.md 2, limits).

The light of a case is that of its own tenant's policy and calendar on the day, said by the same function as in the
register. Cases that cannot differ (same tenant, state and date) are counted by the database and judged once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.rectification.domain.lights import light
from services.rectification.domain.situations import Standing
from services.rectification.views.bulletins import TABLE as bulletins
from services.rectification.views.case_register import TABLE as register
from services.rectification.views.case_register import suspended_until
from shared.eventstore import tables
from shared.eventstore.reading import LAST, within
from shared.eventstore.reference import Governing, InForce, in_force
from shared.tenancy import Colour

Counts = Counter[str]
COUNTED = (
    "cases",
    "open",
    "yellow",
    "orange",
    "overdue",
    "to_be_supervised",
    "suspended",
    "awaiting_receipt",
    "awaiting_verification",
    "completed",
    "carried",
)
"""``open`` are the cases whose unit has to act; of them ``yellow`` and ``orange`` come near, ``overdue`` are late,
of these ``to_be_supervised`` long enough, and ``suspended`` stand still. ``carried``: unfinished, and a bulletin of a
later round has carried them on."""

_BY_COLOUR: Mapping[Colour, tuple[str, ...]] = {
    "green": (),
    "yellow": ("yellow",),
    "orange": ("orange",),
    "red": ("overdue",),
    "supervision": ("overdue", "to_be_supervised"),
    "none": ("suspended",),
}


_UNFINISHED = tuple(state for state in get_args(Standing) if state != "completed")


@dataclass(frozen=True)
class Below:
    """A tier directly below, and what its whole subtree counts; ``name`` is None where it is not registered."""

    tenant: str
    name: str | None
    tier: str | None
    official_order: int
    counts: Counts


@dataclass(frozen=True)
class Progress:
    """A subtree: the tenant's own cases, each tier directly below with all that lies below it, and the sum."""

    own: Below
    below: list[Below]

    @property
    def sum(self) -> Counts:
        return sum((one.counts for one in self.below), Counter(self.own.counts))


async def progress_of(connection: AsyncConnection, tenant: str, today: date) -> Progress:
    """What a tier may know of its subtree, in four queries whatever lies in it."""
    governing = await in_force(connection, today)
    counted: dict[str, Counts] = {}
    lights = _Lights(today, governing)
    for row in await connection.execute(_groups(tenant)):
        place = _directly_below(row.tenant, tenant)
        counts = counted.setdefault(place, Counter())
        for name in _counted_as(row, lights):
            counts[name] += row.cases
    known = {row.tenant: row for row in await connection.execute(_tiers(tenant))}
    entries = [_entry(one, known.get(one), counted.get(one, Counter())) for one in {*known, *counted, tenant}]
    own = next(one for one in entries if one.tenant == tenant)
    below = sorted(
        (one for one in entries if one is not own), key=lambda one: (one.official_order, one.tenant)
    )
    return Progress(own, below)


UNREGISTERED = "unregistered"
"""The tier of a tenant whose registration has not been heard of."""


async def counted_by_tier(connection: AsyncConnection, scope: str, today: date) -> dict[str, Counts]:
    """The same counts of a subtree, in sum for each tier."""
    governing = await in_force(connection, today)
    known = await connection.execute(sa.select(tables.tenants.c.tenant, tables.tenants.c.tier))
    tiers = {row.tenant: row.tier for row in known}
    counted: dict[str, Counts] = {}
    lights = _Lights(today, governing)
    for row in await connection.execute(_groups(scope)):
        counts = counted.setdefault(tiers.get(row.tenant, UNREGISTERED), Counter())
        for name in _counted_as(row, lights):
            counts[name] += row.cases
    return counted


def _entry(tenant: str, row: Any, counts: Counts) -> Below:
    if row is None:
        return Below(tenant, None, None, LAST, counts)
    return Below(tenant, row.name, row.tier, row.official_order, counts)


def _directly_below(tenant: str, scope: str) -> str:
    """The tenant of the tier directly below the scope in whose subtree it lies; the scope itself is its own."""
    return ".".join(tenant.split(".")[: scope.count(".") + 2])


def _groups(scope: str) -> sa.CompoundSelect[Any]:
    """How many cases share tenant, state and what their light depends on. Of what is completed nothing more is asked,
    and an index counts it: a register grows for ever, what is unfinished in it does not."""
    runs = register.c.state.in_(("open", "returned"))
    told = sa.func.jsonb_array_elements(bulletins.c.lines).table_valued(
        sa.column("value", JSONB), joins_implicitly=True
    )
    carried = (
        sa.select(bulletins.c.tenant, sa.func.concat("case-", told.c.value["case"].astext).label("stream"))
        .where(within(bulletins.c.tenant, scope), told.c.value["carried_on"].as_boolean())
        .distinct()
        .cte("carried")
    )
    of_the_case = (carried.c.tenant == register.c.tenant) & (carried.c.stream == register.c.stream)
    group = (
        register.c.tenant,
        register.c.state,
        sa.case((runs, register.c.due_on)).label("due_on"),
        sa.case((runs, register.c.suspensions)).label("suspensions"),
        carried.c.stream.is_not(None).label("carried"),
    )
    unfinished = (
        sa.select(*group, sa.func.count().label("cases"))
        .select_from(register.outerjoin(carried, of_the_case))
        .where(within(register.c.tenant, scope), register.c.state.in_(_UNFINISHED))
        .group_by(*group)
    )
    nothing = (sa.null().label("due_on"), sa.null().label("suspensions"), sa.false().label("carried"))
    completed = (
        sa.select(register.c.tenant, register.c.state, *nothing, sa.func.count())
        .where(within(register.c.tenant, scope), register.c.state == "completed")
        .group_by(register.c.tenant, register.c.state)
    )
    return unfinished.union_all(completed)


def _tiers(scope: str) -> sa.Select[Any]:
    """The tenant itself and the tiers directly below it."""
    table = tables.tenants
    deeper = sa.func.strpos(sa.func.substr(table.c.tenant, len(scope) + 2), ".") > 0
    return sa.select(table).where(within(table.c.tenant, scope), ~deeper)


@dataclass
class _Lights:
    """The colours of a day: each judged once for all tenants that the same policy and calendar govern."""

    today: date
    governing: InForce
    _known: dict[tuple[int, Standing, date, date | None], Colour] = field(default_factory=dict)

    def of(self, tenant: str, standing: Standing, due_on: date, stands_until: date | None) -> Colour:
        here: Governing = self.governing.of(tenant)
        key = (id(here), standing, due_on, stands_until)
        if key not in self._known:
            shown = light(
                standing, due_on, self.today, here.policy, here.calendar, suspended_until=stands_until
            )
            self._known[key] = shown.colour
        return self._known[key]


def _counted_as(row: Any, lights: _Lights) -> Iterable[str]:
    yield "cases"
    if row.carried:
        yield "carried"
    if row.due_on is None:
        yield row.state
        return
    yield "open"
    until = suspended_until(row.suspensions, row.due_on, lights.today)
    yield from _BY_COLOUR[lights.of(row.tenant, row.state, row.due_on, until)]
