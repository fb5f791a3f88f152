"""The routes of every service's ledger: its events, and what hashing them anew says of it."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from shared.decider import refuse_if
from shared.eventstore import EventStore, reading
from shared.eventstore.roots import NotARoot
from shared.eventstore.seals import OutOfStep, Sealer
from shared.eventstore.verify import no_seals, one_snapshot, verify_ledger
from shared.runtime.gate import Gate
from shared.runtime.http import BEARER, REFUSALS, ListAnswer
from shared.security.permissions import may_read

VERIFIED_AT_ONCE = 20_000
"""Events of one answer about a ledger's hashes."""
_LARGEST_SEQUENCE = 2**62
_WORD = Field(max_length=300, pattern=r"^[^\x00]*$")
"""PostgreSQL takes no text with a NUL in it."""


class SealAnswer(BaseModel):
    """What a signed root says of the ledger: in ``epoch`` it stood at ``sequence``, with ``hash``."""

    root: int
    signed_at: datetime
    epoch: int
    sequence: int
    hash: str


class VerificationAnswer(BaseModel):
    """Every event from ``after`` + 1 to ``verified_to`` was hashed anew and holds; ``problem`` says what does not.
    ``next`` goes into ``after`` to go on; null: the head was reached and compared. ``roots_problem`` says what is wrong
    with the signed roots themselves; there is then no ``seal`` to compare with."""

    service: str
    tenant: str
    after: int
    verified_to: int
    hash: str
    next: int | None
    problem: str | None
    epoch: int
    restored: list[str]
    seal: SealAnswer | None
    roots_problem: str | None


def ledger_routes(store: EventStore, gate: Gate, sealer: Sealer | None = None) -> APIRouter:
    """``GET /tenants/{tenant}/ledger`` and ``…/ledger/verification``. ``sealer`` knows the signed roots to compare
    with."""
    router = APIRouter(tags=["reads"], dependencies=[BEARER])

    @router.get("/tenants/{tenant}/ledger", response_model=ListAnswer, responses=REFUSALS)
    async def ledger(
        request: Request,
        tenant: str,
        stream: Annotated[str | None, _WORD] = None,
        name: Annotated[str | None, _WORD, Query(description="The event's name.")] = None,
        actor: Annotated[str | None, _WORD, Query(description="The id of who it was.")] = None,
        first_day: Annotated[date | None, Query(description="Of this business day or later.")] = None,
        last_day: Annotated[date | None, Query(description="What was known at the end of this day.")] = None,
        order: Annotated[Literal["oldest", "newest"], Query(description="Which comes first.")] = "oldest",
        after: Annotated[int | None, Query(ge=0, le=_LARGEST_SEQUENCE)] = None,
        limit: Annotated[int, Query(ge=1, le=reading.LARGEST_PAGE)] = 50,
    ) -> ListAnswer:
        """Events of the tenant's ledger in their order, each with the citation that names it."""
        refuse_if(may_read(store.service, "ledger", await gate.actor(request, tenant)))
        wanted = reading.Wanted(stream, name, actor, first_day, last_day)
        async with store.reading(tenant) as connection:
            page = await reading.ledger_page(
                connection, store.service, tenant, wanted, limit, after, newest_first=order == "newest"
            )
        return ListAnswer(items=page.items, next=page.next)

    one_at_a_time = asyncio.Lock()

    @router.get(
        "/tenants/{tenant}/ledger/verification", response_model=VerificationAnswer, responses=REFUSALS
    )
    async def verification(
        request: Request,
        tenant: str,
        after: Annotated[int, Query(ge=0, le=_LARGEST_SEQUENCE)] = 0,
        at_most: Annotated[int, Query(ge=1, le=VERIFIED_AT_ONCE, description="Events.")] = VERIFIED_AT_ONCE,
    ) -> VerificationAnswer:
        """The tenant's ledger hashed anew, some ten thousand events a call, and compared with the last signed root."""
        refuse_if(may_read(store.service, "ledger", await gate.actor(request, tenant)))
        roots_problem = None
        async with one_at_a_time:
            try:
                if sealer is not None:
                    await sealer.read()
            except (NotARoot, OutOfStep) as error:
                roots_problem = str(error)
            known = sealer.seal_of if sealer is not None and roots_problem is None else no_seals
            async with one_snapshot(store.app, tenant) as connection:
                found = await verify_ledger(
                    connection, store.service, tenant, known, after=after, at_most=at_most
                )
        return VerificationAnswer(
            service=store.service,
            tenant=tenant,
            after=after,
            verified_to=found.events,
            hash=found.head_hash,
            next=found.events if found.more else None,
            problem=found.problem,
            epoch=found.epoch,
            restored=list(found.restored),
            seal=SealAnswer(**vars(found.seal)) if found.seal else None,
            roots_problem=roots_problem,
        )

    return router
