"""What evaluation does when another service has spoken: each fact that counts is noted on the sheet of its year."""

from __future__ import annotations

import sqlalchemy as sa

from services.evaluation.application import SERVICE, SHEETS, UNITS
from services.evaluation.domain.sheet import (
    NoteDuty,
    NoteReport,
    NoteRoster,
    NoteStep,
    NoteVerified,
    Step,
)
from services.evaluation.domain.unit import NoteUnit
from services.evaluation.views.sheet_cases import sheet_cases
from shared.contracts.rectification import (
    FeedbackReceipted,
    FeedbackSubmitted,
    RectificationDue,
    RectificationExtended,
    RectificationOverdue,
    RectificationReturned,
    RectificationVerified,
)
from shared.contracts.review import ReportDelivered
from shared.contracts.scheduling import SessionScheduled, UnitRegistered
from shared.decider import Refused
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

reactions = Reactions(SERVICE)


@reactions.on(UnitRegistered)
async def note_unit(event: UnitRegistered, cause: Cause, work: UnitOfWork) -> None:
    """Every unit of the registry has a sheet each year, be it only to say that nothing applies."""
    noted = NoteUnit(event.name, event.category, event.official_order, cause.citation)
    await work.execute(UNITS, event.unit, noted)


@reactions.on(SessionScheduled)
async def note_roster(event: SessionScheduled, cause: Cause, work: UnitOfWork) -> None:
    """Who is rostered has a report to give: until it is given the line is open, not inapplicable."""
    for reporter in event.reporters:
        noted = NoteRoster(event.session, cause.citation)
        await work.execute(SHEETS, f"{event.plan_year}-{reporter.unit}", noted)


@reactions.on(ReportDelivered)
async def note_report(event: ReportDelivered, cause: Cause, work: UnitOfWork) -> None:
    """A report counts in the plan year of its session, whenever that was held (domain.md 1, step 11)."""
    noted = NoteReport(event.session, cause.citation)
    await work.execute(SHEETS, f"{event.plan_year}-{event.unit}", noted)


@reactions.on(RectificationDue)
async def note_duty(event: RectificationDue, cause: Cause, work: UnitOfWork) -> None:
    """A rectification counts in the year in which it is first due (domain.md 1, step 11)."""
    noted = NoteDuty(event.case, event.due_on, cause.citation)
    await work.execute(SHEETS, f"{event.due_on.year}-{event.unit}", noted)


@reactions.on(FeedbackSubmitted)
async def note_feedback(event: FeedbackSubmitted, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "fed_back", cause, work)


@reactions.on(FeedbackReceipted)
async def note_receipt(event: FeedbackReceipted, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "receipted", cause, work)


@reactions.on(RectificationReturned)
async def note_return(event: RectificationReturned, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "returned", cause, work)


@reactions.on(RectificationExtended)
async def note_extension(event: RectificationExtended, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "extended", cause, work)


@reactions.on(RectificationOverdue)
async def note_overdue(event: RectificationOverdue, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "overdue", cause, work)


@reactions.on(RectificationVerified)
async def note_verified(event: RectificationVerified, cause: Cause, work: UnitOfWork) -> None:
    sheet = await _sheet_of(event.case, work)
    await work.execute(SHEETS, sheet, NoteVerified(event.case, event.on_time, cause.citation))


async def _note_step(case: str, step: Step, cause: Cause, work: UnitOfWork) -> None:
    await work.execute(SHEETS, await _sheet_of(case, work), NoteStep(case, step, cause.citation))


async def _sheet_of(case: str, work: UnitOfWork) -> str:
    """The id of the sheet on which the case fell due. Events of a case come after its RectificationDue, in the
    order of one ledger: a case without a sheet is a fault, and the event is parked."""
    await work.enter()
    known = sa.select(sheet_cases.c.stream).where(
        sheet_cases.c.tenant == work.tenant, sheet_cases.c.case == case
    )
    stream: str | None = await work.connection.scalar(known)
    if stream is None:
        raise Refused("evaluation.case-unknown", case=case)
    return stream.removeprefix("sheet-")
