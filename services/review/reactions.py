"""What this service does when scheduling has called, moved or changed a session, and when a bulletin is issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import sqlalchemy as sa

from services.review.application import DRAFTS, SERVICE, SESSIONS, UNITS
from services.review.domain.changes import (
    CancelSession,
    NoteHandover,
    RescheduleSession,
    SubstituteReporter,
)
from services.review.domain.draft import ExpectDraft, HandOverDraft, MoveDraft, WithdrawDraft
from services.review.domain.roster import Bulletin, Observer, Reporter
from services.review.domain.session import ExpectObserver, OpenSession, ReceiveBulletin
from services.review.domain.unit import Head, NoteHead, NoteName, NoteUnit
from services.review.views.drafts import drafts
from services.review.views.proceedings import proceedings
from shared.contracts import scheduling
from shared.contracts.rectification import BulletinIssued
from shared.contracts.scheduling import (
    ObserverNamed,
    PostHandedOver,
    ReporterSubstituted,
    SessionCancelled,
    SessionRescheduled,
    SessionScheduled,
    UnitRegistered,
    UnitRenamed,
)
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

T = TypeVar("T")

reactions = Reactions(SERVICE)

TO_COME = ("rostered", "agenda_confirmed", "running")
"""The states of a session at which somebody may still have to report."""


# The registry


@reactions.on(UnitRegistered)
async def note_unit(event: UnitRegistered, cause: Cause, work: UnitOfWork) -> None:
    """The minutes may name it, whether or not it is ever rostered."""
    noted = NoteUnit(
        name=event.name,
        category=event.category,
        official_order=event.official_order,
        houses_offices=tuple(event.houses_offices),
        heads=tuple(Head(post.post, post.title, post.person) for post in event.posts),
        citation=cause.citation,
    )
    await work.execute(UNITS, event.unit, noted)


@reactions.on(UnitRenamed)
async def note_name(event: UnitRenamed, cause: Cause, work: UnitOfWork) -> None:
    """What is sent from now on bears the new name."""
    await work.execute(UNITS, event.unit, NoteName(event.name, event.valid_from, cause.citation))


@reactions.on(PostHandedOver)
async def note_handover(event: PostHandedOver, cause: Cause, work: UnitOfWork) -> None:
    """The head reports, so it is the new one who reports at every session still to come, from a draft of their own."""
    noted = NoteHead(
        event.post, event.title, event.from_person, event.to_person, event.effective_on, cause.citation
    )
    await work.execute(UNITS, event.unit, noted)
    to_come = sa.select(proceedings.c.session).where(
        proceedings.c.tenant == work.tenant, proceedings.c.state.in_(TO_COME)
    )
    handover = NoteHandover(event.unit, event.post, event.title, event.to_person, event.effective_on)
    for session in await _all(to_come.order_by(proceedings.c.session), work):
        answer = await work.execute(SESSIONS, session, handover)
        if "ReporterChanged" in answer.events:
            handed_over = HandOverDraft(event.title, event.to_person, event.effective_on)
            await work.execute(DRAFTS, f"{session}-{event.unit}", handed_over)


# Sessions


@reactions.on(SessionScheduled)
async def open_session(event: SessionScheduled, cause: Cause, work: UnitOfWork) -> None:
    """The session opens with its roster, and each reporter owes a draft: all or nothing."""
    reporters = tuple(_reporter(one) for one in event.reporters)
    await work.execute(
        SESSIONS,
        event.session,
        OpenSession(event.session, event.plan_year, event.number, event.held_on, reporters),
    )
    for reporter in reporters:
        await _expect_draft(event.session, reporter, event.held_on, work)


@reactions.on(ObserverNamed)
async def expect_observer(event: ObserverNamed, cause: Cause, work: UnitOfWork) -> None:
    """The observer is expected, whether or not the session is open yet."""
    await work.execute(
        SESSIONS,
        event.session,
        ExpectObserver(
            Observer(
                unit=event.observer.unit,
                unit_name=event.observer.unit_name,
                post=event.observer.post,
                title=event.observer.title,
                person=event.observer.person,
                provisional_for=event.provisional_for,
            )
        ),
    )


@reactions.on(SessionRescheduled)
async def reschedule_session(event: SessionRescheduled, cause: Cause, work: UnitOfWork) -> None:
    """The session moves, and the dates of its drafts with it."""
    await work.execute(SESSIONS, event.session, RescheduleSession(event.held_on, event.reason))
    for draft in await _drafts_of(event.session, work):
        await work.execute(DRAFTS, draft, MoveDraft(event.held_on))


@reactions.on(SessionCancelled)
async def cancel_session(event: SessionCancelled, cause: Cause, work: UnitOfWork) -> None:
    """The session is called off, and nobody owes a draft for it."""
    await work.execute(SESSIONS, event.session, CancelSession(event.reason))
    for draft in await _drafts_of(event.session, work):
        await work.execute(DRAFTS, draft, WithdrawDraft("cancelled"))


@reactions.on(ReporterSubstituted)
async def substitute_reporter(event: ReporterSubstituted, cause: Cause, work: UnitOfWork) -> None:
    """The one unit's draft is withdrawn, and one is expected of the other."""
    reporter = _reporter(event.reporter)
    await work.execute(SESSIONS, event.session, SubstituteReporter(event.unit_out, reporter, event.reason))
    await work.execute(DRAFTS, f"{event.session}-{event.unit_out}", WithdrawDraft("substituted"))
    day = sa.select(proceedings.c.held_on).where(
        proceedings.c.tenant == work.tenant, proceedings.c.stream == f"session-{event.session}"
    )
    [held_on] = await _all(day, work)
    await _expect_draft(event.session, reporter, held_on, work)


@reactions.on(BulletinIssued)
async def receive_bulletin(event: BulletinIssued, cause: Cause, work: UnitOfWork) -> None:
    """It lies ready for the session at which it is to be told."""
    bulletin = Bulletin(event.bulletin, event.about_session, event.issued_on)
    await work.execute(SESSIONS, event.session, ReceiveBulletin(bulletin))


async def _expect_draft(session: str, reporter: Reporter, held_on: date, work: UnitOfWork) -> None:
    await work.execute(
        DRAFTS,
        f"{session}-{reporter.unit}",
        ExpectDraft(
            session=session,
            unit=reporter.unit,
            unit_name=reporter.unit_name,
            post=reporter.post,
            title=reporter.title,
            person=reporter.person,
            held_on=held_on,
            category=reporter.category,
            lead=reporter.lead,
            houses_offices=reporter.houses_offices,
        ),
    )


async def _drafts_of(session: str, work: UnitOfWork) -> Sequence[str]:
    """The ids of the drafts that were asked for, in a fixed order."""
    asked = sa.select(drafts.c.stream).where(drafts.c.tenant == work.tenant, drafts.c.session == session)
    return [stream.removeprefix("draft-") for stream in await _all(asked.order_by(drafts.c.stream), work)]


async def _all(query: sa.Select[T], work: UnitOfWork) -> Sequence[T]:
    return (await work.connection.scalars(query)).all()


def _reporter(reporter: scheduling.Reporter) -> Reporter:
    return Reporter(
        unit=reporter.unit,
        unit_name=reporter.unit_name,
        category=reporter.category,
        post=reporter.post,
        title=reporter.title,
        person=reporter.person,
        lead=reporter.lead,
        houses_offices=tuple(reporter.houses_offices),
        official_order=reporter.official_order,
    )
