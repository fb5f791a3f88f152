"""待办: what a person has to do in a tenant, by when and why; and what happened there of late."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.domain.matters import Matters
from services.portal.domain.work import GROUPS, Asking, Task, asking, tasks
from services.portal.open_matters import AT_MOST, open_matters
from services.portal.site import Site
from services.portal.told import told_of, with_what_owners_tell
from services.portal.views.cases import case_heads
from services.portal.views.timeline import EVERY_CONTRACT, timeline
from services.portal.web.event_words import SERVICES
from services.portal.web.visit import Visit
from services.portal.web.work_words import EVENTS, GROUP_NAMES, TASKS, session_parts

LATE_LINES = 8
"""So much of what happened is shown."""

_PROGRESS = [
    one.__name__ for one in EVERY_CONTRACT if one.event_class == "progress" and one.__name__ in EVENTS
]
_CONTENT_OF_OFFICES = [name for name in EVENTS if name != "EvaluationPublished"]


def routes(site: Site) -> APIRouter:
    """``GET /t/{tenant}/work``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/t/{tenant}/work")
    async def work(visit: Annotated[Visit, Depends(site.visit)]) -> Response:
        governing = await visit.governing()
        who = asking(visit.actor, visit.today, governing.policy, governing.calendar)
        (matters, more, late), told, _ = await asyncio.gather(
            _read(visit, who), told_of(visit, who), site.notices.seen(visit)
        )
        matters = await with_what_owners_tell(visit, matters, who, told)
        found = tasks(matters, who)
        return site.page(
            visit,
            "work/list.html",
            groups=[(name, GROUP_NAMES[name], _in(name, found)) for name in GROUPS],
            words=TASKS,
            session_parts=session_parts,
            silent=[SERVICES[one] for one in sorted(told.silent)],
            more=more,
            at_most=AT_MOST,
            late=late,
            events=EVENTS,
            names={one.unit: one.unit_name for session in matters.sessions for one in session.reporters},
            count=sum(not one.waits for one in found),
        )

    return router


async def _read(visit: Visit, who: Asking) -> tuple[Matters, bool, Sequence[Any]]:
    async with visit.reading() as connection:
        matters, more = await open_matters(connection, visit.tenant, who)
        return matters, more, await _late(connection, visit, who)


def _in(group: str, found: Iterable[Task]) -> list[Task]:
    return [one for one in found if one.group == group]


async def _late(connection: AsyncConnection, visit: Visit, who: Asking) -> Sequence[Any]:
    """The last lines of the timeline that the person may see: progress; the offices also content, a unit its own."""
    table = timeline.c
    seen: sa.ColumnElement[bool] = table.event.in_(_PROGRESS)
    if who.roles & {"law_office", "party_office"}:
        seen = table.event.in_(_CONTENT_OF_OFFICES)
    elif who.roles & {"reporter", "liaison"} and who.unit is not None:
        seen = sa.or_(
            sa.and_(seen, sa.or_(table.unit.is_(None), table.unit == who.unit)),
            sa.and_(table.event.in_([*EVENTS]), table.unit == who.unit),
        )
    name = sa.func.coalesce(table.data["unit_name"].astext, case_heads.c.unit_name).label("unit_name")
    session = sa.func.coalesce(table.session, case_heads.c.session).label("session")
    query = (
        sa.select(table.event, table.on, session, table.unit, name)
        .outerjoin(case_heads, sa.and_(case_heads.c.tenant == table.tenant, case_heads.c.case == table.case))
        .where(table.tenant == visit.tenant, seen)
        .order_by(table.recorded_at.desc(), table.ledger_sequence.desc())
        .limit(LATE_LINES)
    )
    return (await connection.execute(query)).all()
