"""Review as the kernel sees it: drafts, sessions, units; the commands open to people, its read models, its facts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.review import published
from services.review.domain import draft, minutes, session, unit
from services.review.domain import proceedings as room
from services.review.domain.facts import Facts
from services.review.views.comments import COMMENTS
from services.review.views.drafts import DRAFTS as DRAFTS_VIEW
from services.review.views.drafts import drafts
from services.review.views.proceedings import PROCEEDINGS, proceedings
from services.review.views.registered_units import REGISTERED_UNITS, known, registered_units
from shared.eventstore import Aggregate, Recorded, UnitOfWork, View, tables

SERVICE = "review"


# A draft must not change under a confirmed agenda, nor an agenda be confirmed over a changed draft. Each side
# reads the other's row FOR SHARE and then writes its own, so of two at once one waits, or is run again.


async def _draft_facts(
    connection: AsyncConnection, tenant: str, id: str, command: draft.Command
) -> draft.Facts:
    """Has the agenda of the draft's session been confirmed? Not over a draft that the chair passed over: its unit may
    go on writing until the session runs."""
    if not isinstance(command, draft.SubmitDraft):
        return draft.Facts()
    passed_over = proceedings.c.passed_over.has_key(drafts.c.unit)
    rows = await connection.execute(
        sa.select(proceedings.c.state, passed_over.label("passed_over"))
        .join(drafts, (drafts.c.tenant == proceedings.c.tenant) & (drafts.c.session == proceedings.c.session))
        .where(drafts.c.tenant == tenant, drafts.c.stream == f"draft-{id}")
        .with_for_update(read=True, of=proceedings)
    )
    row = rows.first()
    if row is None or row.state == "rostered" or (row.state == "agenda_confirmed" and row.passed_over):
        return draft.Facts()
    return draft.Facts(agenda_confirmed=True)


async def _session_facts(
    connection: AsyncConnection, tenant: str, id: str, command: session.Command
) -> Facts:
    """What the command at hand asks of other streams: one query."""
    match command:
        case session.ConfirmAgenda():
            return Facts(drafts=await _states_of_drafts(connection, tenant, id))
        case room.NoteBulletin():
            return Facts(round_before=await _round_before(connection, tenant, id))
        case room.RecordComment(requirements=requirements):
            named = {unit for one in requirements for unit in one.units}
            return Facts(units=await _units(connection, tenant, named))
        case minutes.CheckRequirements() | minutes.SendMinutes():
            return Facts(units=await _units(connection, tenant))
        case _:
            return Facts()


async def _states_of_drafts(connection: AsyncConnection, tenant: str, session_id: str) -> dict[str, str]:
    rows = await connection.execute(
        sa.select(drafts.c.unit, drafts.c.state)
        .where(drafts.c.tenant == tenant, drafts.c.session == session_id, drafts.c.state != "withdrawn")
        .with_for_update(read=True)
    )
    return {row.unit: row.state for row in rows}


async def _round_before(connection: AsyncConnection, tenant: str, session_id: str) -> str | None:
    """The session held last before this one, if its minutes went out from here and asked something of somebody: only
    then there is something to tell."""
    this = proceedings.alias("this")
    rows = await connection.execute(
        sa.select(proceedings.c.session, proceedings.c.state, proceedings.c.due_on)
        .join(this, (this.c.tenant == proceedings.c.tenant) & (this.c.held_on > proceedings.c.held_on))
        .where(
            proceedings.c.tenant == tenant,
            this.c.stream == f"session-{session_id}",
            proceedings.c.closed_on.is_not(None),
        )
        .order_by(proceedings.c.held_on.desc())
        .limit(1)
    )
    last = rows.first()
    return last.session if last is not None and last.state == "sent" and last.due_on else None


async def _units(
    connection: AsyncConnection, tenant: str, named: Collection[str] | None = None
) -> dict[str, unit.Known]:
    """The registered units of the tenant, or those of them that are named."""
    if named is not None and not named:
        return {}
    of = [registered_units.c.tenant == tenant]
    if named is not None:
        of.append(registered_units.c.stream.in_(f"unit-{one}" for one in named))
    rows = await connection.execute(sa.select(registered_units).where(*of))
    return {row.unit: known(row._mapping) for row in rows}


async def _blank_texts(recorded: Recorded[session.Event], work: UnitOfWork) -> None:
    """What a classified session may not leave behind: the texts go, their hashes stay in the chain."""
    match recorded.event:
        case minutes.MinutesDrafted(texts_blanked=refs) if refs:
            table = tables.texts
            mine = (table.c.tenant == recorded.tenant) & table.c.ref.in_(refs)
            await work.connection.execute(sa.update(table).where(mine).values(body=None))
        case _:
            pass


UNITS = Aggregate(
    kind="unit",
    events=unit.Event,
    initial=unit.initial,
    decide=unit.decide,
    evolve=unit.evolve,
    views=(REGISTERED_UNITS,),
)
"""Streams ``unit-<unit>``: the registry, as scheduling tells of it."""


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
    then=_blank_texts,
)
"""Streams ``session-<year>-<number>``: the session, and its minutes."""

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (UNITS, DRAFTS, SESSIONS)

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
    (SESSIONS, room.RecordGuest),
    (SESSIONS, room.MarkNotHeld),
    (SESSIONS, session.CloseSession),
    (SESSIONS, minutes.DraftMinutes),
    (SESSIONS, minutes.CheckRequirements),
    (SESSIONS, minutes.ConfirmWords),
    (SESSIONS, minutes.SignMinutes),
    (SESSIONS, minutes.NumberMinutes),
    (SESSIONS, minutes.SendMinutes),
    (SESSIONS, minutes.CorrectMinutes),
)
"""What people may command over HTTP; who may, by role, is in shared.security."""

VIEWS: tuple[View, ...] = (REGISTERED_UNITS, DRAFTS_VIEW, PROCEEDINGS, COMMENTS)
"""What can be read over HTTP."""
