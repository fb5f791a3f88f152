"""What this service does when scheduling sets a session or names an observer."""

from __future__ import annotations

from services.review.application import DRAFTS, SERVICE, SESSIONS
from services.review.domain.draft import ExpectDraft
from services.review.domain.roster import Observer, Reporter
from services.review.domain.session import ExpectObserver, OpenSession
from shared.contracts.scheduling import ObserverNamed, SessionScheduled
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

reactions = Reactions(SERVICE)


@reactions.on(SessionScheduled)
async def open_session(event: SessionScheduled, cause: Cause, work: UnitOfWork) -> None:
    """The session opens with its roster, and each reporter owes a draft: all or nothing."""
    reporters = tuple(
        Reporter(
            unit=reporter.unit,
            unit_name=reporter.unit_name,
            category=reporter.category,
            post=reporter.post,
            title=reporter.title,
            person=reporter.person,
            lead=reporter.lead,
        )
        for reporter in event.reporters
    )
    await work.execute(
        SESSIONS,
        event.session,
        OpenSession(event.session, event.plan_year, event.number, event.held_on, reporters),
    )
    for reporter in reporters:
        await work.execute(
            DRAFTS,
            f"{event.session}-{reporter.unit}",
            ExpectDraft(
                session=event.session,
                unit=reporter.unit,
                unit_name=reporter.unit_name,
                post=reporter.post,
                title=reporter.title,
                person=reporter.person,
                held_on=event.held_on,
            ),
        )


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
