"""Imports a history: ledgers of many tenants from elsewhere, hash chain included, in batches.

A ledger that has no event yet takes a history, or one whose import broke off; no other does. What is imported is not
published: other services import their own history. Views and deadlines are made by a rebuild.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby, islice
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import is_token
from shared.decider import Actor
from shared.eventstore.aggregate import Aggregate
from shared.eventstore.codec import UnknownEvent, text_hash, texts_in
from shared.eventstore.sql import read
from shared.eventstore.store import driver_of
from shared.eventstore.unit_of_work import LARGEST_EVENT
from shared.eventstore.verify import links_of
from shared.tenancy import is_tenant

BATCH = 4_000
"""Events in one transaction."""
AT_ONCE, AHEAD = 2, 4
"""Ledgers that are written at once, each by a connection of its own, and batches of each that are hashed by then."""
PAUSE_EVERY = 50
"""Events that are hashed without looking after the connection."""
_BETWEEN = "\x1e"

Progress = Callable[[int], None]
"""Told how many events are in the ledgers."""


Hex = Annotated[str, Field(pattern="^([0-9a-f]{2})+$")]


@dataclass(frozen=True)
class Text:
    """A text that an event names by ``ref`` and ``sha256``: hex over ``salt`` and ``body``; None: it was blanked."""

    ref: Hex
    salt: Hex
    body: str | None
    sha256: str


@dataclass(frozen=True)
class Past:
    """An event that happened elsewhere. ``data`` is JSON as this version of the event has it."""

    tenant: str
    stream: str
    name: str
    schema_version: int
    data: str
    business_date: date
    actor: Actor
    texts: tuple[Text, ...] = ()


class _Who(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    id: str
    name: str


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    tenant: str
    stream: str
    event: str
    version: int
    data: dict[str, Any]
    business_date: date
    actor: _Who
    texts: tuple[Text, ...] = ()


class Unfit(ValueError):
    """A line that cannot be imported. ``line`` counts from 1; ``rule`` is what it breaks."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(f"line {line}: {rule}")
        self.line = line
        self.rule = rule


class LedgerInUse(Exception):
    """A ledger holds something else than the history: nothing of it was changed."""

    def __init__(self, tenant: str, sequence: int) -> None:
        super().__init__(f"the ledger of {tenant} holds something else from #{sequence} on")
        self.tenant = tenant
        self.sequence = sequence


def parsed(lines: Iterable[bytes]) -> Iterator[Past]:
    """Events from JSON lines: {tenant, stream, event, version, data, business_date, actor: {id, name}, and, where the
    event names texts, texts: [{ref, salt, body, sha256}]}. Raises Unfit."""
    for number, line in enumerate(lines, start=1):
        try:
            said = _Line.model_validate_json(line)
        except ValidationError as error:
            complaint = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(map(str, complaint["loc"]))
            raise Unfit(number, f"is no event of a history: {where} {complaint['msg']}") from None
        yield Past(
            said.tenant,
            said.stream,
            said.event,
            said.version,
            orjson.dumps(said.data).decode(),
            said.business_date,
            Actor(said.actor.id, said.actor.name),
            said.texts,
        )


def check(events: Iterable[Past], aggregates: Iterable[Aggregate[Any, Any, Any, Any]]) -> Iterator[Unfit]:
    """What keeps a history from being imported, line by line; nothing where all of it can be."""
    kinds = {aggregate.kind: aggregate for aggregate in aggregates}
    seen = set[str]()
    ledger = _Checked("", kinds)
    for line, event in enumerate(events, start=1):
        if event.tenant != ledger.tenant:
            if event.tenant in seen:
                yield Unfit(line, f"{event.tenant} was before; the events of a tenant follow each other")
            ledger = _Checked(event.tenant, kinds)
            seen.add(event.tenant)
        if rule := ledger.broken_by(event):
            yield Unfit(line, rule)


class _Checked:
    """One tenant's ledger while its history is checked: what its streams have come to, and its texts."""

    def __init__(self, tenant: str, kinds: Mapping[str, Aggregate[Any, Any, Any, Any]]) -> None:
        self.tenant = tenant
        self.kinds = kinds
        self._states: dict[str, Any] = {}
        self._refs = set[str]()

    def broken_by(self, event: Past) -> str | None:
        """The rule that the event breaks, None where it may stand in the ledger."""
        kind, _, id = event.stream.partition("-")
        if not is_tenant(event.tenant):
            return f"{event.tenant!r} is no tenant's path"
        if kind not in self.kinds or not is_token(id):
            return f"{event.stream!r} is no stream of this service"
        if (size := len(event.data.encode())) > LARGEST_EVENT:
            return f"the data are {size} bytes, and {LARGEST_EVENT} are the most"
        try:
            happened = self.kinds[kind].codec.decode(event.name, event.schema_version, event.data)
        except UnknownEvent as error:
            return str(error)
        except ValueError:
            return f"the data are none of {event.name} v{event.schema_version}"
        return self._texts(event, happened) or self._order(event.stream, self.kinds[kind], happened)

    def _texts(self, event: Past, happened: Any) -> str | None:
        named = {text.ref: text for text in texts_in(happened)}
        for text in event.texts:
            if text.ref not in named or named[text.ref].sha256 != text.sha256:
                return f"the text {text.ref} is not named by the event"
            if text.body is not None and text_hash(bytes.fromhex(text.salt), text.body) != text.sha256:
                return f"the text {text.ref} does not match its hash"
            if text.ref in self._refs:
                return f"the text {text.ref} was given before"
            self._refs.add(text.ref)
        if any(text.body is not None for text in named.values()):
            return "a text's body stands in the data, where it could never be blanked"
        if missing := named.keys() - {text.ref for text in event.texts}:
            return f"the text {missing.pop()} is named, but not given"
        return None

    def _order(self, stream: str, aggregate: Aggregate[Any, Any, Any, Any], happened: Any) -> str | None:
        before = self._states.get(stream, aggregate.initial)
        try:
            self._states[stream] = aggregate.evolve(before, happened)
        except Exception as error:
            return f"it cannot have happened in {stream} after what was before: {error}"
        return None


async def import_history(
    app: AsyncEngine,
    service: str,
    events: Iterable[Past],
    *,
    name: str,
    simulated: bool = False,
    progress: Progress = lambda done: None,
) -> int:
    """Put a checked history into the ledgers, grouped by tenant; how many events are in it.

    ``name`` stands in each event's metadata as its correlation: the same history has the same name. Run again after
    it broke off, it goes on. ``app`` has AT_ONCE connections to spare. Raises LedgerInUse.
    """
    drivers = asyncio.Queue[Any]()
    done = 0

    async def write(ledger: _Ledger, batches: asyncio.Queue[_Batch | None]) -> None:
        nonlocal done
        while (batch := await batches.get()) is not None:
            await ledger.send(batch)
            done += batch.events
            progress(done)
        drivers.put_nowait(ledger.driver)

    try:
        async with AsyncExitStack() as connections, asyncio.TaskGroup() as writers:
            for _ in range(AT_ONCE):
                drivers.put_nowait(await connections.enter_async_context(driver_of(app)))
            for tenant, of_tenant in groupby(events, key=lambda event: event.tenant):
                ledger = _Ledger(await drivers.get(), service, tenant, f"import:{name}", simulated)
                rest = await ledger.skip_what_is_there(iter(of_tenant))
                done += ledger.sequence
                progress(done)
                batches = asyncio.Queue[_Batch | None](AHEAD)
                writers.create_task(write(ledger, batches))
                while part := list(islice(rest, BATCH)):
                    await batches.put(await ledger.chained(part))
                await batches.put(None)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return done


@dataclass(frozen=True)
class _Batch:
    """One call of import_events: where it begins, the columns of its events and of their texts."""

    sequence: int
    hash: bytes
    recorded_at: datetime
    columns: list[str]
    hashes: bytes
    texts: list[Sequence[Any]]

    @property
    def events(self) -> int:
        return len(self.hashes) // 32


class _Ledger:
    """One tenant's ledger while it takes a history."""

    def __init__(self, driver: Any, service: str, tenant: str, correlation: str, simulated: bool) -> None:
        self.driver = driver
        self.tenant = tenant
        self.correlation = correlation
        self.simulated = simulated
        self.sequence = 0
        self.hash = b""
        self._link = links_of(service, tenant)
        self._versions: dict[str, int] = {}
        self._metadata: dict[tuple[str, str, date], str] = {}

    async def skip_what_is_there(self, events: Iterator[Past]) -> Iterator[Past]:
        """Walk over what an earlier run has written; what is left."""
        async with self.driver.transaction(readonly=True):
            await self.driver.fetchval("select set_config('shufa.tenant', $1, true)", self.tenant)
            async for row in self.driver.cursor(read("imported"), self.tenant):
                event = next(events, None)
                if event is None or tuple(row)[1:-1] != self._row(event):
                    raise LedgerInUse(self.tenant, row["sequence"])
                self.sequence, self.hash = row["sequence"], row["hash"]
        return events

    async def chained(self, part: Sequence[Past]) -> _Batch:
        """The next events of the ledger, hashed."""
        now = datetime.now(UTC)
        microseconds = round(now.timestamp() * 1_000_000)
        before, last = (self.sequence, self.hash), self.hash.hex()
        rows, hashes = [], []
        for n, event in enumerate(part):
            if n % PAUSE_EVERY == 0:
                await asyncio.sleep(0)  # for the batches before it, which are being sent
            row = self._row(event)
            self.sequence += 1
            stream, version, name, schema_version, data, metadata = row
            hashed = self._link(
                last, self.sequence, stream, version, name, schema_version, microseconds, data, metadata
            )
            last = hashed.hexdigest()
            rows.append(row)
            hashes.append(hashed.digest())
        self.hash = hashes[-1]
        texts = [
            (text.ref, event.stream, bytes.fromhex(text.salt), text.body, text.sha256)
            for event in part
            for text in event.texts
        ]
        columns = [_BETWEEN.join(map(str, column)) for column in zip(*rows, strict=True)]
        return _Batch(*before, now, columns, b"".join(hashes), [*zip(*texts, strict=True)] or [()] * 5)

    async def send(self, batch: _Batch) -> None:
        """Write a batch behind the one before it."""
        begin = (self.tenant, batch.sequence, batch.hash, batch.recorded_at)
        columns = (*batch.columns, batch.hashes, *batch.texts)
        if not await self.driver.fetchval(read("import_events"), *begin, *columns):
            raise LedgerInUse(self.tenant, batch.sequence + 1)

    def _row(self, event: Past) -> tuple[str, int, str, int, str, str]:
        version = self._versions[event.stream] = self._versions.get(event.stream, 0) + 1
        key = (event.actor.id, event.actor.name, event.business_date)
        metadata = self._metadata.get(key)
        if metadata is None:
            if len(self._metadata) > BATCH:
                self._metadata.clear()
            metadata = self._metadata[key] = self._written(event)
        return (event.stream, version, event.name, event.schema_version, event.data, metadata)

    def _written(self, event: Past) -> str:
        return orjson.dumps(
            {
                "actor": {"id": event.actor.id, "name": event.actor.name},
                "business_date": event.business_date,
                "causation": None,
                "command": "import history",
                "correlation": self.correlation,
                "policy": [],
                "simulated": self.simulated,
            }
        ).decode()
