"""HTTP beyond the generic routes: what passes to the office that stands in for the law office, and nothing else."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.review.views.comments import comments
from services.review.views.drafts import drafts
from services.review.views.proceedings import proceedings
from services.review.views.registered_units import registered_units
from shared.decider import Actor, refuse_if
from shared.eventstore import EventStore, tables
from shared.eventstore.reference import adopted_policies
from shared.runtime.gate import Gate
from shared.runtime.problems import Problem
from shared.security.permissions import NotPermitted, Permitted, may_read
from shared.tenancy import ancestors_and_self, effective


class EntrustedDraft(BaseModel):
    """A draft of the unit that houses the law office, with its newest text."""

    stream: str
    session: str
    unit: str
    unit_name: str
    person: str
    held_on: date
    approve_by: date
    state: str
    revision: int
    characters: int | None
    length: str | None
    text: str | None


class EntrustedRequirement(BaseModel):
    """A requirement to such a unit, in minutes that are drafted; ``units`` are those of it that house the office."""

    session: str
    comment: str
    by: str
    by_title: str
    requirement: str
    task_line: str
    focus_area: str | None
    units: list[str]


class EntrustedAnswer(BaseModel):
    """``office`` stands in for the law office in this tenant; what it has to judge."""

    office: str
    drafts: list[EntrustedDraft]
    requirements: list[EntrustedRequirement]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "Who asks is not known."},
    403: {"model": Problem, "description": "Only the office that policy names may."},
}


def routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/entrusted``: for the office that policy names (domain.md 1, conflict of interest)."""
    bearer = HTTPBearer(auto_error=False, description="A token of the configured issuer.")
    router = APIRouter(tags=["reads"], dependencies=[Depends(bearer)])

    @router.get("/tenants/{tenant}/entrusted", response_model=EntrustedAnswer, responses=_REFUSALS)
    async def entrusted(request: Request, tenant: str) -> EntrustedAnswer:
        """The drafts and requirements of the unit that houses the law office, for whoever judges them instead."""
        actor = await gate.actor(request, tenant)
        refuse_if(may_read(store.service, "entrusted", actor))
        path, today = ancestors_and_self(tenant), await store.today()
        async with store.reading(tenant) as connection:
            policy = effective(path, await adopted_policies(connection, path), today)
            _only(policy.standing_in_office, store.service, actor)
            return EntrustedAnswer(
                office=policy.standing_in_office,
                drafts=await _drafts(connection, tenant, policy.reviewing_office),
                requirements=await _requirements(connection, tenant),
            )

    return router


def _only(office: str, service: str, actor: Actor) -> None:
    if office not in actor.roles - actor.roles_from_above:
        raise NotPermitted(service, "entrusted", Permitted(frozenset({office})))


async def _drafts(connection: AsyncConnection, tenant: str, office: str) -> list[EntrustedDraft]:
    written = (tables.texts.c.tenant == drafts.c.tenant) & (tables.texts.c.ref == drafts.c.text_ref)
    rows = await connection.execute(
        sa.select(drafts, tables.texts.c.body.label("text"))
        .outerjoin(tables.texts, written)
        .where(
            drafts.c.tenant == tenant,
            drafts.c.houses_offices.has_key(office),
            drafts.c.state != "withdrawn",
        )
        .order_by(drafts.c.held_on, drafts.c.stream)
    )
    return [EntrustedDraft.model_validate(dict(row)) for row in rows.mappings()]


async def _requirements(connection: AsyncConnection, tenant: str) -> list[EntrustedRequirement]:
    housing = set(
        await connection.scalars(
            sa.select(registered_units.c.unit).where(
                registered_units.c.tenant == tenant, registered_units.c.houses_offices.has_key("law_office")
            )
        )
    )
    same_session = (proceedings.c.tenant == comments.c.tenant) & (proceedings.c.stream == comments.c.stream)
    rows = await connection.execute(
        sa.select(comments)
        .join(proceedings, same_session)
        .where(comments.c.tenant == tenant, proceedings.c.state == "drafted")
        .order_by(comments.c.session, comments.c.comment)
    )
    return [
        EntrustedRequirement(
            session=row.session,
            comment=row.comment,
            by=row.by,
            by_title=row.by_title,
            requirement=one["requirement"],
            task_line=one["task_line"],
            focus_area=one["focus_area"],
            units=[unit for unit in one["units"] if unit in housing],
        )
        for row in rows
        for one in row.requirements
        if not housing.isdisjoint(one["units"])
    ]
