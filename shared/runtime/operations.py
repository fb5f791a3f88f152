"""The routes an operator and a supervisor use: health, metrics, the business clock, what was parked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Body, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog import get_logger

from shared.decider import Refused
from shared.eventstore import EventStore, tables
from shared.messaging import operate
from shared.messaging.broker import Broker
from shared.runtime.gate import Gate
from shared.runtime.measuring import Asked, Measuring, answers, count
from shared.tenancy import is_within

log = get_logger(__name__)


class ClockAnswer(BaseModel):
    """The business day, and everything that says whether this service is at rest.

    At rest: nothing in the outbox, nothing waiting, nothing due, and ``applied`` of each listener equals
    ``published`` of its source (values are ``<epoch>/<public sequence>`` by tenant that the operator looks after).
    """

    service: str
    today: date
    simulated: bool
    outbox: int
    waiting: int
    parked: int
    due: int
    next_due: date | None
    published: dict[str, str]
    applied: dict[str, dict[str, str]]


class ParkedAnswer(BaseModel):
    """An event that this service could not apply, and how many of its key wait behind it. ``tenant`` is empty where the
    message could not be read."""

    source: str
    tenant: str
    epoch: int
    sequence: int
    event: str
    error: str
    waiting_behind: int


class OneParked(BaseModel):
    """Which parked event."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    source: str = Field(max_length=40)
    tenant: str = Field(max_length=200)
    sequence: int = Field(ge=0, le=2**62)


class Dropped(OneParked):
    """Which one is left out for good, and why that may be."""

    reason: str = Field(min_length=1, max_length=500)


class ReleasedAnswer(BaseModel):
    """How many events go on."""

    released: int


def operation_routes(
    store: EventStore, broker: Broker, gate: Gate, wake: Any, before_scrape: Callable[[], Any] = lambda: None
) -> APIRouter:
    """Health without a token; metrics without a token (bind them to a private address); the clock for operators.

    ``wake`` is called after the day changed; who held which role the day before is forgotten. ``before_scrape`` is
    called before metrics are told.
    """
    router = APIRouter(tags=["operations"])
    measuring = Measuring(store, broker)
    database = Asked(partial(answers, store))

    @router.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", include_in_schema=False)
    async def readyz(response: Response) -> dict[str, Any]:
        # Side by side: who asks hears within one limit which part does not answer.
        answering = await asyncio.gather(database.answered(), broker.ready())
        checks = dict(zip(("database", "broker"), answering, strict=True))
        checks["ledger"] = store.closed_because is None
        response.status_code = 200 if all(checks.values()) else 503
        return checks | ({"because": store.closed_because.code} if store.closed_because else {})

    @router.get("/metrics", include_in_schema=False)
    async def prometheus() -> Response:
        await measuring.measure()
        before_scrape()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/clock")
    async def clock(request: Request) -> ClockAnswer:
        """Which day it is here, and what is still on its way."""
        return await _clock(store, await gate.operator(request, "clock"))

    @router.post("/clock")
    async def advance(request: Request, today: Annotated[date, Body(embed=True)]) -> ClockAnswer:
        """Set the simulated day; the same day again changes nothing."""
        of = await gate.operator(request, "clock")
        if not store.clock.simulated:
            raise Refused("runtime.clock-not-simulated")
        table = tables.business_day
        async with store.relay.begin() as connection:
            moved = sa.update(table).where(table.c.today <= today).values(today=today)
            if not (await connection.execute(moved)).rowcount:
                now = await connection.scalar(sa.select(table.c.today))
                raise Refused("runtime.clock-backwards", today=now, asked=today)
        gate.forget()
        wake()
        return await _clock(store, of)

    @router.get("/parked")
    async def parked(request: Request) -> list[ParkedAnswer]:
        """Events of the operator's tenants that could not be applied, in their order."""
        of = await gate.operator(request, "parked")
        async with store.relay.connect() as connection:
            found = await operate.parked_events(connection)
        return [ParkedAnswer(**vars(one)) for one in found if _looked_after(one.tenant, of)]

    @router.post("/parked/retry")
    async def retry(request: Request, one: OneParked) -> ReleasedAnswer:
        """Apply a parked event again, and then what waits behind it."""
        return await _release(
            request, one, lambda to: operate.retry(to, one.source, one.tenant, one.sequence)
        )

    @router.post("/parked/drop")
    async def drop(request: Request, one: Dropped) -> ReleasedAnswer:
        """Leave a parked event out for good, with a reason that is kept; what waits behind it goes on."""
        return await _release(
            request, one, lambda to: operate.drop(to, one.source, one.tenant, one.sequence, one.reason)
        )

    async def _release(
        request: Request, one: OneParked, release: Callable[[AsyncConnection], Awaitable[int]]
    ) -> ReleasedAnswer:
        of = await gate.operator(request, "parked")
        what = f"{one.source}:{one.tenant}#{one.sequence}"
        if not _looked_after(one.tenant, of):
            raise Refused("http.not-found", what=what)
        try:
            async with store.relay.begin() as connection:
                released = await release(connection)
        except operate.NotParked:
            raise Refused("http.not-found", what=what) from None
        log.info("parked.released", parked=what, dropped=isinstance(one, Dropped), released=released)
        return ReleasedAnswer(released=released)

    return router


def _looked_after(tenant: str, scopes: tuple[str, ...]) -> bool:
    """A message that nobody could read has no tenant: it is every operator's."""
    return not tenant or _reached(tenant, scopes)


async def _clock(store: EventStore, scopes: tuple[str, ...]) -> ClockAnswer:
    today = await store.today()
    out, inbox, dates = tables.outbox, tables.pending, tables.deadlines
    unfired = dates.c.fired_at.is_(None)
    async with store.relay.connect() as connection:
        counts = (
            await connection.execute(
                sa.select(
                    count(out, out.c.published_at.is_(None)).label("outbox"),
                    count(inbox, inbox.c.state == "waiting").label("waiting"),
                    count(inbox, inbox.c.state == "parked").label("parked"),
                    count(dates, unfired & (dates.c.due_on <= today)).label("due"),
                    sa.select(sa.func.min(dates.c.due_on))
                    .where(unfired, dates.c.due_on > today)
                    .scalar_subquery()
                    .label("next_due"),
                )
            )
        ).one()
        heads = await connection.execute(sa.select(tables.heads))
        published = {
            row.tenant: f"{row.epoch}/{row.public_sequence}" for row in heads if _reached(row.tenant, scopes)
        }
        applied: dict[str, dict[str, str]] = {}
        for row in await connection.execute(sa.select(tables.applied)):
            if _reached(row.tenant, scopes):
                applied.setdefault(row.source, {})[row.tenant] = f"{row.epoch}/{row.sequence}"
    return ClockAnswer(
        service=store.service,
        today=today,
        simulated=store.clock.simulated,
        **counts._mapping,
        published=published,
        applied=applied,
    )


def _reached(tenant: str, scopes: tuple[str, ...]) -> bool:
    """An operator looks after a tenant and all below it; which other tenants there are is not theirs to know."""
    return any(is_within(tenant, scope) for scope in scopes)
