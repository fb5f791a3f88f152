"""Scheduling as the kernel sees it: its streams, the commands open to people, its read models, its facts."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scheduling import published
from services.scheduling.domain import access, calendar, plan, policy, roster, session, tenant, unit
from services.scheduling.domain import session_commands as asked
from services.scheduling.domain import session_events as happened
from services.scheduling.domain.registry import Post, RegisteredUnit
from services.scheduling.domain.roster import OtherSession, RosterEntry
from services.scheduling.domain.situations import Session
from services.scheduling.views.adopted_calendars import ADOPTED_CALENDARS
from services.scheduling.views.adopted_policies import ADOPTED_POLICIES
from services.scheduling.views.cases_heard import cases_heard
from services.scheduling.views.granted_roles import GRANTED_ROLES
from services.scheduling.views.observers import OBSERVERS
from services.scheduling.views.plans import PLANS_VIEW, plans
from services.scheduling.views.registered_tenants import REGISTERED_TENANTS, registered_tenants
from services.scheduling.views.sessions import SESSIONS_VIEW, sessions
from services.scheduling.views.units import UNITS_VIEW, units
from shared.eventstore import Aggregate, Recorded, UnitOfWork, View, reference, tables
from shared.tenancy import ancestors_and_self, effective, origins, parent

SERVICE = "scheduling"


_NAMED = 20
"""So many tenants are named where more stand in the way."""


async def _tenant_facts(
    connection: AsyncConnection, tenant_: str, id: str, command: tenant.Command
) -> tenant.Facts:
    """What keeps a tenant from being closed; is the tier above one that is registered closed."""
    match command:
        case tenant.RegisterTenant() if (above := parent(tenant_)) is not None:
            table = tables.tenants
            closed = sa.select(table.c.tenant).where(table.c.tenant == above, table.c.closed_on.is_not(None))
            return tenant.Facts(closed_above=await connection.scalar(closed))
        case tenant.CloseTenant():
            table = registered_tenants
            below = sa.select(table.c.tenant, sa.func.count().over().label("open")).where(
                table.c.tenant > f"{tenant_}.", table.c.tenant < f"{tenant_}/", table.c.closed_on.is_(None)
            )
            found = (await connection.execute(below.order_by(table.c.tenant).limit(_NAMED))).all()
            return tenant.Facts(
                open_cases=tuple(await _open_cases(connection, tenant_)),
                running_sessions=tuple(
                    await connection.scalars(
                        sa.select(sessions.c.session)
                        .where(sessions.c.tenant == tenant_, sessions.c.status.in_(("scheduled", "held")))
                        .order_by(sessions.c.plan_year, sessions.c.number)
                    )
                ),
                open_below=tuple(row.tenant for row in found),
                more_below=found[0].open - len(found) if found else 0,
            )
        case _:
            return tenant.Facts()


async def _open_cases(connection: AsyncConnection, tenant: str) -> list[str]:
    """The cases of the tenant that were not verified: those that rectification tells of, and those that minutes ask
    for of which it has not told yet. Review and rectification are heard in any order."""
    heard = await connection.execute(
        sa.select(cases_heard.c.case_id, cases_heard.c.verified_on).where(cases_heard.c.tenant == tenant)
    )
    verified = {row.case_id: row.verified_on for row in heard}
    asked = await connection.execute(
        sa.select(sessions.c.session, sessions.c.duties).where(sessions.c.tenant == tenant)
    )
    expected = {f"{row.session}-{unit}" for row in asked for unit in row.duties}
    return sorted(case for case in {*verified, *expected} if verified.get(case) is None)


async def _unit_facts(connection: AsyncConnection, tenant: str, id: str, command: unit.Command) -> unit.Facts:
    """What keeps a unit from being dissolved."""
    if not isinstance(command, unit.CloseUnit):
        return unit.Facts()
    stands = sa.or_(
        sessions.c.reporters.contains([{"unit": id}]), sessions.c.observers.contains([{"unit": id}])
    )
    coming = (
        sa.select(sessions.c.session)
        .where(sessions.c.tenant == tenant, sessions.c.status.in_(("drafted", "scheduled")), stands)
        .order_by(sessions.c.plan_year, sessions.c.number)
    )
    return unit.Facts(
        rostered_for=tuple(await connection.scalars(coming)),
        open_cases=tuple(one for one in await _open_cases(connection, tenant) if _of_unit(one, id)),
    )


def _of_unit(case: str, unit: str) -> bool:
    """A case is ``<year>-<number>-<unit>``: a unit's id may have hyphens itself."""
    return case.split("-", 2)[2:] == [unit]


async def _policy_facts(
    connection: AsyncConnection, tenant: str, id: str, command: policy.Command
) -> policy.Facts:
    """What the tiers above have adopted, as it holds on the day the new version is to hold."""
    above = parent(tenant)
    if above is None:
        return policy.Facts()
    path = ancestors_and_self(above)
    adopted = await reference.adopted_policies(connection, path)
    day = command.holds_from
    return policy.Facts(effective(path, adopted, day), origins(path, adopted, day))


async def _plan_facts(connection: AsyncConnection, tenant: str, id: str, command: plan.Command) -> plan.Facts:
    """The day the last minutes were sent, of a session without minutes yet the day it is held, and the rounds of
    the year whose people were called."""
    year = _year(id)
    if year is None:
        return plan.Facts()
    last = sa.func.coalesce(sessions.c.minutes_sent_on, sessions.c.held_on)
    called = sa.func.array_agg(sessions.c.number).filter(
        sessions.c.plan_year == year, sessions.c.held_on.is_not(None)
    )
    rows = await connection.execute(
        sa.select(
            sa.func.max(last).filter(sessions.c.plan_year < year).label("last"),
            sa.func.coalesce(called, sa.literal([], sa.ARRAY(sa.Integer))).label("called"),
        ).where(sessions.c.tenant == tenant, sessions.c.status != "cancelled")
    )
    found = rows.one()
    return plan.Facts(year=year, last_minutes_on=found.last, called=tuple(sorted(found.called)))


async def _calendar_facts(
    connection: AsyncConnection, tenant: str, id: str, command: calendar.Command
) -> calendar.Facts:
    """The year that the stream's id says."""
    return calendar.Facts(_year(id))


async def _access_facts(
    connection: AsyncConnection, tenant: str, id: str, command: access.Command
) -> access.Facts:
    """The id that the person's stream has."""
    return access.Facts(id)


def _year(id: str) -> int | None:
    return int(id) if id.isascii() and id.isdecimal() and len(id) == 4 else None


async def _session_facts(
    connection: AsyncConnection, tenant: str, id: str, command: asked.Command
) -> roster.Facts:
    """The registry, the other rosters and the year's plan: one row, however many there are of each."""
    if isinstance(command, _DECIDED_BY_ITSELF):
        return roster.Facts(session=id)
    year = id.partition("-")[0]
    rounds = sa.select(plans.c.rounds).where(plans.c.tenant == tenant, plans.c.stream == f"plan-{year}")
    rows = await connection.execute(
        sa.select(
            rounds.scalar_subquery().label("rounds"),
            registry(tenant).label("units"),
            rosters(tenant).label("sessions"),
        )
    )
    found = rows.one()
    return roster.Facts(
        session=id,
        units={row["unit"]: unit_of(row) for row in found.units},
        sessions=tuple(session_of(row) for row in found.sessions if row["session"] != id),
        rounds=None
        if found.rounds is None
        else {one["number"]: date.fromisoformat(one["planned_on"]) for one in found.rounds},
    )


_DECIDED_BY_ITSELF = (
    asked.NoteAttendance,
    asked.NoteAbsence,
    asked.NoteHeld,
    asked.NoteMinutes,
    asked.WaiveAbsence,
    asked.CancelSession,
)
"""Commands that need to know of nothing but their own session."""


def registry(tenant: str) -> Any:
    """The tenant's units, for ``unit_of``: a subquery for one column."""
    return _all(
        units,
        sa.true(),
        tenant,
        "unit",
        "name",
        "category",
        "official_order",
        "posts",
        "houses_offices",
        "valid_until",
    )


def rosters(tenant: str) -> Any:
    """The tenant's sessions that were not cancelled, for ``session_of``: a subquery for one column."""
    stands = sessions.c.status != "cancelled"
    return _all(sessions, stands, tenant, "session", "reporters", "held_on", "minutes_sent_on", "moved")


def _all(table: sa.Table, where: Any, tenant: str, *columns: str) -> Any:
    """Rows of the tenant in a view, as one JSON array of objects: a subquery for one column."""
    pairs = [part for name in columns for part in (sa.literal(name, sa.Text), table.c[name])]
    rows = sa.func.jsonb_agg(sa.func.jsonb_build_object(*pairs))
    none = sa.literal([], JSONB)
    return (
        sa.select(sa.func.coalesce(rows, none, type_=JSONB))
        .where(table.c.tenant == tenant, where)
        .scalar_subquery()
    )


def unit_of(row: dict[str, Any]) -> RegisteredUnit:
    """A row of ``registry`` as a roster knows it."""
    return RegisteredUnit(
        row["unit"],
        row["name"],
        row["category"],
        row["official_order"],
        tuple(Post(post["post"], post["title"], post["person"]) for post in row["posts"]),
        tuple(row["houses_offices"]),
        _day_or_none(row["valid_until"]),
    )


def session_of(row: dict[str, Any]) -> OtherSession:
    """A row of ``rosters`` as another roster knows it: lead reports are outside the rotation."""
    return OtherSession(
        row["session"],
        tuple(RosterEntry(one["unit"], one["post"]) for one in row["reporters"] if not one["lead"]),
        held_on=_day_or_none(row["held_on"]),
        minutes_sent_on=_day_or_none(row["minutes_sent_on"]),
        moved=tuple(one["unit"] for one in row["moved"]),
    )


def _day_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


async def _follow(recorded: Recorded[happened.Event], work: UnitOfWork) -> None:
    """What a session means for a later one: a unit that moves to its roster, an observer who did not come."""
    match recorded.event:
        case happened.ReporterSubstituted(out=out, reporter=reporter, moved_to=str() as later):
            move = asked.MoveReporterIn(out.unit, out.post, recorded.id, reporter.unit)
            await work.execute(SESSIONS, later, move)
        case happened.AttendanceNoted(unit, person, attended, reason, str() as later):
            note = asked.NoteAbsence(unit, person, recorded.id, attended, reason)
            await work.execute(SESSIONS, later, note)
        case _:
            return


TENANTS = Aggregate(
    kind="tenant",
    events=tenant.Event,
    initial=tenant.initial,
    decide=tenant.decide,
    evolve=tenant.evolve,
    views=(REGISTERED_TENANTS,),
    publish=published.of_tenant,
    facts=_tenant_facts,
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
    facts=_unit_facts,
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

CALENDARS = Aggregate(
    kind="calendar",
    events=calendar.Event,
    initial=calendar.initial,
    decide=calendar.decide,
    evolve=calendar.evolve,
    views=(ADOPTED_CALENDARS,),
    publish=published.of_calendar,
    facts=_calendar_facts,
)
"""Streams ``calendar-<year>``."""

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

SESSIONS: Aggregate[Session, asked.Command, happened.Event, roster.Facts] = Aggregate(
    kind="session",
    events=happened.Event,
    initial=session.initial,
    decide=session.decide,
    evolve=session.evolve,
    views=(SESSIONS_VIEW, OBSERVERS),
    publish=published.of_session,
    facts=_session_facts,
    then=_follow,
)
"""Streams ``session-<year>-<number>``."""

ACCESS = Aggregate(
    kind="access",
    events=access.Event,
    initial=access.initial,
    decide=access.decide,
    evolve=access.evolve,
    views=(GRANTED_ROLES,),
    publish=published.of_access,
    facts=_access_facts,
)
"""Streams ``access-<person>``."""

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (
    TENANTS,
    UNITS,
    POLICIES,
    CALENDARS,
    PLANS,
    SESSIONS,
    ACCESS,
)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = (
    (TENANTS, tenant.RegisterTenant),
    (TENANTS, tenant.RenameTenant),
    (TENANTS, tenant.CloseTenant),
    (UNITS, unit.RegisterUnit),
    (UNITS, unit.HandOverPost),
    (UNITS, unit.RenameUnit),
    (UNITS, unit.AddPost),
    (UNITS, unit.CloseUnit),
    (POLICIES, policy.AdoptPolicy),
    (CALENDARS, calendar.AdoptCalendar),
    (PLANS, plan.AdoptPlan),
    (PLANS, plan.AmendPlan),
    (SESSIONS, asked.RecordPastSession),
    (SESSIONS, asked.DraftRoster),
    (SESSIONS, asked.NameObservers),
    (SESSIONS, asked.WaiveAbsence),
    (SESSIONS, asked.ScheduleSession),
    (SESSIONS, asked.RescheduleSession),
    (SESSIONS, asked.CancelSession),
    (SESSIONS, asked.SubstituteReporter),
    (ACCESS, access.GrantRole),
    (ACCESS, access.RevokeRole),
)
"""What people may command over HTTP; who may, by role, is in shared.security."""

IN_BULK = ("import-registry", "open-tenant")
"""What people may command beside these, many commands in one transaction (in_bulk.py)."""

VIEWS: tuple[View, ...] = (
    REGISTERED_TENANTS,
    UNITS_VIEW,
    ADOPTED_POLICIES,
    ADOPTED_CALENDARS,
    PLANS_VIEW,
    SESSIONS_VIEW,
    OBSERVERS,
    GRANTED_ROLES,
)
"""What can be read over HTTP."""
