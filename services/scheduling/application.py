"""Scheduling as the kernel sees it: its streams, the commands open to people, its read models, its facts."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scheduling import published
from services.scheduling.domain import plan, policy, roster, session, tenant, unit
from services.scheduling.domain.registry import Post, RegisteredUnit
from services.scheduling.domain.roster import OtherSession, RosterEntry
from services.scheduling.views.adopted_policies import ADOPTED_POLICIES
from services.scheduling.views.observers import OBSERVERS
from services.scheduling.views.plans import PLANS_VIEW, plans
from services.scheduling.views.registered_tenants import REGISTERED_TENANTS, registered_tenants
from services.scheduling.views.sessions import SESSIONS_VIEW, sessions
from services.scheduling.views.units import UNITS_VIEW, units
from shared.eventstore import Aggregate, View, reference
from shared.tenancy import ancestors_and_self, effective, parent

SERVICE = "scheduling"


async def _policy_facts(
    connection: AsyncConnection, tenant: str, id: str, command: policy.Command
) -> policy.Facts:
    """What the tiers above have adopted, as it holds on the day the new version is to hold."""
    above = parent(tenant)
    if above is None:
        return policy.Facts()
    path = ancestors_and_self(above)
    adopted = await reference.adopted_policies(connection, path)
    return policy.Facts(above=effective(path, adopted, command.holds_from))


async def _plan_facts(connection: AsyncConnection, tenant: str, id: str, command: plan.Command) -> plan.Facts:
    """The day the last minutes were sent; of a session without minutes yet, the day it is held."""
    last = sa.func.max(sa.func.coalesce(sessions.c.minutes_sent_on, sessions.c.held_on))
    year = int(id) if id.isdecimal() and len(id) == 4 else None
    earlier = sa.true() if year is None else sessions.c.plan_year < year
    found = await connection.scalar(sa.select(last).where(sessions.c.tenant == tenant, earlier))
    return plan.Facts(year=year, last_minutes_on=found)


async def _session_facts(
    connection: AsyncConnection, tenant: str, id: str, command: session.Command
) -> roster.Facts:
    """The registry, the other rosters and the year's plan: one row, however many there are of each."""
    if isinstance(command, session.NoteMinutes):
        return roster.Facts(session=id)
    year = id.partition("-")[0]
    tier = sa.select(registered_tenants.c.tier).where(registered_tenants.c.tenant == tenant)
    rounds = sa.select(plans.c.rounds).where(plans.c.tenant == tenant, plans.c.stream == f"plan-{year}")
    rows = await connection.execute(
        sa.select(
            tier.scalar_subquery().label("tier"),
            rounds.scalar_subquery().label("rounds"),
            _all(units, tenant, "unit", "name", "category", "official_order", "posts").label("units"),
            _all(sessions, tenant, "session", "reporters", "held_on", "minutes_sent_on").label("sessions"),
        )
    )
    found = rows.one()
    return roster.Facts(
        session=id,
        tier=found.tier,
        units={row["unit"]: _unit(row) for row in found.units},
        sessions=tuple(_other(row) for row in found.sessions if row["session"] != id),
        rounds=None
        if found.rounds is None
        else {one["number"]: date.fromisoformat(one["planned_on"]) for one in found.rounds},
    )


def _all(table: sa.Table, tenant: str, *columns: str) -> Any:
    """Every row of the tenant in a view, as one JSON array of objects: a subquery for one column."""
    pairs = [part for name in columns for part in (sa.literal(name, sa.Text), table.c[name])]
    rows = sa.func.jsonb_agg(sa.func.jsonb_build_object(*pairs))
    none = sa.literal([], JSONB)
    return (
        sa.select(sa.func.coalesce(rows, none, type_=JSONB)).where(table.c.tenant == tenant).scalar_subquery()
    )


def _unit(row: dict[str, Any]) -> RegisteredUnit:
    posts = tuple(Post(post["post"], post["title"], post["person"]) for post in row["posts"])
    return RegisteredUnit(row["unit"], row["name"], row["category"], row["official_order"], posts)


def _other(row: dict[str, Any]) -> OtherSession:
    return OtherSession(
        row["session"],
        tuple(RosterEntry(one["unit"], one["post"]) for one in row["reporters"]),
        held_on=_day_or_none(row["held_on"]),
        minutes_sent_on=_day_or_none(row["minutes_sent_on"]),
    )


def _day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


TENANTS = Aggregate(
    kind="tenant",
    events=tenant.Event,
    initial=tenant.initial,
    decide=tenant.decide,
    evolve=tenant.evolve,
    views=(REGISTERED_TENANTS,),
    publish=published.of_tenant,
)
"""Stream ``tenant-self``."""

UNITS = Aggregate(
    kind="unit",
    events=unit.Event,
    initial=unit.initial,
    decide=unit.decide,
    evolve=unit.evolve,
    views=(UNITS_VIEW,),
    publish=published.of_unit,
)
"""Streams ``unit-<unit>``."""

POLICIES = Aggregate(
    kind="policy",
    events=policy.Event,
    initial=policy.initial,
    decide=policy.decide,
    evolve=policy.evolve,
    views=(ADOPTED_POLICIES,),
    publish=published.of_policy,
    facts=_policy_facts,
)
"""Stream ``policy-self``."""

PLANS = Aggregate(
    kind="plan",
    events=plan.Event,
    initial=plan.initial,
    decide=plan.decide,
    evolve=plan.evolve,
    views=(PLANS_VIEW,),
    facts=_plan_facts,
)
"""Streams ``plan-<year>``."""

SESSIONS = Aggregate(
    kind="session",
    events=session.Event,
    initial=session.initial,
    decide=session.decide,
    evolve=session.evolve,
    views=(SESSIONS_VIEW, OBSERVERS),
    publish=published.of_session,
    facts=_session_facts,
)
"""Streams ``session-<year>-<number>``."""

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (TENANTS, UNITS, POLICIES, PLANS, SESSIONS)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = (
    (TENANTS, tenant.RegisterTenant),
    (UNITS, unit.RegisterUnit),
    (UNITS, unit.HandOverPost),
    (POLICIES, policy.AdoptPolicy),
    (PLANS, plan.AdoptPlan),
    (SESSIONS, session.DraftRoster),
    (SESSIONS, session.NameObservers),
    (SESSIONS, session.ScheduleSession),
)
"""What people may command over HTTP; who may, by role, is in shared.security."""

VIEWS: tuple[View, ...] = (
    REGISTERED_TENANTS,
    UNITS_VIEW,
    ADOPTED_POLICIES,
    PLANS_VIEW,
    SESSIONS_VIEW,
    OBSERVERS,
)
"""What can be read over HTTP."""
