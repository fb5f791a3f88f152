"""What a service says about one kind of stream: its decider, its read models, its dates, what it tells others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.calendar import Calendar
from shared.contracts import Contract
from shared.contracts.base import TextLink
from shared.decider import Actor, FreeText, Given
from shared.eventstore.codec import Codec, Upcast
from shared.tenancy import Policy

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E")
F = TypeVar("F")
T = TypeVar("T")

Tier = Literal["private", "progress", "inherited"]
TableClass = Tier | Literal["reference"]
"""The classes of row security (sql/kernel.sql); the last is what every decision needs to know of the tree."""
Row = dict[str, Any]


def id_of(stream: str) -> str:
    """What comes after the stream's kind."""
    return stream.partition("-")[2]


@dataclass(frozen=True)
class Recorded(Generic[T]):
    """An event in its stream. It has no ledger sequence: a view or a public event is made before the ledger
    numbers it, and must be the same when it is made again from the ledger."""

    event: T
    tenant: str
    stream: str
    version: int
    business_date: date
    actor: Actor

    @property
    def id(self) -> str:
        """The stream's id without its kind: ``case-2021-1-langxia`` → ``2021-1-langxia``."""
        return id_of(self.stream)


@dataclass(frozen=True)
class Judged:
    """A filter by what depends on the day: the word that ``of`` finds for these columns of a row."""

    columns: tuple[str, ...]
    of: Callable[[Row, date, Policy, Calendar], str]


@dataclass(frozen=True)
class View:
    """A read model kept with the event: rows of the stream in hand, a pure fold over its whole history.

    ``rows`` gives the columns besides tenant and stream; ``[]`` means no row. ``filters`` are the columns a list
    may be asked by, and ``judged`` what it may be asked by as it is on a day; ``order_by`` its order (the stream comes
    last), ``sorts`` the columns it may be sorted by instead, ``searched`` those in which a text is looked for.
    ``present`` adds what depends on today. Of a *progress* view a tier above sees every column but ``own_only``: where
    a text lies, what proves a result.
    """

    table: sa.Table
    rows: Callable[[Sequence[Recorded[Any]]], list[Row]]
    filters: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    judged: Mapping[str, Judged] = field(default_factory=dict)
    tier: Tier = "private"
    present: Callable[[Row, date, Policy, Calendar], Row] | None = None
    own_only: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name, as in the URL but with underscores."""
        return self.table.name


def view_table(name: str, *columns: sa.Column[Any] | sa.Index) -> sa.Table:
    """A view's table: tenant and stream first and in the primary key, then the view's own columns and indexes."""
    return sa.Table(
        name,
        sa.MetaData(),  # its own: two services may call a view the same
        sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
        sa.Column("stream", sa.Text(collation="C"), primary_key=True),
        *columns,
    )


def _no_publication(recorded: Recorded[Any], state: Any) -> Iterable[Contract]:
    return ()


def _no_deadlines(state: Any) -> dict[str, date]:
    return {}


async def _nothing_more(recorded: Recorded[Any], work: Any) -> None:
    return None


@dataclass(frozen=True)
class Aggregate(Generic[S, C, E, F]):
    """One kind of stream. A stream is named ``<kind>-<id>``, one token, so that it can stand in a subject.

    ``publish`` is asked for each new event with the state after it; ``deadlines`` with the state after all;
    ``facts`` may make one query for what the decision needs to know from other streams of this service.
    ``then`` is called for each new event in the same transaction, for what follows on other streams of the tenant
    (all cases suspended by one decision); few commands need it.
    """

    kind: str
    events: Any
    initial: S
    decide: Callable[[S, C, Given[F]], list[E]]
    evolve: Callable[[S, E], S]
    views: tuple[View, ...] = ()
    publish: Callable[[Recorded[E], S], Iterable[Contract]] = _no_publication
    deadlines: Callable[[S], dict[str, date]] = _no_deadlines
    facts: Callable[[AsyncConnection, str, str, C], Awaitable[F]] | None = None
    then: Callable[[Recorded[E], Any], Awaitable[None]] = _nothing_more
    upcasts: Mapping[tuple[str, int], Upcast] = field(default_factory=dict)
    codec: Codec[E] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "codec", Codec(self.events, self.upcasts))

    @property
    def stands_alone(self) -> bool:
        """Does a decision need nothing but its own stream, and move no other? Then reading and appending may be a
        transaction each: append refuses when the stream has moved on in between."""
        return self.facts is None and self.then is _nothing_more

    @property
    def has_deadlines(self) -> bool:
        """May dates lie ahead of its streams?"""
        return self.deadlines is not _no_deadlines

    def stream(self, id: str) -> str:
        """The stream's name for an id."""
        return f"{self.kind}-{id}"

    def fold(self, events: Iterable[E]) -> S:
        """The state after these events."""
        state = self.initial
        for event in events:
            state = self.evolve(state, event)
        return state


def text_link(tenant: str, text: FreeText) -> TextLink:
    """What a public event may say of a text: its salted hash and where its owner shows it."""
    if text.ref is None or text.sha256 is None:
        raise ValueError("a text is published after it was sealed")
    return TextLink(sha256=text.sha256, href=f"/tenants/{tenant}/texts/{text.ref}")
