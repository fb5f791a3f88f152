"""What a clerk takes down while a leader speaks is seen by the Party office and that leader until the minutes are
signed (domain.md 1); the law office, which checks the requirements, sees these without the words."""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.review.views.comments import COMMENTS
from shared.decider import Actor
from shared.eventstore import tables
from shared.runtime.http import Withheld


def row(actor: Actor, view: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """A row as this actor sees it, None where it is not for them."""
    if view != COMMENTS.name or found["issued_on"] is not None or _may_read(actor, found["by"]):
        return found
    return found | {"text_ref": None} if "law_office" in actor.roles else None


async def text(connection: AsyncConnection, actor: Actor, tenant: str, ref: str, stream: str) -> bool:
    """Is a text withheld from this actor? The ledger is asked, for a note that was taken down again is in no view."""
    events = tables.events.c
    written = sa.select(events.data).where(
        events.tenant == tenant, events.stream == stream, events.name == "CommentRecorded"
    )
    notes = [json.loads(data) for data in await connection.scalars(written)]
    by = {note["by"] for note in notes if note["text"] is not None and note["text"]["ref"] == ref}
    if not by or any(_may_read(actor, one) for one in by):
        return False
    signed = sa.exists().where(
        events.tenant == tenant, events.stream == stream, events.name == "MinutesSigned"
    )
    return not await connection.scalar(sa.select(signed))


def _may_read(actor: Actor, by: str) -> bool:
    roles = actor.roles - actor.roles_from_above
    return "party_office" in roles or ("leader" in roles and actor.name == by)


WITHHELD = Withheld(row, text)
