"""Applies what lies in the inbox: a tenant's events of a source in their order, effect and state in one transaction."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import structlog

from shared.contracts import Contract
from shared.contracts.envelope import Cause, Undecodable, UnknownEvent, decode, decode_again
from shared.contracts.ledger import LedgerRestored
from shared.decider import Actor
from shared.eventstore import views
from shared.eventstore.failures import is_race, is_unavailable
from shared.eventstore.projection import Changes
from shared.eventstore.sql import read
from shared.eventstore.store import APP_CONNECTIONS, EventStore, driver_of
from shared.eventstore.unit_of_work import Context, UnitOfWork
from shared.messaging.inbox import Inbox
from shared.messaging.loop import all_of
from shared.messaging.reactions import Reactions
from shared.observability.metrics import PARKED_EVENTS, TRAVEL_SECONDS
from shared.observability.tracing import span

log = structlog.get_logger(__name__)

MOST_ROWS, MOST_REACTIONS = 4000, 50
"""How much one transaction takes: rows that events may put, and events that a handler reacts to."""
TENANTS_AT_ONCE = APP_CONNECTIONS - 1
"""People keep one connection to themselves."""
LOOK_SECONDS = 0.1
"""How often to look for what this process was not told of: another replica stored it, or an operator released it."""
GAP_SECONDS = 5.0
"""How long a gap may be before the missing events are asked for again."""

_WAITING, _TAKE, _SETTLE = read("waiting"), read("take"), read("settle")

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


@dataclass
class _Batch:
    """One transaction: how far its tenant's head has come, and what became of each event. All are of one epoch."""

    head: Place
    turn: int
    epoch: int
    applied: list[int] = field(default_factory=list)
    aside: list[dict[str, Any]] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    reactions: int = 0
    gap: bool = False
    oldest: datetime | None = None
    """When the first event was recorded."""

    @property
    def events(self) -> int:
        return len(self.applied) + len(self.aside)

    def follows(self, place: Place, payload: bytes) -> bool:
        """Is it this event's turn? One that was released has had it before; the first of a new epoch says which one
        it follows."""
        epoch, sequence = self.head
        if place[0] > epoch and place[1] == 1:
            return _said_before(payload) == self.head
        return place <= (epoch, sequence + 1)

    def set_aside(self, sequence: int, state: str, error: str | None = None) -> None:
        self.aside.append({"sequence": sequence, "state": state, "error": error})


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
        self._looked = 0.0
        self._gap_since: dict[tuple[str, str], float] = {}

    async def step(self) -> bool:
        """Apply some of what is waiting, of every tenant that has something; was anything applied?"""
        arrived = self.inbox.take_arrived()
        rest = False
        try:
            applied = await self._apply_all(arrived)
        finally:  # what has arrived does not wait for a look at the rest; if it fails, the rest goes on all the same
            now = asyncio.get_running_loop().time()
            if not arrived or now - self._looked > LOOK_SECONDS:
                self._looked = now
                rest = await self._apply_all(await self._waiting())
        return applied or rest

    async def _waiting(self) -> set[tuple[str, str]]:
        async with driver_of(self.store.relay) as connection:
            return {(source, tenant) for source, tenant in await connection.fetch(_WAITING)}

    async def _apply_all(self, pairs: set[tuple[str, str]]) -> bool:
        sources: dict[str, list[str]] = {}
        for source, tenant in sorted(pairs):
            sources.setdefault(tenant, []).append(source)
        some = asyncio.Semaphore(TENANTS_AT_ONCE)

        async def apply(tenant: str) -> bool:
            async with some:
                return any([await self._apply(source, tenant) for source in sources[tenant]])

        return any(await all_of([apply(tenant) for tenant in sources]))

    async def _apply(self, source: str, tenant: str) -> bool:
        context = Context(tenant, Actor("reaction", source, frozenset({"service"})), correlation="")
        # A handler needs a transaction around it; projections are written by the statement that settles them.
        whole, singly = self.reactions.reacts_to(source), False
        limit = max(1, MOST_ROWS // self.reactions.most_rows[source])
        while True:
            run = self.store.in_transaction if whole else self.store.in_statements
            try:
                done = await run(context, partial(self._batch, source, limit, whole, singly))
            except _Failed as failed:
                if not failed.before:
                    await self._park(context, source, failed)
                    return True
                limit = failed.before  # those before it first, then it alone
            except Exception as error:
                if singly or is_race(error) or is_unavailable(error):
                    raise
                whole = singly = True  # whose fault it was shows when each event is written by itself
            else:
                if done is None:  # another replica is at it, or was faster
                    return False
                if done.oldest is not None:
                    TRAVEL_SECONDS.labels(source).observe((datetime.now(UTC) - done.oldest).total_seconds())
                await self._mind_gap(source, tenant, done.gap)
                return done.events > 0

    async def _batch(
        self, source: str, limit: int, whole: bool, singly: bool, work: UnitOfWork
    ) -> _Batch | None:
        """Apply what waits, up to a limit; None where another replica is at it, or was faster."""
        taken = await work.fetch(_TAKE, (source, work.tenant, limit, whole))
        if not taken:
            return None
        epoch, sequence, *_, blocked, turn = taken[0]
        rows = taken[1:]
        batch = _Batch((epoch, sequence), turn, rows[0][0] if rows else epoch)
        tenant, handlers = work.tenant, self.reactions.handlers
        following = (epoch, sequence + 1)
        for row in rows:
            epoch, sequence, key, payload, _, _ = row
            place = (epoch, sequence)
            batch.gap = place != following and not batch.follows(place, payload)
            if batch.gap or epoch != batch.epoch or batch.reactions == MOST_REACTIONS:
                break
            if place > batch.head:
                batch.head, following = place, (epoch, sequence + 1)
            if key in blocked:
                batch.set_aside(sequence, "held")
                continue
            try:
                cause, event = self._project(payload, tenant, batch)
                if type(event) in handlers:
                    await self._react(work, batch, cause, event)
                elif singly:
                    await views.write(work.connection, batch.changes.take())
            except UnknownEvent as error:
                # A newer publisher says more than this service asks for: nothing to do.
                log.info("applier.unknown_event", source=source, error=str(error))
            except Exception as error:
                if not singly or is_race(error) or is_unavailable(error):
                    raise
                raise _Failed(batch.events, row, error) from error
            batch.applied.append(sequence)
        if batch.events:
            if not await self._settle(work, source, batch):
                return None
            counts = {"events": len(batch.applied), "held": len(batch.aside), "reactions": batch.reactions}
            log.info("applied", source=source, tenant=work.tenant, **counts)
        return batch

    def _project(self, payload: bytes, tenant: str, batch: _Batch) -> tuple[Cause, Contract]:
        """Read an event and note the rows that it puts or drops."""
        cause, event = decode_again(payload, tenant)
        if cause.simulated and not self.store.clock.simulated:
            raise SimulatedEvent("an event of a simulated clock is refused here")
        if batch.oldest is None:
            batch.oldest = cause.recorded_at
        for projection in self.reactions.projections.get(type(event), ()):
            if (change := projection.of(event, cause)) is not None:
                batch.changes.add(change)
        return cause, event

    async def _react(self, work: UnitOfWork, batch: _Batch, cause: Cause, event: Contract) -> None:
        """Call the handler of an event, which finds all rows before it written. What it commands follows from the
        event and is of the day it counts for."""
        await views.write(work.connection, batch.changes.take())
        context = replace(
            work.context, correlation=cause.correlation, causation=cause.id, today=cause.business_date
        )
        name = type(event).__name__
        about = {"event": cause.id, "tenant": work.tenant, "correlation": cause.correlation}
        with span(f"reaction {name}", "consumer", cause.traceparent, **about):
            await self.reactions.react(event, cause, work.following(context))
            batch.reactions += 1
            log.info(
                "reaction",
                name=name,
                id=cause.id,
                tenant=work.tenant,
                correlation=cause.correlation,
                causation=cause.id,
                seconds=round((datetime.now(UTC) - cause.recorded_at).total_seconds(), 4),
            )

    async def _settle(self, work: UnitOfWork, source: str, batch: _Batch) -> bool:
        """Write what is left to write and say what became of the events; False where somebody else was faster."""
        rows = views.as_json(batch.changes.take())
        aside = orjson.dumps(batch.aside).decode() if batch.aside else None
        applied = "{" + ",".join(map(str, batch.applied)) + "}"
        values = (source, work.tenant, batch.turn, *batch.head, rows, batch.epoch, applied, aside)
        [(settled,)] = await work.fetch(_SETTLE, values)
        return bool(settled)

    async def _park(self, context: Context, source: str, failed: _Failed) -> None:
        epoch, sequence, *_ = failed.row
        error = f"{type(failed.error).__name__}: {failed.error}"
        PARKED_EVENTS.labels(source).inc()
        # The whole of it is the operator's to read (`shufa parked list`): it may quote the event.
        kind = type(failed.error).__name__
        log.error(
            "applier.parked", source=source, tenant=context.tenant, epoch=epoch, sequence=sequence, error=kind
        )

        async def once(work: UnitOfWork) -> None:
            for head in await work.fetch(_TAKE, (source, work.tenant, 0, True)):
                batch = _Batch(max((head[0], head[1]), (epoch, sequence)), head[-1], epoch)
                batch.set_aside(sequence, "parked", error)
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
