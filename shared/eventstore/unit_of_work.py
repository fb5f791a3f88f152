"""One transaction on one tenant's ledger: load a stream, decide, write views, append. Only its owner commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.calendar import Calendar
from shared.contracts import Contract
from shared.contracts.envelope import partition_key
from shared.decider import Actor, Given, Refused, refuse_if, replace, words
from shared.eventstore import reference, views
from shared.eventstore.aggregate import Aggregate, Recorded
from shared.eventstore.clock import BusinessClock
from shared.eventstore.codec import Encoded
from shared.eventstore.failures import Changed, KeyReused, TenantClosed, TenantUnknown, is_race
from shared.eventstore.remembered import Outdated, Remembered, Seen
from shared.eventstore.sql import read
from shared.observability.tracing import traceparent
from shared.tenancy import Policy, ancestors_and_self, effective

LARGEST_EVENT = 256 * 1024
"""Bytes of one event's data: far below the broker's limit, so that what is appended can be published."""

_BEGIN, _APPEND, _APPEND_IF_STILL_SO = read("begin"), read("append"), read("append_if_still_so")
_NO_EVENTS = (None,) * 9

Guard = Callable[[Given[Any]], Refused | None]
"""A rule that holds for every command of every service; the refusal, or None."""


@dataclass(frozen=True)
class Context:
    """On whose behalf a transaction runs. ``today`` is None for people (the business clock says) and the
    business date of the cause for reactions."""

    tenant: str
    actor: Actor
    correlation: str
    causation: str | None = None
    today: date | None = None


@dataclass(frozen=True)
class Key:
    """A command's idempotency key and a hash of what was asked with it."""

    value: str
    request_hash: bytes


@dataclass(frozen=True)
class Answer:
    """What a command did: where the ledger stands after it, the stream's version, the names of its events.
    ``published``: the ledger's sequence of the last of them that others are told of, None where none is: who reads
    what is kept of it elsewhere waits for that. ``repeated``: it was done before by the same key, and this is the
    answer of then."""

    service: str
    tenant: str
    sequence: int
    stream: str
    version: int
    events: tuple[str, ...]
    published: int | None = None
    repeated: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class _Asked:
    """A command with all that it was asked with."""

    id: str
    command: Any
    key: Key | None
    seen_version: int | None
    tenant_must_exist: bool
    tenant_may_be_closed: bool


class UnitOfWork:
    """Commands on one tenant inside one transaction that somebody else commits or rolls back.

    A reaction may execute several, on several streams; they share the tenant's ledger. Given the driver's own
    connection, it executes one command of an aggregate that stands alone: each of its two calls is a transaction. Where
    the stream is ``remembered``, the first of them is left out.
    """

    def __init__(
        self,
        connection: AsyncConnection | asyncpg.Connection,
        service: str,
        clock: BusinessClock,
        context: Context,
        guard: Guard | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self._connection = connection
        self.service = service
        self.clock = clock
        self.context = context
        self.guard = guard
        self._remembered = remembered
        self._alone = not isinstance(connection, AsyncConnection)

    def following(self, context: Context) -> UnitOfWork:
        """The same transaction for what a reaction commands: in another's name, whom no guard asks."""
        return UnitOfWork(self._connection, self.service, self.clock, context, remembered=self._remembered)

    @property
    def connection(self) -> AsyncConnection:
        """The connection of the transaction that others take part in."""
        if not isinstance(self._connection, AsyncConnection):
            raise TypeError("a command that stands alone has no transaction to take part in")
        return self._connection

    async def fetch(self, statement: str, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
        """What a statement of the driver's answers; it stands alone where the work does."""
        if isinstance(self._connection, AsyncConnection):
            return (await self._connection.exec_driver_sql(statement, values)).all()
        rows: Sequence[Sequence[Any]] = await self._connection.fetch(statement, *values)
        return rows

    @property
    def tenant(self) -> str:
        """The tenant whose ledger is written."""
        return self.context.tenant

    async def enter(self) -> None:
        """Set the scope of the transaction, where something is done before the first command."""
        await self.connection.execute(sa.select(sa.func.enter(self.tenant)))

    async def execute(
        self,
        aggregate: Aggregate[Any, Any, Any, Any],
        id: str,
        command: Any,
        *,
        key: Key | None = None,
        seen_version: int | None = None,
        tenant_must_exist: bool = False,
        tenant_may_be_closed: bool = False,
    ) -> Answer:
        """Decide one command on one stream and write what follows.

        ``tenant_must_exist``: and be open, unless it ``tenant_may_be_closed``. What follows from a date or from what
        others said is done in a closed tenant too.

        Raises Refused (the rule's, or KeyReused, Changed, TenantUnknown, TenantClosed); the caller's transaction is
        then rolled back. A key that was accepted before gives the first answer again and writes nothing.
        """
        asked = _Asked(id, command, key, seen_version, tenant_must_exist, tenant_may_be_closed)
        stream = aggregate.stream(id)
        # Taken out also where it is of no use here: what a transaction of others writes may still be taken back.
        remembered = self._remembered.take(self.tenant, stream) if self._remembered is not None else None
        if remembered is not None and self._alone:
            try:
                return await self._carry_out(aggregate, asked, remembered, look=False)
            except (Outdated, Refused):
                pass  # nobody is refused, and nothing left undone, without a look at what is there
            except Exception as error:
                if not is_race(error):
                    raise
        seen, answer, request_hash = await self._read(aggregate, stream, key)
        if answer is not None and key is not None:
            if request_hash != key.request_hash:
                raise KeyReused(key.value)
            return replace(answer, published=_published_then(aggregate, answer, seen.history))
        return await self._carry_out(aggregate, asked, seen)

    async def _carry_out(
        self, aggregate: Aggregate[Any, Any, Any, Any], asked: _Asked, seen: Seen, *, look: bool = True
    ) -> Answer:
        """Decide on what was seen, and append."""
        command, key, history, stream = asked.command, asked.key, seen.history, aggregate.stream(asked.id)
        if asked.tenant_must_exist and seen.tier is None:
            raise TenantUnknown(self.tenant)
        if asked.tenant_must_exist and seen.closed_on is not None and not asked.tenant_may_be_closed:
            raise TenantClosed(self.tenant, seen.closed_on)
        if asked.seen_version is not None and asked.seen_version != len(history):
            since = [type(recorded.event).__name__ for recorded in history[asked.seen_version :]]
            raise Changed(asked.seen_version, len(history), since)

        facts = None
        if aggregate.facts is not None:
            facts = await aggregate.facts(self.connection, self.tenant, asked.id, command)
        today = self.context.today or self.clock.today(seen.day)
        path = tuple(ancestors_and_self(self.tenant))
        policy = _policy(path, seen.policies, today)
        given = Given(today, self.context.actor, policy, _calendar(seen.years), seen.tier, facts)
        if self.guard is not None:
            refuse_if(self.guard(given))
        before = aggregate.fold(recorded.event for recorded in history)
        encoded = [aggregate.codec.encode(event) for event in aggregate.decide(before, command, given)]
        if not (look or encoded):
            raise Outdated  # it may be: where no version is written, none is in the way
        new = [
            Recorded(one.event, self.tenant, stream, len(history) + n, today, _signature(self.context.actor))
            for n, one in enumerate(encoded, start=1)
        ]
        after, told = before, []
        for recorded in new:
            after = aggregate.evolve(after, recorded.event)
            told.append(list(aggregate.publish(recorded, after)))

        dates, earlier = aggregate.deadlines(after), aggregate.deadlines(before)
        set_anew = {name: on for name, on in dates.items() if earlier.get(name) != on}
        gone = [name for name in earlier if name not in dates]
        texts = [vars(text) for one in encoded for text in one.texts]
        rows = views.as_json(self._rows(aggregate, stream, history, new, told)) if new else None
        metadata = self._metadata(command, today, policy) if new else None
        values = (
            self.tenant,
            stream,
            len(history),
            rows,
            _json(texts) if texts else None,
            _json(set_anew) if set_anew else None,
            gone or None,
            *(self._events(encoded, told, stream, metadata) if metadata else _NO_EVENTS),
            self.context.actor.id,
            key.value if key else None,
            key.request_hash if key else None,
        )
        if look:
            appended = await self.fetch(_APPEND, values)
        else:
            appended = await self.fetch(_APPEND_IF_STILL_SO, (*values, seen.as_of))
        if not appended:
            raise Outdated
        [(sequence,)] = appended
        if self._remembered is not None and self._alone:
            self._remembered.keep(self.tenant, stream, replace(seen, history=[*history, *new]))
        for recorded in new:
            await aggregate.then(recorded, self)
        return Answer(
            self.service,
            self.tenant,
            sequence,
            stream,
            len(history) + len(new),
            tuple(one.name for one in encoded),
            _published(told, sequence),
        )

    async def _read(
        self, aggregate: Aggregate[Any, Any, Any, Any], stream: str, key: Key | None
    ) -> tuple[Seen, Answer | None, bytes | None]:
        """What begin_command answers: what a decision stands on; the answer that the key got, and to what."""
        path = tuple(ancestors_and_self(self.tenant))
        rows = await self.fetch(
            _BEGIN, (self.tenant, stream, path, self.context.actor.id, key.value if key else None)
        )
        history: list[Recorded[Any]] = []
        policies: list[tuple[str, int, date, str]] = []
        years: list[tuple[str, int, str]] = []
        answer = request_hash = kept = tier = closed_on = as_of = None
        # The columns are those of begin_command, in its order.
        for kind, number, version, name, schema_version, data, metadata, day, hash, names in rows:
            match kind:
                case "event":
                    event = aggregate.codec.decode(name, schema_version, data)
                    history.append(recorded_from(event, self.tenant, stream, version, orjson.loads(metadata)))
                case "answer":
                    answer = Answer(
                        self.service, self.tenant, number, name, version, tuple(names), repeated=True
                    )
                    request_hash = bytes(hash)
                case "tenant":
                    tier, closed_on = data, day
                case "policy":
                    policies.append((name, version, day, data))
                case "calendar":
                    years.append((name, version, data))
                case "today":
                    kept, as_of = day, name
        history.sort(key=lambda recorded: recorded.version)
        seen = Seen(
            history,
            tuple(policies),
            # Root first: of a year that two tiers adopted, the nearer one's holds.
            tuple((year, text) for _, year, text in sorted(years)),
            tier,
            closed_on,
            kept,
            as_of,
        )
        return seen, answer, request_hash

    def _rows(
        self,
        aggregate: Aggregate[Any, Any, Any, Any],
        stream: str,
        history: list[Recorded[Any]],
        new: list[Recorded[Any]],
        told: Iterable[Iterable[Contract]],
    ) -> Iterable[views.Change]:
        """What changes in the read models: of this stream, and of what every decision stands on."""
        whole = [*history, *new]
        for view in aggregate.views:
            before = view.rows(history) if history else []
            yield from views.changes(view, self.tenant, stream, before, view.rows(whole))
        for contracts in told:
            for contract in contracts:
                if (row := reference.change(self.tenant, contract)) is not None:
                    yield row

    def _metadata(self, command: Any, today: date, policy: Policy) -> str:
        context = self.context
        metadata = {
            "actor": {"id": context.actor.id, "name": context.actor.name},
            "business_date": today,
            "causation": context.causation,
            "command": words(type(command).__name__),
            "correlation": context.correlation,
            "policy": policy.versions,
            "simulated": self.clock.simulated,
        }
        if (place := traceparent()) is not None:
            metadata["traceparent"] = place  # so that what follows elsewhere is seen in one trace
        return _json(metadata)

    def _events(
        self, encoded: Sequence[Encoded[Any]], told: Sequence[list[Contract]], stream: str, metadata: str
    ) -> tuple[Any, ...]:
        """The events as append takes them: what they have in common, and of all else a list."""
        public = [(n, contract) for n, contracts in enumerate(told, start=1) for contract in contracts]
        return (
            [one.name for one in encoded],
            [one.schema_version for one in encoded],
            [_within_limit(one.name, one.data) for one in encoded],
            metadata,
            [n for n, _ in public],
            [type(contract).__name__ for _, contract in public],
            [contract.version for _, contract in public],
            [partition_key(contract, stream) for _, contract in public],
            [_within_limit(type(contract).__name__, contract.model_dump_json()) for _, contract in public],
        )


def recorded_from(
    event: Any, tenant: str, stream: str, version: int, metadata: dict[str, Any]
) -> Recorded[Any]:
    """An event as it lies in its stream, from the ledger's own metadata."""
    actor = metadata["actor"]
    return Recorded(
        event,
        tenant,
        stream,
        version,
        date.fromisoformat(metadata["business_date"]),
        Actor(actor["id"], actor["name"]),
    )


def _published(told: Sequence[Sequence[Contract]], sequence: int) -> int | None:
    """The ledger's sequence of the last event that was told to others, of events that end at ``sequence``."""
    return max((sequence - back for back, of_one in enumerate(reversed(told)) if of_one), default=None)


def _published_then(
    aggregate: Aggregate[Any, Any, Any, Any], answer: Answer, history: Sequence[Recorded[Any]]
) -> int | None:
    """The same for events that lie in the stream: what they tell is made again, and is the same."""
    first = answer.version - len(answer.events)
    state, told = aggregate.fold(one.event for one in history[:first]), []
    for recorded in history[first : answer.version]:
        state = aggregate.evolve(state, recorded.event)
        told.append(list(aggregate.publish(recorded, state)))
    return _published(told, answer.sequence)


@lru_cache(maxsize=1024)
def _policy(path: tuple[str, ...], versions: tuple[tuple[Any, ...], ...], today: date) -> Policy:
    """The effective policy, computed once for the same rows and day."""
    return effective(path, [reference.adopted(*version) for version in versions], today)


@lru_cache(maxsize=64)
def _calendar(years: tuple[tuple[int, str], ...]) -> Calendar:
    """The calendar, read once for the same rows."""
    return reference.calendar_with(years)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _signature(actor: Actor) -> Actor:
    """An actor as the ledger keeps it: roles belong to the decision, not to the record."""
    return Actor(actor.id, actor.name)


def _within_limit(name: str, data: str) -> str:
    if (size := len(data.encode())) > LARGEST_EVENT:
        raise Refused("kernel.event-too-large", event=name, bytes=size, limit=LARGEST_EVENT)
    return data
