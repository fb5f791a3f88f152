"""What this service does when review sends or corrects minutes, scheduling hands a post over or adopts a calendar."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from services.rectification.application import CASES, HOLDERS, SERVICE
from services.rectification.domain.commands import ConfirmDueDate, CorrectItems, OpenCase, RecordHandover
from services.rectification.domain.holder import HearHandover
from services.rectification.domain.situations import Item
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.handovers_heard import HANDOVERS_HEARD
from shared.contracts.review import Excerpt, MinutesCorrected, MinutesIssued
from shared.contracts.scheduling import CalendarAdopted, PostHandedOver
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

reactions = Reactions(SERVICE)


@reactions.on(MinutesIssued)
async def open_cases(event: MinutesIssued, cause: Cause, work: UnitOfWork) -> None:
    """One case for each unit of which something was asked; praise only opens none (domain.md section 2).

    The excerpt names who held the post on the day of the session. Who took it over since then, as far as it was
    heard before the minutes were, is recorded at once: the two facts come from two services, in any order.
    """
    for excerpt in event.excerpts:
        if excerpt.items and excerpt.due_on is not None:
            case = f"{event.session}-{excerpt.unit}"
            await work.execute(CASES, case, _open_case(event, excerpt, excerpt.due_on))
            for handover in await _handovers_since(event.held_on, excerpt, work):
                await work.execute(CASES, case, handover)


@reactions.on(MinutesCorrected)
async def correct_items(event: MinutesCorrected, cause: Cause, work: UnitOfWork) -> None:
    """The cases that were opened by these minutes get the lines as they now read; no case opens or ends by it, and
    no date moves."""
    for excerpt in event.excerpts:
        correction = CorrectItems(
            items=_items(excerpt),
            document_number=event.document_number,
            reason=event.reason,
            corrected_on=event.corrected_on,
        )
        await work.execute(CASES, f"{event.session}-{excerpt.unit}", correction)


@reactions.on(PostHandedOver)
async def record_handovers(event: PostHandedOver, cause: Cause, work: UnitOfWork) -> None:
    """The duty stays with unit and post; each case still running shows who took over, and when. It is kept for
    cases whose minutes are heard later."""
    heard = HearHandover(
        event.unit, event.post, event.title, event.from_person, event.to_person, event.effective_on
    )
    await work.execute(HOLDERS, f"{event.unit}-{event.post}", heard)
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
    for stream in (await work.connection.execute(running)).scalars().all():
        handover = RecordHandover(event.title, event.to_person, event.effective_on)
        await work.execute(CASES, stream.removeprefix("case-"), handover)


@reactions.on(CalendarAdopted)
async def confirm_due_dates(event: CalendarAdopted, cause: Cause, work: UnitOfWork) -> None:
    """Every provisional date of the tenant that adopted the calendar is confirmed or moved now. In the tenants below
    it, whose ledgers another transaction writes, it is by the first command or deadline of the case."""
    register = CASE_REGISTER.table.c
    provisional = (
        sa.select(register.stream)
        .where(
            register.tenant == work.tenant,
            register.due_provisional,
            register.verified_on.is_(None),
        )
        .order_by(register.stream)
    )
    for stream in (await work.connection.execute(provisional)).scalars().all():
        await work.execute(CASES, stream.removeprefix("case-"), ConfirmDueDate())


async def _handovers_since(held_on: date, excerpt: Excerpt, work: UnitOfWork) -> list[RecordHandover]:
    heard = HANDOVERS_HEARD.table.c
    since = (
        sa.select(heard.title, heard.to_person, heard.effective_on)
        .where(
            heard.tenant == work.tenant,
            heard.unit == excerpt.unit,
            heard.post == excerpt.post,
            heard.effective_on > held_on,
        )
        .order_by(heard.effective_on, heard.place)
    )
    return [
        RecordHandover(row.title, row.to_person, row.effective_on)
        for row in await work.connection.execute(since)
    ]


def _open_case(event: MinutesIssued, excerpt: Excerpt, due_on: date) -> OpenCase:
    return OpenCase(
        session=event.session,
        plan_year=event.plan_year,
        unit=excerpt.unit,
        unit_name=excerpt.unit_name,
        post=excerpt.post,
        title=excerpt.title,
        person=excerpt.person,
        items=_items(excerpt),
        minutes=event.document_number,
        minutes_sent_on=event.sent_on,
        due_on=due_on,
        due_before_rolling=excerpt.due_before_rolling or due_on,
        due_provisional=excerpt.due_provisional,
        category=excerpt.category,
        official_order=excerpt.official_order,
        houses_offices=tuple(excerpt.houses_offices),
        classified=event.classified,
    )


def _items(excerpt: Excerpt) -> tuple[Item, ...]:
    return tuple(
        Item(item.item, item.task_line, item.comment, item.by, item.focus_area) for item in excerpt.items
    )
