"""Read models of others' events: written many at once, they hold what each event written alone would leave."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts import Contract
from shared.contracts.envelope import Cause, encode
from shared.contracts.review import DraftApprovalVoided, DraftApproved, ObserverAttended
from shared.eventstore import BusinessClock, EventStore, UnitOfWork, tables, view_table
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Drop, Projection
from shared.eventstore.schema import protect
from shared.eventstore.sql import read
from shared.eventstore.store import engine
from shared.eventstore.views import as_json
from shared.messaging import Reactions, applier, operate
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from tests.shared.conftest import SERVICE, TENANT
from tests.shared.messaging.conftest import HEARER, HearerDatabase

UNHEARD_OF = 666
"""A revision that no draft has: the projection refuses it."""
TOO_HIGH = 1000
"""A revision that the table refuses."""

DRAFTS = view_table(
    "drafts_heard",
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, sa.CheckConstraint(f"revision < {TOO_HIGH}"), nullable=False),
    sa.Column("approved_on", sa.Date),
)
LATEST = sa.Table(
    "latest_heard",
    sa.MetaData(),
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
)


def drafts(event: DraftApproved | DraftApprovalVoided, cause: Cause) -> Row | Drop | None:
    """The approved draft of a unit; none where the approval was voided."""
    match event:
        case DraftApproved(revision=revision) if revision == UNHEARD_OF:
            raise ValueError("unheard of")
        case DraftApproved(revision=0):
            return None
        case DraftApproved():
            return {
                "stream": event.session,
                "unit": event.unit,
                "revision": event.revision,
                "approved_on": event.approved_on,
            }
        case DraftApprovalVoided():
            return Drop({"stream": event.session, "unit": event.unit})


def latest(event: Contract, cause: Cause) -> Row:
    """The sequence of the event that was heard last."""
    return {"sequence": int(cause.id.rpartition("/")[2])}


PROJECTIONS = (
    Projection(DRAFTS, (DraftApproved, DraftApprovalVoided), drafts),
    Projection(LATEST, (DraftApproved,), latest),
)


def approved(unit: str, revision: int, session: str = "s") -> DraftApproved:
    return DraftApproved(session=session, unit=unit, revision=revision, approved_on=date(2021, 6, 1))


def voided(unit: str, session: str = "s") -> DraftApprovalVoided:
    return DraftApprovalVoided(
        session=session, unit=unit, approved_revision=1, revision=2, voided_on=date(2021, 6, 2)
    )


def message(event: Contract, sequence: int, tenant: str = TENANT) -> bytes:
    return encode(
        event,
        tenant=tenant,
        epoch=1,
        sequence=sequence,
        stream="notebook-s",
        ledger=f"{SERVICE}:{tenant}#{sequence}",
        recorded_at=datetime(2021, 6, 1, tzinfo=UTC),
        business_date=date(2021, 6, 1),
        simulated=True,
        correlation_id="test",
    )


@dataclass
class Reader:
    """A replica of a service that keeps read models of what review says, and perhaps reacts to some of it."""

    database: HearerDatabase
    reactions: Reactions
    store: EventStore
    inbox: Inbox = field(init=False)
    applier: Applier = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.store, Broker("nats://127.0.0.1:1", HEARER), (SERVICE,))
        self.applier = Applier(self.store, self.inbox, self.reactions)

    @property
    def relay_url(self) -> str:
        return self.database.url("relay")

    async def keep(self, *events: Contract, tenant: str = TENANT) -> None:
        """Let these come in as the first of a tenant."""
        for sequence, event in enumerate(events, start=1):
            await self.inbox.keep(SERVICE, message(event, sequence, tenant), sequence)

    async def apply_all(self) -> None:
        while await self.applier.step():
            pass

    async def drafts(self, tenant: str = TENANT) -> dict[tuple[str, str], int]:
        """The read model: session and unit → revision."""
        async with self.store.reading(tenant) as connection:
            rows = await connection.execute(sa.select(DRAFTS))
            return {(row.stream, row.unit): row.revision for row in rows}

    async def latest(self, tenant: str = TENANT) -> int | None:
        async with self.store.reading(tenant) as connection:
            return await connection.scalar(sa.select(LATEST.c.sequence))

    async def states(self, tenant: str = TENANT) -> list[str]:
        """What became of each event, in their order."""
        table = tables.inbox
        query = sa.select(table.c.state).where(table.c.tenant == tenant).order_by(table.c.sequence)
        async with self.store.relay.connect() as connection:
            return list(await connection.scalars(query))


@pytest.fixture(scope="session")
async def database_with_read_models(whole_hearer_database: HearerDatabase) -> HearerDatabase:
    async with whole_hearer_database.owner.begin() as connection:
        for table in (DRAFTS, LATEST):
            await connection.run_sync(table.create)
            await connection.run_sync(protect, table.name, "private")
    return whole_hearer_database


@pytest.fixture
async def replica(
    database_with_read_models: HearerDatabase, hearer_database: HearerDatabase
) -> AsyncIterator[Callable[..., Reader]]:
    """Makes replicas of the service on one database, in which nothing was heard yet."""
    await hearer_database.run("truncate drafts_heard, latest_heard")
    made: list[Reader] = []

    def make(reactions: Reactions | None = None) -> Reader:
        store = EventStore(
            HEARER,
            engine(hearer_database.url("app"), 3),
            engine(hearer_database.url("relay"), 2),
            BusinessClock(simulated=True),
        )
        made.append(Reader(hearer_database, reactions or Reactions(HEARER, PROJECTIONS), store))
        return made[-1]

    yield make
    for one in made:
        await one.store.close()


@pytest.fixture
def reader(replica: Callable[..., Reader]) -> Reader:
    return replica()


def reacting() -> Reactions:
    """The same projections, and a handler: what is heard is then applied in a transaction around all of it."""
    reactions = Reactions(HEARER, PROJECTIONS)

    @reactions.on(ObserverAttended)
    async def nothing(event: ObserverAttended, cause: Cause, work: UnitOfWork) -> None:
        return None

    return reactions


@pytest.fixture
def reactor(replica: Callable[..., Reader]) -> Reader:
    return replica(reacting())


async def test_of_several_events_the_last_word_on_a_row_holds(reader: Reader) -> None:
    await reader.keep(
        approved("a", 1), approved("b", 1), approved("a", 2), voided("b"), voided("c"), approved("c", 3)
    )
    await reader.apply_all()
    assert await reader.drafts() == {("s", "a"): 2, ("s", "c"): 3}
    assert await reader.latest() == 6
    await reader.inbox.keep(SERVICE, message(voided("a"), 7), 7)
    await reader.apply_all()
    assert await reader.drafts() == {("s", "c"): 3}


async def test_an_event_may_say_nothing_about_a_row(reader: Reader) -> None:
    await reader.keep(approved("a", 1), approved("a", 0))
    await reader.apply_all()
    assert await reader.drafts() == {("s", "a"): 1}
    assert await reader.states() == ["applied", "applied"]


@pytest.mark.parametrize("poison", [UNHEARD_OF, TOO_HIGH], ids=["the projection fails", "the table refuses"])
async def test_a_poison_event_among_many_is_parked_alone_with_its_key(reader: Reader, poison: int) -> None:
    events = [approved(f"u{n}", 1, session=f"s{n}") for n in range(40)]
    events[20] = approved("u", poison, session="bad")
    events[30] = approved("v", 1, session="bad")
    await reader.keep(*events)
    await reader.apply_all()
    states = await reader.states()
    assert (states[20], states[30]) == ("parked", "held")
    assert states.count("applied") == 38
    assert len(await reader.drafts()) == 38
    [parked] = await operate.parked_list(reader.relay_url)
    assert (parked.sequence, parked.partition_key, parked.waiting_behind) == (21, "bad", 1)

    assert await operate.parked_drop(reader.relay_url, SERVICE, TENANT, 21, "nobody knows it") == 1
    await reader.apply_all()
    assert (await reader.drafts())["bad", "v"] == 1


async def test_a_handler_finds_written_what_came_before_it_and_nothing_of_what_comes_after(
    replica: Callable[..., Reader],
) -> None:
    reactions, seen = Reactions(HEARER, PROJECTIONS), list[Any]()

    @reactions.on(DraftApprovalVoided)
    async def look(event: DraftApprovalVoided, cause: Cause, work: UnitOfWork) -> None:
        rows = await work.connection.execute(sa.select(DRAFTS.c.unit, DRAFTS.c.revision))
        seen.append(sorted(tuple(row) for row in rows))

    reader = replica(reactions)
    await reader.keep(
        approved("a", 1), voided("x"), approved("a", 2), approved("b", 1), voided("a"), approved("a", 3)
    )
    await reader.apply_all()
    assert seen == [[("a", 1)], [("b", 1)]]
    assert await reader.drafts() == {("s", "a"): 3, ("s", "b"): 1}


async def test_a_batch_that_was_overtaken_writes_nothing(reader: Reader) -> None:
    """Another replica read the same events before, and comes to settle them when newer ones are applied."""
    await reader.keep(approved("a", 1), approved("a", 2))
    async with reader.store.app.connect() as connection:
        other = await connection.execution_options(isolation_level="AUTOCOMMIT")
        head, *_ = await other.exec_driver_sql(read("take"), (SERVICE, TENANT, 1, False))
        await reader.apply_all()
        rows = as_json([("put", LATEST, {"tenant": TENANT, "sequence": 1})])
        settling = (SERVICE, TENANT, head.turn, 1, 1, rows, 1, "{1}", None)
        assert (await other.exec_driver_sql(read("settle"), settling)).scalar_one() is False
    assert await reader.latest() == 2


async def test_of_what_was_released_and_what_follows_no_more_is_taken_than_asked_for(reader: Reader) -> None:
    await reader.keep(approved("a", UNHEARD_OF), approved("b", 1))
    await reader.apply_all()
    assert await operate.parked_retry(reader.relay_url, SERVICE, TENANT, 1) == 2
    for sequence in (3, 4, 5):
        await reader.inbox.keep(SERVICE, message(approved("c", sequence), sequence, TENANT), sequence)
    async with reader.store.app.connect() as connection:
        for most in range(1, 7):
            head, *rows = await connection.exec_driver_sql(read("take"), (SERVICE, TENANT, most, False))
            assert head.sequence == 2
            assert [row.sequence for row in rows] == [1, 2, 3, 4, 5][:most]


async def test_replicas_that_read_the_same_events_leave_the_last_word(replica: Callable[..., Reader]) -> None:
    one, other = replica(), replica()
    tenants = [TENANT, "shanghai.other"]

    async def come(tenant: str) -> None:
        for n in range(1, 61):
            await one.inbox.keep(SERVICE, message(approved("a", n), n, tenant), n)

    async def apply(reader: Reader) -> None:
        async with asyncio.timeout(20):
            while [await reader.latest(tenant) for tenant in tenants] != [60, 60]:
                await reader.applier.step()

    await asyncio.gather(*(come(tenant) for tenant in tenants), apply(one), apply(other))
    for tenant in tenants:
        assert await one.drafts(tenant) == {("s", "a"): 60}
        assert await one.states(tenant) == ["applied"] * 60


@pytest.mark.parametrize("reactions", [None, reacting()], ids=["by statements", "in a transaction"])
async def test_rows_and_states_are_written_together_or_not_at_all(
    replica: Callable[..., Reader], reactions: Reactions | None
) -> None:
    reader = replica(reactions)
    await reader.keep(approved("a", 1), approved("b", 1))
    await reader.database.run(f"revoke delete on pending from {HEARER}_app")
    try:
        with pytest.raises(Exception, match="permission denied for table pending"):
            await reader.applier.step()
    finally:
        await reader.database.run(f"grant delete on pending to {HEARER}_app")
    assert await reader.drafts() == {}
    assert await reader.states() == ["waiting", "waiting"]
    await reader.apply_all()
    assert await reader.drafts() == {("s", "a"): 1, ("s", "b"): 1}


_tenants = (f"shanghai.t{n}" for n in itertools.count())
_sessions, _units = st.sampled_from("xy"), st.sampled_from("ab")
_revisions = st.integers(0, 5) | st.just(UNHEARD_OF)
_events: st.SearchStrategy[Contract] = (
    st.builds(approved, _units, _revisions, _sessions)
    # Of a unit that nothing else is said of: a row that is overwritten in the same batch is not written, nor refused.
    | st.builds(approved, st.just("z"), st.just(TOO_HIGH), _sessions)
    | st.builds(voided, _units, _sessions)
    | st.builds(
        lambda session: ObserverAttended(
            session=session, unit="a", unit_name="A", person="p", attended=True, reason=None
        ),
        _sessions,
    )
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(_events, max_size=15),
    looks=st.lists(st.integers(1, 15), max_size=4),
    most=st.sampled_from([1, 2, 7, 1000]),
    reacts=st.booleans(),
)
async def test_many_at_once_is_the_same_as_one_by_one(
    reader: Reader,
    reactor: Reader,
    monkeypatch: pytest.MonkeyPatch,
    events: list[Contract],
    looks: list[int],
    most: int,
    reacts: bool,
) -> None:
    """Whatever is said, poison included, however many are applied at a time, in a transaction or by statements,
    wherever the applier looks in between, and however often an event comes."""
    monkeypatch.setattr(applier, "MOST_ROWS", most)
    reader, tenant = reactor if reacts else reader, next(_tenants)
    for sequence, event in enumerate(events, start=1):
        await reader.inbox.keep(SERVICE, message(event, sequence, tenant), sequence)
        if sequence in looks:
            await reader.inbox.keep(SERVICE, message(event, sequence, tenant), sequence)
            await reader.apply_all()
    await reader.apply_all()

    rows: dict[tuple[str, str], int] = {}
    states: list[str] = []
    parked: set[str] = set()
    last: int | None = None
    for sequence, event in enumerate(events, start=1):
        assert isinstance(event, DraftApproved | DraftApprovalVoided | ObserverAttended)
        if event.session in parked:
            states.append("held")
            continue
        if isinstance(event, DraftApproved):
            if event.revision in (UNHEARD_OF, TOO_HIGH):
                states.append("parked")
                parked.add(event.session)
                continue
            if event.revision:
                rows[event.session, event.unit] = event.revision
            last = sequence
        elif isinstance(event, DraftApprovalVoided):
            rows.pop((event.session, event.unit), None)
        states.append("applied")
    assert await reader.drafts(tenant) == rows
    assert await reader.states(tenant) == states
    assert await reader.latest(tenant) == last
