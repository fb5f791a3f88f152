"""HTTP beyond the generic routes: the coverage of a tenant's subtree, and who is missing from it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from services.evaluation import coverage
from services.evaluation.domain.policies import coverage_is_the_towns
from shared.contracts.scheduling import Tier
from shared.decider import refuse_if
from shared.eventstore import EventStore
from shared.eventstore.failures import TenantUnknown
from shared.eventstore.reading import LARGEST_PAGE
from shared.runtime.gate import Gate
from shared.runtime.http import ListAnswer
from shared.security.permissions import may_read

_Year = Annotated[int, Query(ge=2000, le=2999, description="The plan year.")]


class TierCovered(BaseModel):
    """``covered``: tenants whose reporting body held a session in the year, villages that their town heard.
    ``heads`` are registered; ``heard`` of them reported."""

    tier: Tier
    tenants: int
    covered: int
    heads: int
    heard: int


class CoverageAnswer(BaseModel):
    """What a tier may know of its subtree: progress, from the top tier down; nothing is ranked."""

    tenant: str
    year: int
    tiers: list[TierCovered]


def routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/coverage`` and ``…/coverage/gaps``: progress, for every role in the tenant."""
    router = APIRouter(tags=["coverage"], dependencies=[Depends(HTTPBearer(auto_error=False))])

    async def permitted(request: Request, tenant: str) -> None:
        actor = await gate.actor(request, tenant)
        refuse_if(may_read(store.service, "coverage", actor, tier="progress"))

    async def require_a_subtree(connection: Any, tenant: str) -> None:
        tier = await coverage.tier_of(connection, tenant)
        if tier is None:
            raise TenantUnknown(tenant)
        refuse_if(coverage_is_the_towns(tier))

    @router.get("/tenants/{tenant}/coverage", dependencies=[Depends(permitted)])
    async def covered(tenant: str, year: _Year) -> CoverageAnswer:
        """How many of the subtree's tenants held a session in the year, and how many heads reported, by tier."""
        async with store.reading(tenant) as connection:
            await require_a_subtree(connection, tenant)
            tiers = await coverage.by_tier(connection, year)
        return CoverageAnswer(tenant=tenant, year=year, tiers=[TierCovered(**row) for row in tiers])

    @router.get("/tenants/{tenant}/coverage/gaps", dependencies=[Depends(permitted)])
    async def gaps(
        tenant: str,
        year: _Year,
        of: Literal["tenants", "heads"] = "tenants",
        tier: Tier | None = None,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        after: str | None = None,
    ) -> ListAnswer:
        """Who is missing in the year, by name and in official order: tenants without a session held, or heads who
        have not reported."""
        find = coverage.tenants_not_covered if of == "tenants" else coverage.heads_not_heard
        async with store.reading(tenant) as connection:
            await require_a_subtree(connection, tenant)
            items, following = await find(connection, tenant, year, tier, limit, after)
        return ListAnswer(items=items, next=following)

    return router
