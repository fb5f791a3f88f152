"""One request of somebody signed in, in one tenant: what a page may ask, and how it is drawn."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.desk import Unsent
from services.portal.web.live import MARKS
from services.portal.web.owners import Owners
from services.portal.web.signin import Person
from services.portal.web.words import role_name
from shared.decider import Actor, Refused, refuse_if
from shared.eventstore import EventStore, tables
from shared.eventstore.reference import Governing, in_force
from shared.security.permissions import Tier, may, may_read, only_unit
from shared.tenancy import ancestors_and_self


@dataclass(frozen=True)
class Place:
    """The tenant a page is about."""

    tenant: str
    name: str
    tier: str
    closed_on: date | None
    path: tuple[tuple[str, str], ...]
    """The tiers above and itself, from the root: (tenant, name)."""
    mark: str = ""
    """What had been applied of the tenant before anything of the page was read (``web.live``)."""
    simulated_day: date | None = None


NOTHING_TO_SAY: Mapping[str, Any] = {"kind": None, "form": None, "fields": {}, "problem": None, "key": None}
"""The note of a request that none was left for."""


@dataclass
class Visit:
    """What a page is given. ``note`` is what the request before left to be said: ``{kind: done | doing | refused,
    form, fields, problem}``."""

    request: Request
    person: Person
    actor: Actor
    place: Place
    today: date
    language: str
    store: EventStore
    owners: Owners
    note: Mapping[str, Any] = field(default_factory=lambda: NOTHING_TO_SAY)
    unsent: dict[str, list[Unsent]] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    """The forms that the page has."""

    @property
    def tenant(self) -> str:
        """The tenant's path."""
        return self.place.tenant

    @property
    def roles(self) -> list[str]:
        """The person's roles here, as the tier calls them."""
        return [role_name(role, self.place.tier) for role in sorted(self.actor.roles)]

    @property
    def typed_in_vain(self) -> list[str]:
        """What was typed into a form that was refused and is on the page no more: the matter has gone on."""
        if self.note["kind"] != "refused" or self.note["form"] in self.drawn:
            return []
        return [text for text in self.note["fields"].values() if not text.isascii() or len(text) > 80]

    def may(self, service: str, command: str) -> bool:
        """May the person give this command here, by role?"""
        return may(service, command, self.actor) is None

    def may_see(self, service: str, what: str, *, tier: Tier = "private", unit: str | None = None) -> bool:
        """May the person read this here?"""
        return may_read(service, what, self.actor, tier=tier, unit=unit) is None

    def require(self, service: str, what: str, *, tier: Tier = "private", unit: str | None = None) -> None:
        """Refuse the page to who may not read this."""
        refuse_if(may_read(service, what, self.actor, tier=tier, unit=unit))

    def only_unit(self, service: str, what: str, *, tier: Tier = "private") -> str | None:
        """The one unit whose rows the person sees, None for all."""
        return only_unit(service, what, self.actor, tier=tier)

    async def get(self, service: str, path: str, **query: Any) -> Any:
        """What an owner answers for this tenant; ``path`` begins after the tenant. Raises OwnerRefused and
        OwnerUnreachable."""
        return await self.owners.get(self.person.token, service, f"{self.tenant}/{path}", **query)

    async def all(self, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of an owner's list."""
        return await self.owners.all(self.person.token, service, f"{self.tenant}/{path}", **query)

    async def row(self, service: str, path: str, **query: Any) -> dict[str, Any] | None:
        """The same for one thing that may not be there."""
        try:
            row: dict[str, Any] = await self.get(service, path, **query)
        except Refused as refused:
            if refused.code == "http.not-found":
                return None
            raise
        return row

    async def text(self, service: str, ref: str | None) -> str | None:
        """A text of its owner; None where there is none, it was blanked, or the person may not read it."""
        if ref is None:
            return None
        try:
            body: str | None = (await self.get(service, f"texts/{ref}"))["body"]
        except Refused as refused:
            if refused.code in ("http.not-found", "security.not-permitted"):
                return None
            raise
        return body

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """The portal's own read models, as this tenant sees them."""
        async with self.store.reading(self.tenant) as connection:
            yield connection

    async def governing(self) -> Governing:
        """The effective policy and the calendar of the tenant today."""
        async with self.reading() as connection:
            return (await in_force(connection, self.today, [self.tenant])).of(self.tenant)

    def url(self, *steps: str) -> str:
        """A page of this tenant."""
        return "/".join(("/t", self.tenant, *steps))

    def key(self) -> str:
        """A new key for a form: who sends it twice does nothing twice."""
        return uuid.uuid4().hex


_PLACE = sa.select(
    tables.tenants,
    sa.select(MARKS.subquery().c.mark).scalar_subquery().label("mark"),
    sa.select(tables.business_day.c.today).scalar_subquery().label("simulated_day"),
).where(tables.tenants.c.tenant.in_(sa.bindparam("path", expanding=True)))


async def place_of(connection: AsyncConnection, tenant: str) -> Place | None:
    """The tenant with the names of all tiers above; None where it is not known."""
    path = ancestors_and_self(tenant)
    rows = await connection.execute(_PLACE, {"path": path, "of": [tenant]})
    known = {row.tenant: row for row in rows}
    if tenant not in known:
        return None
    own = known[tenant]
    return Place(
        tenant,
        own.name,
        own.tier,
        own.closed_on,
        tuple((one, known[one].name) for one in path if one in known),
        own.mark or "",
        own.simulated_day,
    )
