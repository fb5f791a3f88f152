"""What scheduling does when others have spoken: who observed, that a session was held, when its minutes were sent; and
which cases run."""

from __future__ import annotations

from services.scheduling.application import SERVICE, SESSIONS
from services.scheduling.domain.session_commands import NoteAttendance, NoteHeld, NoteMinutes
from services.scheduling.views.cases_heard import CASES_HEARD
from shared.contracts.review import MinutesIssued, ObserverAttended, SessionHeld
from shared.eventstore import UnitOfWork
from shared.messaging import Cause, Reactions

reactions = Reactions(SERVICE, [CASES_HEARD])


@reactions.on(ObserverAttended)
async def note_attendance(event: ObserverAttended, cause: Cause, work: UnitOfWork) -> None:
    """An observer's absence is shown at the roster it was to come from (domain.md 2)."""
    command = NoteAttendance(event.unit, event.person, event.attended, event.reason)
    await work.execute(SESSIONS, event.session, command)


@reactions.on(SessionHeld)
async def note_held(event: SessionHeld, cause: Cause, work: UnitOfWork) -> None:
    """What was held is not rescheduled, cancelled or given another reporter."""
    await work.execute(SESSIONS, event.session, NoteHeld(event.held_on))


@reactions.on(MinutesIssued)
async def note_minutes(event: MinutesIssued, cause: Cause, work: UnitOfWork) -> None:
    """The next round's gap is counted from the day the minutes were sent (domain.md 1, step 1); of which units they
    ask something is known before rectification has said so."""
    duties = tuple(one.unit for one in event.excerpts if one.items and one.due_on is not None)
    await work.execute(SESSIONS, event.session, NoteMinutes(event.document_number, event.sent_on, duties))
