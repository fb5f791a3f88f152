"""HTTP beyond the generic routes: the coverage of a tenant's subtree, and who is missing from it."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from services.evaluation import coverage
from services.evaluation.coverage_tree import tree_of
from services.evaluation.domain.policies import coverage_is_the_towns
from shared.contracts.scheduling import Tier
from shared.decider import refuse_if
from shared.eventstore import EventStore
from shared.eventstore.failures import TenantUnknown
from shared.eventstore.reading import LARGEST_PAGE
from shared.runtime.gate import Gate
from shared.runtime.http import ListAnswer
from shared.security.permissions import may_read

MOST_YEARS = 30
_At = Annotated[str | None, Query(description="A tenant of the subtree: only it and what lies below it.")]
_Year = Annotated[int, Query(ge=2000, le=2999, description="The plan year.")]


class TierCovered(BaseModel):
    """``covered``: tenants whose reporting body held a session in the year, villages that their town heard.
    ``heads`` are registered; ``heard`` of them reported."""

    tier: Tier
    tenants: int
    covered: int
    heads: int
    heard: int


class YearCovered(BaseModel):
    """The same counts of one year."""

    year: int
    tiers: list[TierCovered]


class YearsAnswer(BaseModel):
    """The years in which something was held or is scheduled in the subtree, oldest first."""

    tenant: str
    years: list[YearCovered]


class TenantCovered(BaseModel):
    """One tenant of the tree. ``heads`` and ``heard`` are its own; ``sum`` is of it and of all below it, of which
    ``deeper`` tenants are not shown."""

    tenant: str
    name: str
    tier: Tier
    covered: bool
    held_on: date | None
    scheduled_on: date | None
    heads: int
    heard: int
    deeper: int
    sum: list[TierCovered]


class TreeAnswer(BaseModel):
    """A subtree in its official order, a tier before those below it; nothing is ranked."""

    tenant: str
    at: str
    year: int
    items: list[TenantCovered]


class CoverageAnswer(BaseModel):
    """What a tier may know of its subtree: progress, from the top tier down; nothing is ranked."""

    tenant: str
    year: int
    tiers: list[TierCovered]


def routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/coverage``, ``…/years``, ``…/tree`` and ``…/gaps``: progress, for every
    role in the tenant."""
    router = APIRouter(tags=["coverage"], dependencies=[Depends(HTTPBearer(auto_error=False))])

    async def permitted(request: Request, tenant: str) -> None:
        actor = await gate.actor(request, tenant)
        refuse_if(may_read(store.service, "coverage", actor, tier="progress"))

    async def require_a_subtree(connection: Any, tenant: str) -> None:
        tier = await coverage.tier_of(connection, tenant)
        if tier is None:
            raise TenantUnknown(tenant)
        refuse_if(coverage_is_the_towns(tier))

    async def below(connection: Any, tenant: str, at: str | None) -> str:
        """The tenant itself, or one of its subtree: of any other the connection sees nothing."""
        if at is not None and await coverage.tier_of(connection, at) is None:
            raise TenantUnknown(at)
        return at or tenant

    @router.get("/tenants/{tenant}/coverage", dependencies=[Depends(permitted)])
    async def covered(tenant: str, year: _Year) -> CoverageAnswer:
        """How many of the subtree's tenants held a session in the year, and how many heads reported, by tier."""
        async with store.reading(tenant) as connection:
            await require_a_subtree(connection, tenant)
            tiers = await coverage.by_tier(connection, year)
        return CoverageAnswer(tenant=tenant, year=year, tiers=[TierCovered(**row) for row in tiers])

    @router.get("/tenants/{tenant}/coverage/years", dependencies=[Depends(permitted)])
    async def years(
        tenant: str,
        latest: Annotated[int, Query(ge=1, le=MOST_YEARS, description="So many years, the latest.")] = 10,
    ) -> YearsAnswer:
        """The counts of each year, year after year."""
        async with store.reading(tenant) as connection:
            await require_a_subtree(connection, tenant)
            told = (await coverage.years_told(connection))[-latest:]
            counted = await coverage.by_tier_in(connection, told)
        return YearsAnswer(
            tenant=tenant,
            years=[
                YearCovered(year=year, tiers=[TierCovered(**row) for row in counted[year]]) for year in told
            ],
        )

    @router.get("/tenants/{tenant}/coverage/tree", dependencies=[Depends(permitted)])
    async def tree(
        tenant: str,
        year: _Year,
        at: _At = None,
        levels: Annotated[int, Query(ge=1, le=2, description="How many levels below it.")] = 2,
    ) -> TreeAnswer:
        """The subtree tenant by tenant, each with its own session and heads and with all that lies below it."""
        async with store.reading(tenant) as connection:
            await require_a_subtree(connection, tenant)
            here = await below(connection, tenant, at)
            rows = await tree_of(connection, here, year, levels)
        return TreeAnswer(tenant=tenant, at=here, year=year, items=[TenantCovered(**row) for row in rows])

    @router.get("/tenants/{tenant}/coverage/gaps", dependencies=[Depends(permitted)])
    async def gaps(
        tenant: str,
        year: _Year,
        of: Literal["tenants", "heads"] = "tenants",
        tier: Tier | None = None,
        at: _At = None,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        after: str | None = None,
    ) -> ListAnswer:
        """Who is missing in the year, by name and in official order: tenants without a session held, or heads who
        have not reported."""
        find = coverage.tenants_not_covered if of == "tenants" else coverage.heads_not_heard
        async with store.reading(tenant) as connection:
            await require_a_subtree(connection, tenant)
            here = await below(connection, tenant, at)
            items, following = await find(connection, tenant, here, year, tier, limit, after)
        return ListAnswer(items=items, next=following)

    return router
