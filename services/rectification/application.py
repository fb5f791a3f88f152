"""The service's aggregates, their read models, the facts they ask for, and the commands open to people over HTTP."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.rectification import published
from services.rectification.domain import bulletin, case, commands, events, evolve, holder, suspension
from services.rectification.domain.bulletin import CaseToTell, IssueBulletin
from services.rectification.domain.commands import (
    CloseSupervision,
    CorrectRecord,
    GrantExtension,
    NoteProgress,
    OpenSupervision,
    ReceiptFeedback,
    RecordInspection,
    RefuseExtension,
    RequestExtension,
    ReturnRectification,
    SubmitFeedback,
    SubmitShortForm,
    SuspendCase,
    VerifyRectification,
    WithdrawFeedback,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case
from services.rectification.domain.suspension import CasesSuspended, SuspendCases
from services.rectification.domain.upcasts import UPCASTS
from services.rectification.views.bulletins import BULLETINS_VIEW
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.handovers_heard import HANDOVERS_HEARD
from services.rectification.views.inspections import INSPECTIONS
from services.rectification.views.items import ITEMS
from services.rectification.views.progress_notes import PROGRESS_NOTES
from services.rectification.views.supervision_notices import SUPERVISION_NOTICES
from services.rectification.views.suspensions import SUSPENSIONS_VIEW
from shared.eventstore import Aggregate, Recorded, UnitOfWork, View

SERVICE = "rectification"


async def _case_facts(connection: AsyncConnection, tenant: str, id: str, command: commands.Command) -> Facts:
    """Only a new supervision notice asks: is its number taken?"""
    if not isinstance(command, OpenSupervision):
        return Facts()
    notices = SUPERVISION_NOTICES.table.c
    taken = sa.select(notices.stream).where(
        notices.tenant == tenant, notices.notice_number == command.notice_number
    )
    stream = await connection.scalar(taken.limit(1))
    return Facts(notice_taken_by=None if stream is None else stream.removeprefix("case-"))


async def _bulletin_facts(
    connection: AsyncConnection, tenant: str, id: str, command: bulletin.Command
) -> bulletin.Facts:
    """Every case of that session; of others what is unfinished, and what was finished since the last bulletin that
    carried cases on: it is told once more, as completed."""
    register, told = CASE_REGISTER.table.c, BULLETINS_VIEW.table.c
    last_told_on = sa.select(sa.func.max(told.issued_on)).where(told.tenant == tenant).scalar_subquery()
    of_that_session = register.session == command.about_session
    unfinished = register.verified_on.is_(None)
    query = (
        sa.select(register.stream, *(register[name] for name in _TOLD))
        .where(
            register.tenant == tenant,
            register.session != id,
            sa.or_(of_that_session, unfinished, register.verified_on >= last_told_on),
        )
        .order_by(
            sa.desc(of_that_session),
            register.minutes_sent_on,
            register.session,
            register.official_order,
            register.stream,
        )
    )
    cases = tuple(
        CaseToTell(
            row.stream.removeprefix("case-"), row.session, row.unit, row.unit_name, row.state, row.due_on
        )
        for row in await connection.execute(query)
    )
    return bulletin.Facts(session=id, cases=cases)


_TOLD = ("session", "unit", "unit_name", "state", "due_on")

CASES: Aggregate[Case, commands.Command, events.Event, Facts] = Aggregate(
    kind="case",
    events=events.Event,
    initial=evolve.initial,
    decide=case.decide,
    evolve=evolve.evolve,
    views=(CASE_REGISTER, ITEMS, SUPERVISION_NOTICES, INSPECTIONS, PROGRESS_NOTES),
    publish=published.of_a_case,
    deadlines=deadlines,
    facts=_case_facts,
    upcasts=UPCASTS,
)


async def _suspend_every_running_case(recorded: Recorded[CasesSuspended], work: UnitOfWork) -> None:
    """In the transaction of the decision, so that no case is left out and none is suspended by half."""
    register = CASE_REGISTER.table.c
    running = (
        sa.select(register.stream)
        .where(register.tenant == work.tenant, register.verified_on.is_(None))
        .order_by(register.stream)
    )
    decided = recorded.event
    suspend = SuspendCase(recorded.id, decided.suspended_from, decided.suspended_until)
    for stream in (await work.connection.execute(running)).scalars().all():
        await work.execute(CASES, stream.removeprefix("case-"), suspend)


SUSPENSIONS: Aggregate[suspension.Suspension, suspension.Command, suspension.Event, None] = Aggregate(
    kind="suspension",
    events=suspension.Event,
    initial=suspension.initial,
    decide=suspension.decide,
    evolve=suspension.evolve,
    views=(SUSPENSIONS_VIEW,),
    then=_suspend_every_running_case,
)

BULLETINS: Aggregate[bulletin.Bulletin, bulletin.Command, bulletin.Event, bulletin.Facts] = Aggregate(
    kind="bulletin",
    events=bulletin.Event,
    initial=bulletin.initial,
    decide=bulletin.decide,
    evolve=bulletin.evolve,
    views=(BULLETINS_VIEW,),
    publish=published.of_a_bulletin,
    facts=_bulletin_facts,
)

HOLDERS: Aggregate[holder.Holder, holder.Command, holder.Event, None] = Aggregate(
    kind="post",
    events=holder.Event,
    initial=holder.initial,
    decide=holder.decide,
    evolve=holder.evolve,
    views=(HANDOVERS_HEARD,),
)

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (CASES, SUSPENSIONS, BULLETINS, HOLDERS)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = (
    (CASES, NoteProgress),
    (CASES, SubmitFeedback),
    (CASES, SubmitShortForm),
    (CASES, WithdrawFeedback),
    (CASES, ReceiptFeedback),
    (CASES, VerifyRectification),
    (CASES, ReturnRectification),
    (CASES, RequestExtension),
    (CASES, GrantExtension),
    (CASES, RefuseExtension),
    (CASES, OpenSupervision),
    (CASES, CloseSupervision),
    (CASES, RecordInspection),
    (CASES, CorrectRecord),
    (SUSPENSIONS, SuspendCases),
    (BULLETINS, IssueBulletin),
)

VIEWS: tuple[View, ...] = (
    CASE_REGISTER,
    ITEMS,
    SUPERVISION_NOTICES,
    INSPECTIONS,
    PROGRESS_NOTES,
    SUSPENSIONS_VIEW,
    BULLETINS_VIEW,
)
