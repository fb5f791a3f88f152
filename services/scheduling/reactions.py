"""What scheduling does when another service has spoken: it notes when a session's minutes were sent."""

from __future__ import annotations

from services.scheduling.application import SERVICE, SESSIONS
from services.scheduling.domain.session import NoteMinutes
from shared.contracts.review import MinutesIssued
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

reactions = Reactions(SERVICE)


@reactions.on(MinutesIssued)
async def note_minutes(event: MinutesIssued, cause: Cause, work: UnitOfWork) -> None:
    """The next round's gap is counted from the day the minutes were sent (domain.md 1, step 1)."""
    await work.execute(SESSIONS, event.session, NoteMinutes(event.document_number, event.sent_on))
