"""Who is asking: the bearer token, and what the ledger says of its bearer, as an actor of the tenant asked for."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from fastapi import Request
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.contextvars import bind_contextvars

from shared.decider import Actor, Refused, refuse_if
from shared.eventstore import EventStore
from shared.eventstore.failures import is_unavailable
from shared.eventstore.sql import read
from shared.eventstore.store import ATTEMPTS, driver_of
from shared.security.grants import Recorded, claims_that_stand, standing
from shared.security.permissions import OPERATIONS, may_operate
from shared.security.tokens import Caller, GrantHeld, TokenVerifier, bearer
from shared.tenancy import ancestors_and_self, is_tenant

KNOWN_SECONDS = 2.0
"""How long what the ledger said of a person is believed: with the way of an event between services, a revocation
holds everywhere within five seconds."""
KNOWN_AT_MOST = 4096

_STANDING = read("standing")


def refuse_nul(request: Request) -> None:
    """PostgreSQL takes no text with a NUL in it, and no address of ours has one. Raises http.invalid-body."""
    if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise Refused("http.invalid-body", problems=["address: a NUL character"])


@dataclass(frozen=True)
class _Known:
    at: float
    recorded: tuple[Recorded, ...]
    day: date | None


@dataclass
class Gate:
    """Lets in who has a good token, as what they are by token and ledger. ``monotonic`` is system time in seconds."""

    verifier: TokenVerifier
    store: EventStore
    monotonic: Callable[[], float] = time.monotonic
    _known: OrderedDict[tuple[str, str], _Known] = field(default_factory=OrderedDict, repr=False)

    async def actor(self, request: Request, tenant: str) -> Actor:
        """The caller as an actor of the tenant. Raises the refusals of shared.security."""
        if not is_tenant(tenant):
            raise Refused("http.malformed-tenant", tenant=tenant)
        refuse_nul(request)
        return await self.standing_of(await self._caller(request), tenant)

    async def standing_of(self, caller: Caller, tenant: str) -> Actor:
        """The same for a caller whose token was verified."""
        bind_contextvars(tenant=tenant)
        known = await self._known_of(caller.id, tenant)
        return standing(caller, tenant, known.recorded, self._today(known))

    async def operator(self, request: Request, what: str) -> tuple[str, ...]:
        """Let in an operator by the token's word, in a tenant that has not taken that back; of which tenants it is one.
        The services belong to no tenant: what a tenant grants does not count."""
        caller = await self._caller(request)
        stand = [grant for grant in caller.grants if await self._stands(caller, grant)]
        refuse_if(may_operate(what, replace(caller, grants=tuple(stand))))
        return tuple(grant.tenant for grant in stand)

    async def _stands(self, caller: Caller, grant: GrantHeld) -> bool:
        if grant.role not in OPERATIONS.tenant:
            return False
        known = await self._known_of(caller.id, grant.tenant)
        return grant in claims_that_stand(caller, known.recorded, self._today(known))

    def forget(self) -> None:
        """What was known may be of another day."""
        self._known.clear()

    async def _caller(self, request: Request) -> Caller:
        caller = await self.verifier.verify(bearer(request.headers.get("authorization")))
        bind_contextvars(actor=caller.id)
        return caller

    def _today(self, known: _Known) -> date:
        if self.store.clock.simulated and known.day is None:
            raise Refused("kernel.starting")
        return self.store.clock.today(known.day)

    async def _known_of(self, person: str, tenant: str) -> _Known:
        now = self.monotonic()  # before the database is asked: what it says may be older than its answer
        known = self._known.get((tenant, person))
        if known is not None and now - known.at < KNOWN_SECONDS:
            return known
        known = await self._ask(person, tenant, now)
        self._known[tenant, person] = known
        self._known.move_to_end((tenant, person))
        while len(self._known) > KNOWN_AT_MOST:
            self._known.popitem(last=False)
        return known

    async def _ask(self, person: str, tenant: str, now: float) -> _Known:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with driver_of(self.store.app) as connection:
                    rows = await connection.fetch(_STANDING, tenant, ancestors_and_self(tenant), person)
                break
            except Exception as error:
                # A command with a key outlives a lost connection; it must not fail at the door for that.
                if attempt == ATTEMPTS or not is_unavailable(error) or isinstance(error, PoolTimeout):
                    raise
        # A row without a tenant is the simulated day.
        return _Known(
            now,
            tuple(Recorded(*row[:-1]) for row in rows if row[0] is not None),
            next((row[-1] for row in rows if row[0] is None), None),
        )
