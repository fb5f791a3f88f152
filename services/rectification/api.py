"""HTTP beyond the generic routes: the progress of a tenant's subtree, in counts.

The register's rows get their light from ``CASE_REGISTER.present``.
"""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from services.rectification.progress import COUNTED, Below, Counts, progress_of
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


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The request is not well-formed."},
    401: {"model": Problem, "description": "Who asks is not known."},
    403: {"model": Problem, "description": "The role may not."},
    404: {"model": Problem, "description": "There is no such tenant."},
}


def routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/progress``: for every role that is held in the tenant itself."""
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

    return router


def _shown(one: Below, of: Literal["tenant", "subtree"]) -> TenantProgress:
    return TenantProgress(tenant=one.tenant, name=one.name, tier=one.tier, of=of, **_all(one.counts))


def _all(counts: Counts) -> dict[str, int]:
    return {name: counts[name] for name in COUNTED}
