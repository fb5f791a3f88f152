"""One ledger and one stream across a release: what version 1 wrote is read, decided on, shown, carried and applied.

Version 1 of RectificationVerified did not name the items that were not done. It is the worked example of
docs/decisions/0009: a domain event and its public contract, each with an upcaster and golden files of both versions.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from nats.js.errors import NotFoundError
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.evaluation.reactions import reactions
from services.evaluation.views.sheets import SHEETS_VIEW
from services.rectification import published
from services.rectification.application import CASES, SERVICE
from services.rectification.domain import events
from services.rectification.domain.commands import (
    Command,
    CorrectRecord,
    ReceiptFeedback,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.situations import Case, Outcome
from services.rectification.domain.upcasts import UPCASTS
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.items import ITEMS
from shared.contracts import Contract, envelope
from shared.contracts import rectification as public
from shared.contracts.superseded import v1
from shared.decider import Refused
from shared.eventstore import Aggregate, BusinessClock, Context, EventStore, Recorded, View, tables
from shared.eventstore.codec import Codec, Encoded
from shared.eventstore.reading import view_page, view_row_as_of
from shared.eventstore.store import engine
from shared.eventstore.verify import verify_ledger
from shared.messaging import operate
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.provision import provision
from shared.messaging.relay import Relay
from shared.messaging.topology import STREAM
from shared.runtime.migrate import migrate
from tests.services.rectification.telling import (
    DECISION,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    SENT,
    open_case,
)

TENANT = "shanghai.jinshan"
VERIFIED = date(2021, 10, 20)
CORRECT = CorrectRecord("sent_on", date(2021, 9, 27), "误记。", DECISION)
FIRST, SECOND, THIRD = "2021-1-langxia", "2021-1-langxia2", "2021-1-langxia3"


# ---- the release before ----


class CodecOfTheReleaseBefore(Codec[events.Event]):
    """Writes RectificationVerified as version 1 did."""

    def encode(self, event: events.Event) -> Encoded[events.Event]:
        encoded = super().encode(event)
        if encoded.name != "RectificationVerified":
            return encoded
        fields = json.loads(encoded.data)
        del fields["unfinished"]
        data = json.dumps(fields)
        return replace(encoded, event=self.decode(encoded.name, 1, data), schema_version=1, data=data)


def of_a_case(recorded: Recorded[events.Event], case: Case) -> Iterable[Contract]:
    """Says RectificationVerified as version 1 did."""
    for contract in published.of_a_case(recorded, case):
        if isinstance(contract, public.RectificationVerified):
            yield v1.RectificationVerified(**contract.model_dump(exclude={"unfinished"}))
        else:
            yield contract


CASES_BEFORE: Aggregate[Any, Any, Any, Any] = replace(CASES, publish=of_a_case)
object.__setattr__(CASES_BEFORE, "codec", CodecOfTheReleaseBefore(events.Event, UPCASTS))


async def give(
    store: EventStore,
    case: str,
    command: Command,
    by: Any,
    on: date,
    cases: Aggregate[Any, Any, Any, Any] = CASES,
) -> None:
    await store.execute(cases, case, command, Context(TENANT, by, correlation="test", today=on))


async def verify(
    store: EventStore,
    case: str,
    outcome: Outcome,
    *unfinished: str,
    cases: Aggregate[Any, Any, Any, Any] = CASES,
) -> None:
    """A case from its opening to its verification."""
    await give(store, case, open_case(), LAW_OFFICE, SENT, cases)
    await give(store, case, SubmitFeedback("已完成。", "示例甲"), LIAISON, date(2021, 9, 28), cases)
    for actor, office in ((PARTY_OFFICE, "party_office"), (LAW_OFFICE, "law_office")):
        await give(store, case, ReceiptFeedback(office), actor, date(2021, 9, 29), cases)
    await give(store, case, VerifyRectification(outcome, unfinished), LAW_OFFICE, VERIFIED, cases)


@pytest.fixture
async def history(store: EventStore) -> EventStore:
    """A ledger that two releases wrote: of three cases the last was verified by today's."""
    await verify(store, FIRST, "partly", "langxia-2", cases=CASES_BEFORE)
    await verify(store, SECOND, "passed", cases=CASES_BEFORE)
    await verify(store, THIRD, "partly", "langxia-2")
    return store


# ---- the domain ----


async def rows(store: EventStore, view: View, case: str) -> list[dict[str, Any]]:
    async with store.reading(TENANT) as connection:
        page = await view_page(connection, view, TENANT, {}, 100, None)
    return [row for row in page.items if row["stream"] == f"case-{case}"]


async def test_both_versions_lie_in_one_ledger_as_they_were_written(history: EventStore) -> None:
    events_, outbox = tables.events.c, tables.outbox.c
    async with history.reading(TENANT) as connection:
        recorded = await connection.execute(
            sa.select(events_.schema_version, events_.data)
            .where(events_.name == "RectificationVerified")
            .order_by(events_.sequence)
        )
        kept = [(row.schema_version, json.loads(row.data).get("unfinished", "not said")) for row in recorded]
        told = await connection.scalars(
            sa.select(outbox.version).where(outbox.name == "RectificationVerified").order_by(outbox.sequence)
        )
        assert kept == [(1, "not said"), (1, "not said"), (2, ["langxia-2"])]
        assert list(told) == [1, 1, 2]
        assert (await verify_ledger(connection, SERVICE, TENANT)).problem is None


async def test_what_version_1_did_not_say_is_shown_as_unknown_and_what_follows_from_it_is_shown(
    history: EventStore,
) -> None:
    shown = {case: await rows(history, CASE_REGISTER, case) for case in (FIRST, SECOND, THIRD)}
    assert [(row["outcome"], row["unfinished"]) for [row] in shown.values()] == [
        ("partly", None),
        ("passed", []),
        ("partly", ["langxia-2"]),
    ]
    finished = {case: [row["finished"] for row in await rows(history, ITEMS, case)] for case in shown}
    assert finished == {FIRST: [None, None], SECOND: [True, True], THIRD: [True, False]}


async def test_a_row_made_again_from_the_ledger_is_the_row_that_was_kept(history: EventStore) -> None:
    for case in (FIRST, SECOND, THIRD):
        [kept] = await rows(history, CASE_REGISTER, case)
        async with history.reading(TENANT) as connection:
            arguments = (connection, CASES, CASE_REGISTER, TENANT, f"case-{case}")
            assert await view_row_as_of(*arguments, VERIFIED) == kept
            before = await view_row_as_of(*arguments, date(2021, 10, 19))
        assert before is not None
        assert (before["state"], before["unfinished"]) == ("awaiting_verification", None)


async def test_a_case_that_version_1_closed_is_decided_on_as_any_other(history: EventStore) -> None:
    with pytest.raises(Refused, match=r"rectification\.case-closed"):
        await give(history, FIRST, VerifyRectification("passed"), LAW_OFFICE, VERIFIED)
    await give(history, FIRST, CORRECT, LAW_OFFICE, date(2021, 11, 1))
    [row] = await rows(history, CASE_REGISTER, FIRST)
    assert (row["outcome"], row["unfinished"], len(row["corrections"])) == ("partly", None, 1)


# ---- the contract ----


@dataclass(frozen=True)
class Evaluation:
    """Evaluation as it runs today, and a relay of rectification's ledger."""

    store: EventStore
    inbox: Inbox
    applier: Applier
    relay: Relay

    async def hear(self) -> None:
        """All that rectification has said comes into the inbox, and what can be is applied."""
        while await self.relay.step():
            pass
        await self.inbox.fetch_again(SERVICE, TENANT)
        await self.apply()

    async def apply(self) -> None:
        while await self.applier.step():
            pass

    async def received(self) -> list[tuple[str, str]]:
        """Type and state of every message of a verification, and of what came after it, in their order."""
        received, inbox = tables.received, tables.inbox
        both = received.join(inbox, received.c.sequence == inbox.c.sequence)
        query = sa.select(received.c.payload, inbox.c.state).select_from(both).order_by(inbox.c.sequence)
        async with self.store.relay.connect() as connection:
            found = [(json.loads(row.payload)["type"], row.state) for row in await connection.execute(query)]
        return [
            (kind.removeprefix("cn.shufa.rectification."), state)
            for kind, state in found
            if "Verified" in kind or "Corrected" in kind
        ]

    async def lines(self) -> dict[str, str]:
        """How each case stands on the annual sheet."""
        async with self.store.reading(TENANT) as connection:
            [sheet] = (await view_page(connection, SHEETS_VIEW, TENANT, {}, 100, None)).items
        return {line["subject"]: line["state"] for line in sheet["lines"] if line["kind"] == "rectification"}


@pytest.fixture
async def evaluation(
    history: EventStore, servers: Servers, new_database: Callable[[str], str]
) -> AsyncIterator[Evaluation]:
    """It has heard nothing yet; the stream is empty."""
    name = new_database("evaluation")
    owner_url = servers.database_url("evaluation", "owner", name)
    await asyncio.to_thread(migrate, "evaluation", owner_url)
    owner = create_async_engine(owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.insert(tables.business_day).values(today=SENT))
    await owner.dispose()
    app, relay = (engine(servers.database_url("evaluation", role, name), 2) for role in ("app", "relay"))
    store = EventStore("evaluation", app, relay, BusinessClock(simulated=True))
    broker = Broker(servers.nats_url, "evaluation")
    await broker.connect()
    with suppress(NotFoundError):
        await broker.jetstream.delete_stream(STREAM)  # a purge would leave the ids it has seen
    await provision(broker.jetstream)
    inbox = Inbox(store, broker, (SERVICE,))
    yield Evaluation(store, inbox, Applier(store, inbox, reactions), Relay(history, broker))
    await broker.stop()
    await store.close()


async def test_messages_of_both_versions_reach_a_hearer_that_knows_only_the_newest(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear()
    assert await evaluation.received() == [
        ("RectificationVerified.v1", "applied"),
        ("RectificationVerified.v1", "applied"),
        ("RectificationVerified.v2", "applied"),
    ]
    assert await evaluation.lines() == dict.fromkeys((FIRST, SECOND, THIRD), "done")


async def test_a_hearer_that_is_upgraded_last_parks_the_new_version_and_goes_on_when_it_is(
    history: EventStore, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await give(history, THIRD, CORRECT, LAW_OFFICE, date(2021, 11, 1))
    monkeypatch.delitem(envelope._BY_VERSION, ("RectificationVerified", "2"))
    monkeypatch.delitem(envelope._BY_TYPE, "cn.shufa.rectification.RectificationVerified.v2")
    monkeypatch.delitem(envelope._KEPT, b"cn.shufa.rectification.RectificationVerified.v2")
    await evaluation.hear()
    waiting = [("RectificationVerified.v2", "parked"), ("RecordCorrected.v1", "held")]
    assert (await evaluation.received())[2:] == waiting
    relay_url = evaluation.store.relay.url.render_as_string(hide_password=False)
    [parked] = await operate.parked_list(relay_url)
    assert parked.error.startswith("UnknownVersion: type: version 2 of RectificationVerified")
    assert (await evaluation.lines())[THIRD] == "open"

    monkeypatch.undo()
    assert await operate.parked_retry(relay_url, SERVICE, TENANT, parked.sequence) == 2
    await evaluation.apply()
    assert {state for _, state in await evaluation.received()} == {"applied"}
    assert (await evaluation.lines())[THIRD] == "done"
