"""Applies what lies in the inbox: a tenant's events of a source in their order, effect and state in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa
import structlog

from shared.contracts.envelope import Attributes, Undecodable, UnknownEvent, decode
from shared.contracts.ledger import LedgerRestored
from shared.decider import Actor
from shared.eventstore import tables, views
from shared.eventstore.failures import is_race, is_unavailable
from shared.eventstore.projection import Changes
from shared.eventstore.store import EventStore
from shared.eventstore.unit_of_work import Context, UnitOfWork
from shared.messaging.inbox import Inbox
from shared.messaging.reactions import Cause, Reactions
from shared.observability.metrics import PARKED_EVENTS, TRAVEL_SECONDS

log = structlog.get_logger(__name__)

MOST_EVENTS, MOST_REACTIONS = 1000, 50
"""How much one transaction takes: events, and of these such as a handler reacts to."""
LOOK_SECONDS = 0.1
"""How often to look for what this process was not told of: another replica stored it, or an operator released it."""
GAP_SECONDS = 5.0
"""How long a gap may be before the missing events are asked for again."""

_WAITING = sa.select(tables.waiting_tenants)
_TAKE = "select * from take($1, $2, $3)"
_SETTLE = "select settle($1, $2, $3, $4, $5, $6, $7, $8)"

Place = tuple[int, int]
"""Epoch and sequence: where an event stands among a source's events of one tenant."""


class SimulatedEvent(Exception):
    """An event made under a simulated clock came to a service that lives by the real one."""


class _Failed(Exception):
    """An event could not be applied for a reason of its own. ``before`` events of the batch were fine."""

    def __init__(self, before: int, row: Any, error: Exception) -> None:
        super().__init__(str(error))
        self.before = before
        self.row = row
        self.error = error


@dataclass(frozen=True)
class _Applied:
    """What one transaction did, and whether it stopped at a gap."""

    events: int
    gap: bool


@dataclass
class _Batch:
    """One transaction: how far its tenant's head has come, and what became of each event."""

    head: Place
    changes: Changes = field(default_factory=Changes)
    done: list[Place] = field(default_factory=list)
    aside: list[dict[str, Any]] = field(default_factory=list)
    reactions: int = 0

    @property
    def events(self) -> int:
        return len(self.done) + len(self.aside)

    def follows(self, place: Place, payload: bytes) -> bool:
        """Is it this event's turn? One that was released has had it before; the first of a new epoch says which one
        it follows."""
        epoch, sequence = self.head
        if place[0] > epoch and place[1] == 1:
            return _said_before(payload) == self.head
        return place <= (epoch, sequence + 1)

    def set_aside(self, place: Place, state: str, error: str | None = None) -> None:
        self.aside.append({"epoch": place[0], "sequence": place[1], "state": state, "error": error})


def _said_before(payload: bytes) -> Place | None:
    """The last event before a new epoch, as its first one tells; None where that cannot be read here, and it waits."""
    with suppress(Undecodable):
        event = decode(payload)[1]
        if isinstance(event, LedgerRestored):
            return event.epoch_before, event.last_sequence_before
    return None


class Applier:
    """The applier of one service. Replicas share the work: a tenant's source is locked while it is applied."""

    def __init__(self, store: EventStore, inbox: Inbox, reactions: Reactions) -> None:
        self.store = store
        self.inbox = inbox
        self.reactions = reactions
        self._alone = store.relay.execution_options(isolation_level="AUTOCOMMIT")
        self._looked = 0.0
        self._gap_since: dict[tuple[str, str], float] = {}

    async def step(self) -> bool:
        """Apply some of what is waiting, of every tenant that has something; was anything applied?"""
        pairs = self.inbox.take_arrived()
        now = asyncio.get_running_loop().time()
        if not pairs or now - self._looked > LOOK_SECONDS:
            self._looked = now
            async with self._alone.connect() as connection:
                pairs |= {(row.source, row.tenant) for row in await connection.execute(_WAITING)}
        results = [await self._apply(source, tenant) for source, tenant in sorted(pairs)]
        return any(results)

    async def _apply(self, source: str, tenant: str) -> bool:
        context = Context(tenant, Actor("reaction", source, frozenset({"service"})), correlation="")
        limit, singly = MOST_EVENTS, False
        while True:
            try:
                done = await self.store.in_transaction(context, partial(self._batch, source, limit, singly))
            except _Failed as failed:
                if not failed.before:
                    await self._park(context, source, failed)
                    return True
                limit = failed.before  # those before it first, then it alone
            except Exception as error:
                if singly or is_race(error) or is_unavailable(error):
                    raise
                singly = True  # whose fault it was shows when each event is written by itself
            else:
                if done is None:  # another replica is at it
                    return False
                await self._mind_gap(source, tenant, done.gap)
                return done.events > 0

    async def _batch(self, source: str, limit: int, singly: bool, work: UnitOfWork) -> _Applied | None:
        head, *rows = await self._take(work, source, limit) or [None]
        if head is None:
            return None
        batch = _Batch((head.epoch, head.sequence))
        gap = False
        for row in rows:
            place = (row.epoch, row.sequence)
            if not batch.follows(place, row.payload):
                gap = True
                break
            batch.head = max(batch.head, place)
            if row.partition_key in head.blocked:
                batch.set_aside(place, "held")
                continue
            try:
                await self._apply_one(work, source, row, batch)
                if singly:
                    await views.write(work.connection, batch.changes.take())
            except Exception as error:
                if not singly or is_race(error) or is_unavailable(error):
                    raise
                raise _Failed(batch.events, row, error) from error
            batch.done.append(place)
            if batch.reactions == MOST_REACTIONS:
                break
        await self._settle(work, source, batch)
        log.info("applied", source=source, tenant=work.tenant, events=len(batch.done), held=len(batch.aside))
        return _Applied(batch.events, gap)

    async def _apply_one(self, work: UnitOfWork, source: str, row: Any, batch: _Batch) -> None:
        try:
            envelope, contract = decode(row.payload)
        except UnknownEvent:
            # A newer publisher says more than this service asks for: nothing to do.
            log.info("applier.unknown_event", source=source, name=row.name)
            return
        if envelope.simulated and not self.store.clock.simulated:
            raise SimulatedEvent("an event of a simulated clock is refused here")
        cause = Cause(envelope.id, envelope.ledger, envelope.tenant, envelope.businessdate, envelope.time)
        for projection in self.reactions.projections.get(type(contract), ()):
            change = projection.of(contract, cause)
            if change is not None:
                batch.changes.add(change)
        handled = type(contract) in self.reactions.handlers
        if handled:
            await views.write(work.connection, batch.changes.take())
            await self.reactions.react(contract, cause, self._reaction(work, envelope))
            batch.reactions += 1
        seconds = (datetime.now(UTC) - envelope.time).total_seconds()
        TRAVEL_SECONDS.labels(source).observe(max(seconds, 0.0))
        if handled:
            log.info(
                "reaction",
                name=row.name,
                id=envelope.id,
                tenant=work.tenant,
                correlation=envelope.correlationid,
                seconds=round(seconds, 4),
            )

    def _reaction(self, work: UnitOfWork, envelope: Attributes) -> UnitOfWork:
        """What a handler works with: its commands follow from the event and are of the day it counts for."""
        context = replace(
            work.context,
            correlation=envelope.correlationid,
            causation=envelope.id,
            today=envelope.businessdate,
        )
        return UnitOfWork(work.connection, work.service, work.clock, context)

    async def _take(self, work: UnitOfWork, source: str, limit: int) -> Sequence[Any]:
        """The tenant's head, locked, and what waits; nothing where another replica is at it."""
        return (await work.connection.exec_driver_sql(_TAKE, (source, work.tenant, limit))).all()

    async def _settle(self, work: UnitOfWork, source: str, batch: _Batch) -> None:
        await work.connection.exec_driver_sql(
            _SETTLE,
            (
                source,
                work.tenant,
                *batch.head,
                views.as_json(batch.changes.take()),
                [epoch for epoch, _ in batch.done],
                [sequence for _, sequence in batch.done],
                orjson.dumps(batch.aside).decode() if batch.aside else None,
            ),
        )

    async def _park(self, context: Context, source: str, failed: _Failed) -> None:
        row, error = failed.row, f"{type(failed.error).__name__}: {failed.error}"
        PARKED_EVENTS.labels(source).inc()
        log.error("applier.parked", source=source, tenant=context.tenant, name=row.name, error=error)

        async def once(work: UnitOfWork) -> None:
            for head in await self._take(work, source, 0):
                place = (row.epoch, row.sequence)
                batch = _Batch(max((head.epoch, head.sequence), place))
                batch.set_aside(place, "parked", error)
                await self._settle(work, source, batch)

        await self.store.in_transaction(context, once)

    async def _mind_gap(self, source: str, tenant: str, gap: bool) -> None:
        now = asyncio.get_running_loop().time()
        if not gap:
            self._gap_since.pop((source, tenant), None)
            return
        since = self._gap_since.setdefault((source, tenant), now)
        if now - since > GAP_SECONDS:
            self._gap_since[source, tenant] = now
            count = await self.inbox.fetch_again(source, tenant)
            log.warning("applier.gap", source=source, tenant=tenant, fetched=count)
