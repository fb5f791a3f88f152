"""What evaluation does when another service has spoken: each fact that counts is noted on the sheet of its year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.evaluation.application import SERVICE, SESSIONS, SHEETS, TENANTS, UNITS
from services.evaluation.domain.notes import (
    Because,
    NoteCorrection,
    NoteDuty,
    NoteHandover,
    NoteReport,
    NoteRoster,
    NoteStep,
    NoteVerified,
    NoteWithdrawal,
    Step,
)
from services.evaluation.domain.policies import year_of
from services.evaluation.domain.session import NoteCancelled, NoteHeld, NoteMoved, NoteScheduled
from services.evaluation.domain.tenant import NoteTenant
from services.evaluation.domain.unit import NoteEnd, NoteHolder, NoteName, NoteUnit, Post
from services.evaluation.views.coverage_reports import coverage_reports
from services.evaluation.views.sheet_cases import sheet_cases
from services.evaluation.views.sheets import sheets
from shared.contracts.rectification import (
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    RecordCorrected,
    RectificationDateConfirmed,
    RectificationDue,
    RectificationExtended,
    RectificationItemsCorrected,
    RectificationOverdue,
    RectificationReturned,
    RectificationSuspended,
    RectificationVerified,
    SupervisionClosed,
    SupervisionOpened,
)
from shared.contracts.review import ReportDelivered, SessionHeld
from shared.contracts.scheduling import (
    PostAdded,
    PostHandedOver,
    Reporter,
    ReporterSubstituted,
    SessionCancelled,
    SessionRescheduled,
    SessionScheduled,
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
    UnitClosed,
    UnitRegistered,
    UnitRenamed,
)
from shared.decider import Refused
from shared.eventstore import UnitOfWork
from shared.eventstore.reference import adopted_policies
from shared.messaging import Cause, Reactions
from shared.tenancy import ancestors_and_self, effective

reactions = Reactions(SERVICE)


# The registry


@reactions.on(TenantRegistered)
async def note_tenant(event: TenantRegistered, cause: Cause, work: UnitOfWork) -> None:
    """Every tenant is counted in the coverage of the tiers above it."""
    noted = NoteTenant(event.name, event.tier, event.official_order, cause.citation)
    await work.execute(TENANTS, "self", noted)


@reactions.on(TenantRenamed)
async def note_tenants_name(event: TenantRenamed, cause: Cause, work: UnitOfWork) -> None:
    """Coverage lists tenants by the names they bear."""
    noted = NoteTenant(event.name, event.tier, event.official_order, cause.citation)
    await work.execute(TENANTS, "self", noted)


@reactions.on(TenantClosed)
async def note_closing(event: TenantClosed, cause: Cause, work: UnitOfWork) -> None:
    """A tenant is counted in the years in which it was open."""
    noted = NoteTenant(event.name, event.tier, event.official_order, cause.citation, event.closed_on)
    await work.execute(TENANTS, "self", noted)


@reactions.on(UnitRegistered)
async def note_unit(event: UnitRegistered, cause: Cause, work: UnitOfWork) -> None:
    """Every unit of the registry has a sheet each year, be it only to say that nothing applies."""
    posts = tuple(Post(post.post, post.title, post.person) for post in event.posts)
    noted = NoteUnit(
        event.name, event.category, event.official_order, event.valid_from, posts, cause.citation
    )
    await work.execute(UNITS, event.unit, noted)


@reactions.on(UnitRenamed)
async def note_name(event: UnitRenamed, cause: Cause, work: UnitOfWork) -> None:
    """Names have dates of validity (domain.md 2)."""
    await work.execute(UNITS, event.unit, NoteName(event.name, event.valid_from, cause.citation))


@reactions.on(PostAdded)
async def note_post(event: PostAdded, cause: Cause, work: UnitOfWork) -> None:
    """A new post has a head who is to report: there is nobody before them."""
    holder = NoteHolder(event.post, event.title, event.person, event.since, cause.citation)
    await work.execute(UNITS, event.unit, holder)


@reactions.on(UnitClosed)
async def note_end(event: UnitClosed, cause: Cause, work: UnitOfWork) -> None:
    """The heads of a dissolved unit are counted in the years in which it was there."""
    await work.execute(UNITS, event.unit, NoteEnd(event.valid_until, cause.citation))


@reactions.on(PostHandedOver)
async def note_handover(event: PostHandedOver, cause: Cause, work: UnitOfWork) -> None:
    """A handover is noted on the sheet of its year, and on each earlier one with a matter still open: what lies
    before it is not the successor's (domain.md 1, step 11)."""
    holder = NoteHolder(event.post, event.title, event.to_person, event.effective_on, cause.citation)
    await work.execute(UNITS, event.unit, holder)
    handover = NoteHandover(
        event.post, event.title, event.from_person, event.to_person, event.effective_on, cause.citation
    )
    years = {event.effective_on.year, *await _years_with_something_open(event.unit, work)}
    for year in sorted(years):
        await work.execute(SHEETS, f"{year}-{event.unit}", handover)


# Sessions and reports


@reactions.on(SessionScheduled)
async def note_roster(event: SessionScheduled, cause: Cause, work: UnitOfWork) -> None:
    """Who is rostered has a report to give: until it is given the line is open, not inapplicable."""
    await work.execute(SESSIONS, event.session, NoteScheduled(event.plan_year, event.held_on, cause.citation))
    for reporter in event.reporters:
        await _note_roster(event.session, event.plan_year, reporter, cause, work)


@reactions.on(ReporterSubstituted)
async def note_substitution(event: ReporterSubstituted, cause: Cause, work: UnitOfWork) -> None:
    """Another unit steps in: the report is expected of it, and of the first one no more at that session. Another head
    of the same unit leaves the line where it is."""
    for sheet in await _sheets_of_session(event.session, work, unit=event.unit_out):
        if event.reporter.unit != event.unit_out:
            await _note_withdrawal(sheet, event.session, "substituted", cause, work)
        await _note_roster(event.session, int(sheet.partition("-")[0]), event.reporter, cause, work)


@reactions.on(SessionRescheduled)
async def note_move(event: SessionRescheduled, cause: Cause, work: UnitOfWork) -> None:
    await work.execute(SESSIONS, event.session, NoteMoved(event.held_on, cause.citation))


@reactions.on(SessionCancelled)
async def note_cancellation(event: SessionCancelled, cause: Cause, work: UnitOfWork) -> None:
    """No report is expected at a session that is not to be held."""
    await work.execute(SESSIONS, event.session, NoteCancelled(cause.citation))
    for sheet in await _sheets_of_session(event.session, work):
        await _note_withdrawal(sheet, event.session, "cancelled", cause, work)


@reactions.on(SessionHeld)
async def note_held(event: SessionHeld, cause: Cause, work: UnitOfWork) -> None:
    await work.execute(SESSIONS, event.session, NoteHeld(event.plan_year, event.held_on, cause.citation))


@reactions.on(ReportDelivered)
async def note_report(event: ReportDelivered, cause: Cause, work: UnitOfWork) -> None:
    """A report counts in the plan year of its session, whenever that was held (domain.md 1, step 11)."""
    noted = NoteReport(
        event.session, event.post, event.person, event.held_on, cause.citation, lead=event.lead
    )
    await work.execute(SHEETS, f"{event.plan_year}-{event.unit}", noted)


# Rectification


@reactions.on(RectificationDue)
async def note_duty(event: RectificationDue, cause: Cause, work: UnitOfWork) -> None:
    """A rectification counts in the year in which it is first due, by the cut-off of the tenant's policy
    (domain.md 1, step 11)."""
    noted = NoteDuty(
        event.case, event.post, event.person, event.due_on, event.sent_on, citation=cause.citation
    )
    sheet = await _known_sheet_of(event.case, work)
    if sheet is None:
        path = ancestors_and_self(work.tenant)
        policy = effective(path, await adopted_policies(work.connection, path), cause.business_date)
        sheet = f"{year_of(event.due_on, policy)}-{event.unit}"
    await work.execute(SHEETS, sheet, noted)


@reactions.on(FeedbackSubmitted)
async def note_feedback(event: FeedbackSubmitted, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "fed_back", event.sent_on, cause, work)


@reactions.on(FeedbackWithdrawn)
async def note_withdrawn_feedback(event: FeedbackWithdrawn, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "feedback_withdrawn", event.withdrawn_on, cause, work)


@reactions.on(FeedbackReceipted)
async def note_receipt(event: FeedbackReceipted, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "receipted", event.receipted_on, cause, work)


@reactions.on(RectificationReturned)
async def note_return(event: RectificationReturned, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "returned", event.returned_on, cause, work)


@reactions.on(RectificationExtended)
async def note_extension(event: RectificationExtended, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "extended", event.granted_on, cause, work)


@reactions.on(RectificationSuspended)
async def note_suspension(event: RectificationSuspended, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "suspended", event.suspended_from, cause, work)


@reactions.on(RectificationDateConfirmed)
async def note_confirmed_date(event: RectificationDateConfirmed, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "date_confirmed", event.confirmed_on, cause, work)


@reactions.on(RectificationItemsCorrected)
async def note_corrected_items(event: RectificationItemsCorrected, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "items_corrected", event.corrected_on, cause, work)


@reactions.on(SupervisionOpened)
async def note_supervision(event: SupervisionOpened, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "supervision_opened", event.opened_on, cause, work)


@reactions.on(SupervisionClosed)
async def note_end_of_supervision(event: SupervisionClosed, cause: Cause, work: UnitOfWork) -> None:
    await _note_step(event.case, "supervision_closed", event.closed_on, cause, work)


@reactions.on(RectificationOverdue)
async def note_overdue(event: RectificationOverdue, cause: Cause, work: UnitOfWork) -> None:
    """The day of the fact is the day that was missed: whoever took the post on the next did not miss it."""
    await _note_step(event.case, "overdue", event.due_on, cause, work)


@reactions.on(RectificationVerified)
async def note_verified(event: RectificationVerified, cause: Cause, work: UnitOfWork) -> None:
    noted = NoteVerified(event.case, event.on_time, event.verified_on, cause.citation)
    await work.execute(SHEETS, await _sheet_of(event.case, work), noted)


@reactions.on(RecordCorrected)
async def note_correction(event: RecordCorrected, cause: Cause, work: UnitOfWork) -> None:
    """Finished late stays late, unless an erroneous record is corrected (domain.md 2)."""
    noted = NoteCorrection(event.case, event.on_time, event.corrected_on, cause.citation)
    await work.execute(SHEETS, await _sheet_of(event.case, work), noted)


async def _note_roster(
    session: str, plan_year: int, reporter: Reporter, cause: Cause, work: UnitOfWork
) -> None:
    noted = NoteRoster(session, reporter.post, reporter.person, cause.citation, lead=reporter.lead)
    await work.execute(SHEETS, f"{plan_year}-{reporter.unit}", noted)


async def _note_withdrawal(
    sheet: str, session: str, because: Because, cause: Cause, work: UnitOfWork
) -> None:
    await work.execute(SHEETS, sheet, NoteWithdrawal(session, because, cause.citation))


async def _note_step(case: str, step: Step, on: date, cause: Cause, work: UnitOfWork) -> None:
    await work.execute(SHEETS, await _sheet_of(case, work), NoteStep(case, step, on, cause.citation))


async def _sheet_of(case: str, work: UnitOfWork) -> str:
    """The id of the sheet on which the case fell due. Events of a case come after its RectificationDue, in the
    order of one ledger: a case without a sheet is a fault, and the event is parked."""
    sheet = await _known_sheet_of(case, work)
    if sheet is None:
        raise Refused("evaluation.case-unknown", case=case)
    return sheet


async def _known_sheet_of(case: str, work: UnitOfWork) -> str | None:
    await work.enter()
    known = sa.select(sheet_cases.c.stream).where(
        sheet_cases.c.tenant == work.tenant, sheet_cases.c.case == case
    )
    stream: str | None = await work.connection.scalar(known)
    return None if stream is None else stream.removeprefix("sheet-")


async def _sheets_of_session(session: str, work: UnitOfWork, unit: str | None = None) -> Sequence[str]:
    """The ids of the sheets on which a report to the session is expected, of one unit or of all."""
    await work.enter()
    table = coverage_reports
    known = sa.select(table.c.stream).where(table.c.tenant == work.tenant, table.c.session == session)
    if unit is not None:
        known = known.where(table.c.unit == unit)
    return [
        stream.removeprefix("sheet-") for stream in await work.connection.scalars(known.order_by("stream"))
    ]


async def _years_with_something_open(unit: str, work: UnitOfWork) -> Sequence[int]:
    await work.enter()
    some_open = sheets.c.lines.contains(sa.literal([{"state": "open"}], JSONB))
    known = sa.select(sheets.c.year).where(sheets.c.tenant == work.tenant, sheets.c.unit == unit, some_open)
    return (await work.connection.scalars(known)).all()
