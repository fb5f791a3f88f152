"""HTTP beyond the generic routes: the progress of a tenant's subtree in counts, and requests for more time.

The register's rows get their light from ``CASE_REGISTER.present``.
"""

from datetime import date
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from services.rectification.progress import COUNTED, Below, Counts, progress_of
from services.rectification.views.case_register import TABLE as register
from shared.decider import Refused, refuse_if
from shared.eventstore import EventStore
from shared.eventstore.failures import TenantUnknown
from shared.eventstore.reading import LARGEST_PAGE
from shared.runtime.gate import Gate
from shared.runtime.problems import Problem
from shared.security.permissions import may_read


class Counted(BaseModel):
    """Cases by where they stand. Of ``open`` (the unit has to act) some are ``yellow`` or ``orange``, ``overdue`` and
    of these ``to_be_supervised``, or ``suspended``. ``carried``: unfinished, carried on by a later round's bulletin."""

    cases: int
    open: int
    yellow: int
    orange: int
    overdue: int
    to_be_supervised: int
    suspended: int
    awaiting_receipt: int
    awaiting_verification: int
    completed: int
    carried: int


class Named(BaseModel):
    """``of``: the tenant alone, or it and all below. ``name`` and ``tier`` are null where it is not registered."""

    tenant: str
    name: str | None
    tier: str | None
    of: Literal["tenant", "subtree"]


class TenantProgress(Counted, Named):
    """Whose cases, then how many."""


class ProgressAnswer(BaseModel):
    """A subtree on a day: ``items`` are the tenant's own cases and each tier directly below, in official order;
    ``sum`` is of all of them, whatever the page. Nothing is ranked."""

    tenant: str
    on: date
    sum: Counted
    items: list[TenantProgress]
    next: str | None


class ExtensionRequest(BaseModel):
    """A case of whose date more time is asked, until somebody answers."""

    case: str
    session: str
    unit: str
    unit_name: str
    category: str
    houses_offices: list[str]
    due_on: date
    asked_on: date
    asked_to: date


class ExtensionRequests(BaseModel):
    """The oldest first, 200 at most."""

    items: list[ExtensionRequest]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The request is not well-formed."},
    401: {"model": Problem, "description": "Who asks is not known."},
    403: {"model": Problem, "description": "The role may not."},
    404: {"model": Problem, "description": "There is no such tenant."},
}


def routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/progress``: for every role that is held in the tenant itself; ``…/extension-requests``:
    for the offices, of which policy names the one that answers."""
    router = APIRouter(tags=["reads"], dependencies=[Depends(HTTPBearer(auto_error=False))])

    @router.get("/tenants/{tenant}/progress", response_model=ProgressAnswer, responses=_REFUSALS)
    async def progress(
        request: Request,
        tenant: str,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        after: Annotated[str | None, Query(description="A page's `next`.")] = None,
    ) -> ProgressAnswer:
        """How many cases of the tenant and of each tier below stand where, by each tenant's own policy."""
        actor = await gate.actor(request, tenant)
        refuse_if(may_read(store.service, "progress", actor, tier="progress"))
        today = await store.today()
        async with store.reading(tenant, scope=tenant) as connection:
            found = await progress_of(connection, tenant, today)
        if found.own.tier is None:
            raise TenantUnknown(tenant)
        below = found.below
        if after is not None:
            place = next((n for n, one in enumerate(below) if one.tenant == after), None)
            if place is None:
                raise Refused("http.invalid-cursor")
            below = below[place + 1 :]
        shown = [_shown(one, "subtree") for one in below[:limit]]
        return ProgressAnswer(
            tenant=tenant,
            on=today,
            sum=Counted(**_all(found.sum)),
            items=shown if after else [_shown(found.own, "tenant"), *shown],
            next=below[limit - 1].tenant if len(below) > limit else None,
        )

    @router.get("/tenants/{tenant}/extension-requests", response_model=ExtensionRequests, responses=_REFUSALS)
    async def extension_requests(request: Request, tenant: str) -> ExtensionRequests:
        """The cases of which more time is asked and nobody has answered."""
        refuse_if(may_read(store.service, "extension-requests", await gate.actor(request, tenant)))
        asked = register.c.extension_asked_on
        query = (
            sa.select(register)
            .where(
                register.c.tenant == tenant, register.c.state.in_(("open", "returned")), asked.is_not(None)
            )
            .order_by(asked, register.c.stream)
            .limit(LARGEST_PAGE)
        )
        async with store.reading(tenant) as connection:
            rows = await connection.execute(query)
        return ExtensionRequests(
            items=[
                ExtensionRequest(
                    case=row.stream.removeprefix("case-"),
                    asked_on=row.extension_asked_on,
                    asked_to=row.extension_asked_to,
                    **{name: row._mapping[name] for name in _OF_THE_CASE},
                )
                for row in rows
            ]
        )

    return router


_OF_THE_CASE = ("session", "unit", "unit_name", "category", "houses_offices", "due_on")


def _shown(one: Below, of: Literal["tenant", "subtree"]) -> TenantProgress:
    return TenantProgress(tenant=one.tenant, name=one.name, tier=one.tier, of=of, **_all(one.counts))


def _all(counts: Counts) -> dict[str, int]:
    return {name: counts[name] for name in COUNTED}
