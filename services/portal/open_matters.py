"""What is open in a tenant, read from the portal's own read models: for a page and for a notice alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.domain.matters import Case, Matters, Reporter, Session, Sheets
from services.portal.domain.work import VILLAGE, Asking
from services.portal.views.cases import (
    case_dates,
    case_feedbacks,
    case_heads,
    case_notices,
    case_standings,
    case_suspensions,
)
from services.portal.views.drafts import draft_standings, evaluations, post_handovers
from services.portal.views.sessions import (
    session_bulletins,
    session_calls,
    session_days,
    session_observers,
    session_reports,
    session_standings,
    session_substitutions,
)
from shared.calendar import YearNotPublished

AT_MOST = 50
"""So many cases of a kind are listed, the oldest first; the register has them all."""

RUNNING = ("open", "returned")
Houses = Mapping[tuple[str, str], frozenset[str]]


async def open_matters(connection: AsyncConnection, tenant: str, who: Asking) -> tuple[Matters, bool]:
    """What may concern the person, and whether there are more cases than are listed."""
    called = await _called(connection, tenant)
    houses = await _houses(connection, tenant)
    cases, more = await _cases(connection, tenant, who, houses)
    sheets = await _sheets(connection, tenant, who) if "organization_department" in who.roles else ()
    return Matters(await _sessions(connection, tenant, called), cases, sheets), more


# ---- sessions ----


async def _called(connection: AsyncConnection, tenant: str) -> Sequence[Any]:
    """Sessions that are called and whose minutes are not sent."""
    calls, days, standings = session_calls.c, session_days.c, session_standings.c
    query = (
        sa.select(calls.session, calls.reporters, calls.recorded_at, days.held_on, standings.state)
        .join_from(session_calls, session_days, _same(session_calls, session_days, "session"))
        .outerjoin(session_standings, _same(session_calls, session_standings, "session"))
        .where(calls.tenant == tenant, sa.func.coalesce(standings.state, "called") != "sent")
        .order_by(days.held_on, calls.session)
    )
    return (await connection.execute(query)).all()


async def _sessions(connection: AsyncConnection, tenant: str, called: Sequence[Any]) -> tuple[Session, ...]:
    names = [row.session for row in called]
    if not names:
        return ()

    async def rows(table: sa.Table, *order: str) -> Sequence[Any]:
        query = sa.select(table).where(table.c.tenant == tenant, table.c.session.in_(names))
        return (await connection.execute(query.order_by(*(table.c[name] for name in order)))).all()

    substitutions = await rows(session_substitutions, "ledger_sequence")
    drafts = {(row.session, row.unit): row for row in await rows(draft_standings)}
    observers = defaultdict[str, set[str]](set)
    for row in await rows(session_observers):
        observers[row.session].add(row.unit)
    told = {row.session for row in await rows(session_bulletins)}
    units = {one["unit"] for row in called for one in row.reporters}
    units |= {row.reporter["unit"] for row in substitutions}
    handovers = await _handovers(connection, tenant, units)
    found = []
    for row in called:
        roster = {one["unit"]: (one, row.recorded_at) for one in row.reporters}
        for other in substitutions:
            if other.session == row.session and roster.pop(other.unit_out, None):
                roster[other.reporter["unit"]] = (other.reporter, other.recorded_at)
        reporters = []
        for unit, (one, since) in roster.items():
            handover = handovers.get((unit, one["post"]))
            if handover is not None and handover.effective_on <= row.held_on:
                since = max(since, handover.recorded_at)
            draft = drafts.get((row.session, unit))
            reporters.append(_reporter(one, draft if draft and draft.recorded_at >= since else None))
        about = None
        if row.state is None and row.session not in told:
            about = await _round_before(connection, tenant, row.session, row.held_on)
        found.append(
            Session(
                session=row.session,
                held_on=row.held_on,
                state=row.state or "called",
                reporters=tuple(reporters),
                observers=frozenset(observers[row.session] - roster.keys()),
                bulletin_about=about,
            )
        )
    return tuple(found)


def _reporter(one: Mapping[str, Any], draft: Any) -> Reporter:
    return Reporter(
        unit=one["unit"],
        unit_name=one["unit_name"],
        category=one["category"],
        lead=one["lead"],
        houses=frozenset(one["houses_offices"]),
        draft=draft.state if draft is not None else "expected",
    )


async def _handovers(connection: AsyncConnection, tenant: str, units: Iterable[str]) -> dict[Any, Any]:
    table = post_handovers
    query = sa.select(table).where(table.c.tenant == tenant, table.c.unit.in_(sorted(units)))
    return {(row.unit, row.post): row for row in await connection.execute(query)}


async def _round_before(connection: AsyncConnection, tenant: str, session: str, held_on: date) -> str | None:
    """The last session before the day whose minutes made cases."""
    days, heads = session_days.c, case_heads.c
    made_cases = sa.exists().where(heads.tenant == tenant, heads.session == days.session)
    query = (
        sa.select(days.session)
        .where(days.tenant == tenant, days.session != session, days.held_on < held_on, made_cases)
        .order_by(days.held_on.desc())
        .limit(1)
    )
    found: str | None = await connection.scalar(query)
    return found


# ---- cases ----


async def _houses(connection: AsyncConnection, tenant: str) -> Houses:
    """The offices that units house, by session and unit, where there are any."""
    table = session_standings.c
    query = sa.select(table.session, table.houses).where(
        table.tenant == tenant, table.state == "sent", table.houses != sa.text("'{}'")
    )
    return {
        (row.session, unit): frozenset(offices)
        for row in await connection.execute(query)
        for unit, offices in row.houses.items()
    }


async def _cases(
    connection: AsyncConnection, tenant: str, who: Asking, houses: Houses
) -> tuple[tuple[Case, ...], bool]:
    found = dict[str, None]()
    more = False
    for among, condition, order in _asked_for(who, houses):
        case = case_standings.c.case
        query = sa.select(case).select_from(among).where(case_standings.c.tenant == tenant, condition)
        first = (await connection.scalars(query.order_by(order, case).limit(AT_MOST + 1))).all()
        more = more or len(first) > AT_MOST
        found |= dict.fromkeys(first[:AT_MOST])
    if not found:
        return (), False
    # What they look like is joined once, to those that were found: to plan that takes longer than to do it.
    looked_up = _JOINED.where(
        case_standings.c.tenant == tenant,
        case_standings.c.case == sa.any_(sa.literal([*found], ARRAY(sa.Text))),
    )
    rows = {row.case: row for row in await connection.execute(looked_up)}
    cases = (rows[case] for case in found if case in rows)
    return tuple(
        _case(row, houses.get((row.session, row.unit), frozenset()), who.today) for row in cases
    ), more


def _asked_for(
    who: Asking, houses: Houses
) -> Iterable[tuple[sa.FromClause, sa.ColumnElement[bool], sa.ColumnElement[Any]]]:
    """Which cases may hold a task for the person: where to look, for which, in which order they are listed. What they
    have to do about each is the rule's to say (domain/work.py)."""
    state, unit, since = case_standings.c.state, case_standings.c.unit, case_standings.c.on
    due_on, policy, roles = case_dates.c.due_on, who.policy, who.roles
    housing = sorted({one for (_, one) in houses})

    def acts(office: str) -> sa.ColumnElement[bool] | None:
        """Where the person's office may act for ``office``: everywhere, or about the units that house one."""
        if office in roles:
            return sa.true()
        return unit.in_(housing) if housing and roles & {"law_office", *_OFFICES} else None

    if roles & {"reporter", "liaison"} and who.unit is not None:
        yield _DATED, sa.and_(unit == who.unit, state != "completed"), due_on
    if offices := sorted(roles & {*_OFFICES}):
        missing = sa.or_(*(case_standings.c.offices_missing.contains([office]) for office in offices))
        yield case_standings, sa.and_(state == "awaiting_receipt", missing), since
    if (where := acts(policy.verifying_office)) is not None:
        yield case_standings, sa.and_(state == "awaiting_verification", where), since
    if (where := acts(policy.supervising_office)) is not None:
        running = sa.and_(state.in_(RUNNING), where)
        try:
            long_ago = who.calendar.working_days_before(who.today, policy.supervision_working_days)
        except YearNotPublished:
            long_ago = None
        if long_ago is not None:
            no_notice = case_notices.c.notice_number.is_(None)
            yield _NOTICED, sa.and_(running, due_on <= long_ago, no_notice), due_on
        with_notice = case_notices.c.notice_number.is_not(None)
        yield _NOTICED, sa.and_(running, with_notice), case_notices.c.reply_by
    if policy.village_short_form and roles & {*policy.village_entry_offices}:
        yield _OF_VILLAGES, sa.and_(state.in_(RUNNING), case_heads.c.category == VILLAGE), due_on


_OFFICES = ("party_office", "law_office", "organization_department", "supervision_office")


def _same(one: sa.Table, other: sa.Table, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.tenant == other.c.tenant, one.c[key] == other.c[key])


_DATED = sa.join(case_standings, case_dates, _same(case_standings, case_dates, "case"))
_NOTICED = _DATED.outerjoin(case_notices, _same(case_standings, case_notices, "case"))
_OF_VILLAGES = _DATED.join(case_heads, _same(case_standings, case_heads, "case"))
_JOINED = (
    sa.select(
        case_standings,
        case_heads.c.session,
        case_heads.c.unit_name,
        case_heads.c.category,
        case_dates.c.due_on,
        case_feedbacks.c.sent_on,
        case_suspensions.c.suspended_from,
        case_suspensions.c.suspended_until,
        case_notices.c.notice_number,
        case_notices.c.reply_by,
    )
    .join_from(case_standings, case_heads, _same(case_standings, case_heads, "case"))
    .join(case_dates, _same(case_standings, case_dates, "case"))
    .outerjoin(case_feedbacks, _same(case_standings, case_feedbacks, "case"))
    .outerjoin(case_suspensions, _same(case_standings, case_suspensions, "case"))
    .outerjoin(case_notices, _same(case_standings, case_notices, "case"))
)


def _case(row: Any, houses: frozenset[str], today: date) -> Case:
    stands = (
        row.suspended_until is not None
        and row.suspended_from <= today <= row.suspended_until < row.due_on
        and row.state in RUNNING
    )
    return Case(
        case=row.case,
        session=row.session,
        unit=row.unit,
        unit_name=row.unit_name,
        due_on=row.due_on,
        state=row.state,
        category=row.category,
        houses=houses,
        sent_on=row.sent_on,
        offices_missing=tuple(row.offices_missing),
        suspended_until=row.suspended_until if stands else None,
        notice_number=row.notice_number,
        reply_by=row.reply_by,
    )


# ---- the annual evaluation ----


async def _sheets(connection: AsyncConnection, tenant: str, who: Asking) -> tuple[Sheets, ...]:
    """Years whose cut-off has passed, with units that reported in them and whose sheet is not published."""
    reports, told = session_reports.c, evaluations.c
    published = sa.exists().where(
        told.tenant == tenant, told.year == reports.plan_year, told.unit == reports.unit
    )
    query = (
        sa.select(reports.plan_year, sa.func.count(sa.distinct(reports.unit)))
        .where(reports.tenant == tenant, sa.not_(published))
        .group_by(reports.plan_year)
        .order_by(reports.plan_year)
    )
    month, day = (int(part) for part in who.policy.evaluation_cutoff.split("-"))
    return tuple(
        Sheets(year, count)
        for year, count in await connection.execute(query)
        if (year, month, day) < (who.today.year, who.today.month, who.today.day)
    )


def with_extensions(matters: Matters, asked: Iterable[Case]) -> Matters:
    """The matters with the cases of which more time is asked, as their owner told."""
    cases = {case.case: case for case in matters.cases}
    for one in asked:
        cases[one.case] = replace(cases.get(one.case, one), extension_asked=True)
    return replace(matters, cases=tuple(cases.values()))
