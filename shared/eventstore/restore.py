"""After a restore from a backup: the ledger itself says where it was set back to, and what others had heard by then.

Public events that were said and are no longer in the ledger stay with those who heard them. The ledger goes on under
a new epoch, so that its next public event cannot be mistaken for one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ledger as contracts
from shared.decider import Actor, Given
from shared.eventstore import tables
from shared.eventstore.aggregate import Aggregate, Recorded
from shared.eventstore.store import EventStore
from shared.eventstore.unit_of_work import Answer, Context, UnitOfWork

ID = "restored"
LOST_IN_ONE_EVENT = 1_000
"""So that the list of what was lost, however long, never makes an event too large."""


@dataclass(frozen=True)
class LostEvent:
    """A public event that was said and that the restored ledger does not know; its payload is on the stream."""

    id: str
    name: str
    subject: str


@dataclass(frozen=True)
class AcceptRestore:
    """Go on under ``epoch``. The last public event that was said is ``last_sequence_before`` of ``epoch_before``;
    roots were signed until the ledger's sequence ``sealed_until`` (0: not beyond ``restored_to``)."""

    epoch: int
    epoch_before: int
    last_sequence_before: int
    restored_to: int
    sealed_until: int
    lost: tuple[LostEvent, ...]
    reason: str


@dataclass(frozen=True)
class LedgerRestored:
    """The first event after a restore: everything until ``restored_to`` is from the backup. ``lost``: how many."""

    epoch: int
    epoch_before: int
    last_sequence_before: int
    restored_to: int
    sealed_until: int
    lost: int
    reason: str


@dataclass(frozen=True)
class PublicEventsLost:
    """Some of what was said and is no longer in the ledger."""

    events: tuple[LostEvent, ...]


@dataclass(frozen=True)
class Epoch:
    """The epoch that the ledger is in."""

    number: int = 1


Event = LedgerRestored | PublicEventsLost


def decide(state: Epoch, command: AcceptRestore, given: Given[None]) -> list[Event]:
    """Nothing where the epoch has begun already: two operators may accept the same restore."""
    if command.epoch <= state.number:
        return []
    parts = range(0, len(command.lost), LOST_IN_ONE_EVENT)
    return [
        restored(command),
        *(PublicEventsLost(command.lost[at : at + LOST_IN_ONE_EVENT]) for at in parts),
    ]


def restored(command: AcceptRestore) -> LedgerRestored:
    """What the ledger will say when a restore is accepted."""
    return LedgerRestored(
        command.epoch,
        command.epoch_before,
        command.last_sequence_before,
        command.restored_to,
        command.sealed_until,
        len(command.lost),
        command.reason,
    )


def evolve(state: Epoch, event: Event) -> Epoch:
    match event:
        case LedgerRestored(epoch=epoch):
            return Epoch(epoch)
        case PublicEventsLost():
            return state
        case _ as unreachable:
            assert_never(unreachable)


def publish(recorded: Recorded[Event], state: Epoch) -> Iterable[contracts.LedgerRestored]:
    match recorded.event:
        case LedgerRestored() as event:
            yield contracts.LedgerRestored(
                epoch_before=event.epoch_before,
                last_sequence_before=event.last_sequence_before,
                restored_to=event.restored_to,
                lost=event.lost,
                by=recorded.actor.name,
                reason=event.reason,
            )


LEDGER: Aggregate[Epoch, AcceptRestore, Event, None] = Aggregate(
    kind="ledger", events=Event, initial=Epoch(), decide=decide, evolve=evolve, publish=publish
)


async def accept(store: EventStore, tenant: str, by: Actor, command: AcceptRestore) -> Answer | None:
    """Begin a new epoch of one ledger; None where it has begun already. LedgerRestored is its first public event."""
    epoch = command.epoch

    async def once(work: UnitOfWork) -> Answer | None:
        restored_to = await work.connection.scalar(sa.select(sa.func.begin_epoch(tenant, epoch)))
        if restored_to is None:
            return None
        return await work.execute(LEDGER, ID, replace(command, restored_to=restored_to))

    correlation = f"restore:{store.service}:{tenant}/{epoch}"
    return await store.in_transaction(Context(tenant, by, correlation), once)


async def restores(connection: AsyncConnection, tenant: str) -> list[LedgerRestored]:
    """Every restore that a ledger tells of, in order. The connection's scope must be the tenant's."""
    events = tables.events
    query = (
        sa.select(events.c.name, events.c.schema_version, events.c.data)
        .where(events.c.tenant == tenant, events.c.stream == LEDGER.stream(ID))
        .order_by(events.c.version)
    )
    found: list[Any] = [LEDGER.codec.decode(*row) for row in await connection.execute(query)]
    return [event for event in found if isinstance(event, LedgerRestored)]
