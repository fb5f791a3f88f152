"""Review as the kernel sees it: drafts and sessions, the commands open to people, its read models, its facts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.review import published
from services.review.domain import draft, minutes, session
from services.review.domain import proceedings as room
from services.review.views.comments import COMMENTS
from services.review.views.drafts import DRAFTS as DRAFTS_VIEW
from services.review.views.drafts import drafts
from services.review.views.proceedings import PROCEEDINGS, proceedings
from shared.eventstore import Aggregate, View

SERVICE = "review"


# A draft must not change under a confirmed agenda, nor an agenda be confirmed over a changed draft. Each side
# reads the other's row FOR SHARE and then writes its own, so of two at once one waits, or is run again.


async def _draft_facts(
    connection: AsyncConnection, tenant: str, id: str, command: draft.Command
) -> draft.Facts:
    """Has the agenda of the draft's session been confirmed?"""
    if not isinstance(command, draft.SubmitDraft):
        return draft.Facts()
    state = await connection.scalar(
        sa.select(proceedings.c.state)
        .join(drafts, (drafts.c.tenant == proceedings.c.tenant) & (drafts.c.session == proceedings.c.session))
        .where(drafts.c.tenant == tenant, drafts.c.stream == f"draft-{id}")
        .with_for_update(read=True, of=proceedings)
    )
    return draft.Facts(agenda_confirmed=state not in (None, "rostered"))


async def _session_facts(
    connection: AsyncConnection, tenant: str, id: str, command: session.Command
) -> session.Facts:
    """How far is each draft of the session?"""
    if not isinstance(command, session.ConfirmAgenda):
        return session.Facts()
    rows = await connection.execute(
        sa.select(drafts.c.unit, drafts.c.state)
        .where(drafts.c.tenant == tenant, drafts.c.session == id)
        .with_for_update(read=True)
    )
    return session.Facts(drafts={row.unit: row.state for row in rows})


DRAFTS = Aggregate(
    kind="draft",
    events=draft.Event,
    initial=draft.initial,
    decide=draft.decide,
    evolve=draft.evolve,
    views=(DRAFTS_VIEW,),
    publish=published.of_draft,
    facts=_draft_facts,
)
"""Streams ``draft-<session>-<unit>``."""

SESSIONS = Aggregate(
    kind="session",
    events=session.Event,
    initial=session.initial,
    decide=session.decide,
    evolve=session.evolve,
    views=(PROCEEDINGS, COMMENTS),
    publish=published.of_session,
    facts=_session_facts,
)
"""Streams ``session-<year>-<number>``: the session, and its minutes."""

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (DRAFTS, SESSIONS)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = (
    (DRAFTS, draft.SubmitDraft),
    (DRAFTS, draft.ReturnDraft),
    (DRAFTS, draft.ApproveDraft),
    (SESSIONS, session.ConfirmAgenda),
    (SESSIONS, session.ReopenAgenda),
    (SESSIONS, room.NoteBulletin),
    (SESSIONS, room.RecordSpeech),
    (SESSIONS, room.RecordSupplement),
    (SESSIONS, room.RecordComment),
    (SESSIONS, room.RecordAttendance),
    (SESSIONS, room.MarkNotHeld),
    (SESSIONS, session.CloseSession),
    (SESSIONS, minutes.DraftMinutes),
    (SESSIONS, minutes.CheckRequirements),
    (SESSIONS, minutes.ConfirmWords),
    (SESSIONS, minutes.SignMinutes),
    (SESSIONS, minutes.NumberMinutes),
    (SESSIONS, minutes.SendMinutes),
)
"""What people may command over HTTP; who may, by role, is in shared.security."""

VIEWS: tuple[View, ...] = (DRAFTS_VIEW, PROCEEDINGS, COMMENTS)
"""What can be read over HTTP."""
