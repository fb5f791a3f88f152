"""HTTP beyond the generic routes: the policy that holds on a day with its origins, whose turn it is, the registry.

``warnings`` in plans and sessions are looked up in messages.toml.
"""

from datetime import date
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from services.scheduling.api_registry import registry_routes
from services.scheduling.application import SERVICE, registry, rosters, session_of, unit_of
from services.scheduling.domain.registry import Category
from services.scheduling.domain.rotation import Turn, turns
from shared.decider import Actor
from shared.eventstore import EventStore
from shared.eventstore.reference import adopted_policies
from shared.runtime.gate import Gate
from shared.runtime.problems import Problem
from shared.security.permissions import may_read
from shared.tenancy import VALUES, Adopted, ancestors_and_self, as_set, effective, in_force, origins, plain


class Origin(BaseModel):
    """Where a value comes from: a tier's adopted version, and since when that holds."""

    tenant: str
    policy_version: int
    holds_from: date


class PolicyValue(BaseModel):
    """One value that holds. ``origin`` null: the default. ``stricter``: which direction a tier below may go, inside
    ``bounds``. ``own``: what the tenant itself has adopted, null for nothing; ``overridden``: it does not hold as
    adopted, because a tier above has become stricter since (``origin`` says which)."""

    name: str
    value: int | bool | str | list[str]
    origin: Origin | None
    own: int | bool | str | list[str] | None
    overridden: bool
    stricter: str
    bounds: str
    source: str


class PolicyAnswer(BaseModel):
    """The policy of a tenant on a day; ``versions`` are those it was computed from, root first. ``overridden`` names
    the tenant's own values that a tier above overrides."""

    tenant: str
    on: date
    versions: list[str]
    overridden: list[str]
    values: list[PolicyValue]


class HeldPost(BaseModel):
    """A post and who holds it."""

    post: str
    title: str
    person: str


class TurnAnswer(BaseModel):
    """A head's turn; null where no session says that they reported. ``called_for``: the coming session."""

    unit: str
    unit_name: str
    category: Category
    official_order: int
    posts: list[HeldPost]
    last_session: str | None
    last_reported_on: date | None
    called_for: str | None


class RotationAnswer(BaseModel):
    """The heads of the tenant, the longest unreported first: an order of turns, of nothing else."""

    items: list[TurnAnswer]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The request is not well-formed."},
    401: {"model": Problem, "description": "Who asks is not known."},
    403: {"model": Problem, "description": "The role may not."},
}


def routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/policy?on=`` and ``GET /tenants/{tenant}/rotation?category=``."""
    bearer = HTTPBearer(auto_error=False, description="A token of the configured issuer.")
    router = APIRouter(tags=["reads"], dependencies=[Depends(bearer)])

    @router.get("/tenants/{tenant}/policy", response_model=PolicyAnswer, responses=_REFUSALS)
    async def policy(
        request: Request,
        tenant: str,
        on: Annotated[date | None, Query(description="The day; today when left out.")] = None,
    ) -> PolicyAnswer:
        """Every policy value as it holds on a day, and the tier and version it comes from."""
        _allow("policy", await gate.actor(request, tenant))
        day = on or await store.today()
        path = ancestors_and_self(tenant)
        async with store.reading(tenant) as connection:
            adopted = await adopted_policies(connection, path)
        return policy_on(tenant, adopted, day)

    @router.get("/tenants/{tenant}/rotation", response_model=RotationAnswer, responses=_REFUSALS)
    async def rotation(
        request: Request,
        tenant: str,
        category: Annotated[Category | None, Query(description="Only units of this category.")] = None,
    ) -> RotationAnswer:
        """Whose turn it is: the longest unreported first, those who never reported before them."""
        _allow("rotation", await gate.actor(request, tenant))
        today = await store.today()
        async with store.reading(tenant) as connection:
            query = sa.select(registry(tenant).label("units"), rosters(tenant).label("sessions"))
            found = (await connection.execute(query)).one()
        units = [unit_of(row) for row in found.units]
        sessions = [session_of(row) for row in found.sessions]
        in_turn = turns((one for one in units if category in (None, one.category)), sessions, today)
        return RotationAnswer(items=[_turn(one) for one in in_turn])

    router.include_router(registry_routes(store, gate))
    return router


def policy_on(tenant: str, adopted: list[Adopted], day: date) -> PolicyAnswer:
    """The policy of a tenant on a day, value by value, from every version adopted on its path."""
    path = ancestors_and_self(tenant)
    holds, comes_from = effective(path, adopted, day), origins(path, adopted, day)
    version = in_force(adopted, day).get(tenant)
    own = {name: plain(value) for name, value in version.values.items()} if version else {}
    values = [
        PolicyValue(
            name=name,
            value=_json(getattr(holds, name)),
            origin=_origin(comes_from.get(name)),
            own=_json(own.get(name)),
            overridden=name in own and as_set(own[name]) != as_set(getattr(holds, name)),
            stricter=about.stricter,
            bounds=str(about.bounds),
            source=about.source,
        )
        for name, about in VALUES.items()
    ]
    return PolicyAnswer(
        tenant=tenant,
        on=day,
        versions=list(holds.versions),
        overridden=[one.name for one in values if one.overridden],
        values=values,
    )


def _origin(version: Adopted | None) -> Origin | None:
    if version is None:
        return None
    return Origin(tenant=version.tenant, policy_version=version.version, holds_from=version.holds_from)


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _turn(turn: Turn) -> TurnAnswer:
    return TurnAnswer(
        unit=turn.unit,
        unit_name=turn.unit_name,
        category=turn.category,
        official_order=turn.official_order,
        posts=[HeldPost(post=one.post, title=one.title, person=one.person) for one in turn.posts],
        last_session=turn.last_session,
        last_reported_on=turn.last_reported_on,
        called_for=turn.called_for,
    )


def _allow(what: str, actor: Actor) -> None:
    refused = may_read(SERVICE, what, actor, tier="inherited")
    if refused is not None:
        raise refused
