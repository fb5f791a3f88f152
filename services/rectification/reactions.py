"""What this service does when review sends minutes or scheduling hands a post over."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from services.rectification.application import CASES, SERVICE
from services.rectification.domain.case import OpenCase, RecordHandover
from services.rectification.domain.situations import Item
from services.rectification.views.case_register import CASE_REGISTER
from shared.contracts.review import Excerpt, MinutesIssued
from shared.contracts.scheduling import PostHandedOver
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

reactions = Reactions(SERVICE)


@reactions.on(MinutesIssued)
async def open_cases(event: MinutesIssued, cause: Cause, work: UnitOfWork) -> None:
    """One case for each reporter of whom something was asked; praise only opens none (domain.md section 2)."""
    for excerpt in event.excerpts:
        if excerpt.items and excerpt.due_on is not None:
            await work.execute(
                CASES, f"{event.session}-{excerpt.unit}", _open_case(event, excerpt, excerpt.due_on)
            )


@reactions.on(PostHandedOver)
async def record_handovers(event: PostHandedOver, cause: Cause, work: UnitOfWork) -> None:
    """The duty stays with unit and post; each case still running shows who took over, and when."""
    register = CASE_REGISTER.table.c
    running = (
        sa.select(register.stream)
        .where(
            register.tenant == work.tenant,
            register.unit == event.unit,
            register.post == event.post,
            register.verified_on.is_(None),
        )
        .order_by(register.stream)
    )
    for stream in (await work.connection.execute(running)).scalars():
        handover = RecordHandover(event.title, event.to_person, event.effective_on)
        await work.execute(CASES, stream.removeprefix("case-"), handover)


def _open_case(event: MinutesIssued, excerpt: Excerpt, due_on: date) -> OpenCase:
    return OpenCase(
        session=event.session,
        plan_year=event.plan_year,
        unit=excerpt.unit,
        unit_name=excerpt.unit_name,
        post=excerpt.post,
        title=excerpt.title,
        person=excerpt.person,
        items=tuple(
            Item(item.item, item.task_line, item.comment, item.by, item.focus_area) for item in excerpt.items
        ),
        minutes=event.document_number,
        minutes_sent_on=event.sent_on,
        due_on=due_on,
        due_before_rolling=excerpt.due_before_rolling or due_on,
        due_provisional=excerpt.due_provisional,
    )
