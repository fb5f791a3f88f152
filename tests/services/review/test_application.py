"""Review on a real store: reactions, facts of other streams, texts, and what goes into the outbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from services.review.application import COMMANDS, DRAFTS, SERVICE, SESSIONS, VIEWS
from services.review.domain.draft import ApproveDraft, SubmitDraft
from services.review.domain.minutes import (
    CheckRequirements,
    ConfirmWords,
    DraftMinutes,
    NumberMinutes,
    SendMinutes,
    SignMinutes,
)
from services.review.domain.proceedings import NoteBulletin, RecordComment, RecordSpeech, RecordSupplement
from services.review.domain.session import CloseSession, ConfirmAgenda, ReopenAgenda
from services.review.reactions import reactions
from services.review.views.comments import comments
from services.review.views.drafts import drafts
from services.review.views.proceedings import proceedings
from shared.contracts import Contract, scheduling
from shared.decider import Actor, Refused, words
from shared.eventstore import Aggregate, BusinessClock, Context, EventStore, tables
from shared.eventstore.schema import create_kernel, protect
from shared.eventstore.store import engine
from shared.messaging import Cause
from shared.security.permissions import COMMANDS as PERMITTED
from tests.services.review.telling import (
    HELD,
    LANGXIA,
    LAW_OFFICE,
    NUMBER,
    ONE_PROCEDURE,
    ORDER,
    PARTY_OFFICE,
    ROSTER,
    SCHEDULED,
    SENT,
    SIGNED,
)

TENANT = "shanghai.jinshan"
REACTION = Actor("reaction", "reaction", frozenset({"service"}))
CONFIRM = ConfirmAgenda(ORDER, "副主任甲")


@pytest.fixture
async def store(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[EventStore]:
    """An empty review store under a simulated clock."""
    name = new_database(SERVICE)
    owner = create_async_engine(servers.database_url(SERVICE, "owner", name))
    async with owner.begin() as connection:
        await connection.run_sync(create_kernel, SERVICE)
        for view in VIEWS:
            await connection.run_sync(view.table.create)
            await connection.run_sync(protect, view.name, view.tier)
    await owner.dispose()
    app, relay = (engine(servers.database_url(SERVICE, role, name), 8) for role in ("app", "relay"))
    opened = EventStore(SERVICE, app, relay, BusinessClock(simulated=True))
    yield opened
    await opened.close()


async def hear(store: EventStore, event: Contract) -> None:
    """React to an event of scheduling."""
    cause = Cause("id", "scheduling:shanghai.jinshan#1", TENANT, SCHEDULED, datetime(2021, 5, 11, tzinfo=UTC))
    context = Context(TENANT, REACTION, "test", causation=cause.id, today=SCHEDULED)
    await store.in_transaction(context, lambda work: reactions.react(event, cause, work))


async def give(
    store: EventStore,
    aggregate: Aggregate[Any, Any, Any, Any],
    id: str,
    command: object,
    actor: Actor,
    on: date,
) -> None:
    await store.execute(aggregate, id, command, Context(TENANT, actor, "test", today=on))


async def read(store: EventStore, query: sa.Select[Any]) -> list[Any]:
    async with store.reading(TENANT) as connection:
        return list((await connection.execute(query)).all())


def scheduled(session: str = "2021-1") -> scheduling.SessionScheduled:
    return scheduling.SessionScheduled(
        session=session,
        plan_year=2021,
        number=1,
        held_on=HELD,
        reporters=[
            scheduling.Reporter(
                unit=one.unit,
                unit_name=one.unit_name,
                category=one.category,
                post=one.post,
                title=one.title,
                person=one.person,
            )
            for one in ROSTER
        ],
    )


def observer(session: str = "2021-1") -> scheduling.ObserverNamed:
    one = scheduling.Reporter(
        unit="shilizhen",
        unit_name="示例镇",
        category="town",
        post="secretary",
        title="书记",
        person="列席人甲",
    )
    return scheduling.ObserverNamed(session=session, observer=one, provisional_for="2021-2")


def liaison(unit: str) -> Actor:
    return Actor(f"liaison-{unit}", "联络员", frozenset({"liaison"}), unit)


async def approve_all(store: EventStore, session: str = "2021-1") -> None:
    """Every draft of the session submitted and approved."""
    for unit in ORDER:
        draft = f"{session}-{unit}"
        await give(store, DRAFTS, draft, SubmitDraft("我带头学法。"), liaison(unit), date(2021, 6, 1))
        await give(store, DRAFTS, draft, ApproveDraft(), LAW_OFFICE, date(2021, 6, 15))


def test_every_command_open_to_people_is_permitted_to_somebody() -> None:
    assert {(SERVICE, words(command.__name__)) for _, command in COMMANDS} <= set(PERMITTED)


async def test_a_scheduled_session_expects_one_draft_of_each_reporter(store: EventStore) -> None:
    await hear(store, scheduled())
    rows = await read(store, sa.select(drafts).order_by(drafts.c.stream))
    assert [(row.stream, row.state, row.due_on, row.approve_by) for row in rows] == [
        (f"draft-2021-1-{unit}", "expected", date(2021, 6, 2), date(2021, 6, 17)) for unit in sorted(ORDER)
    ]
    [session] = await read(store, sa.select(proceedings))
    assert (session.stream, session.state, session.held_on) == ("session-2021-1", "rostered", HELD)


async def test_an_observer_may_be_named_before_or_after_the_session_is_scheduled(store: EventStore) -> None:
    await hear(store, observer())
    await hear(store, scheduled())
    await hear(store, observer())
    [session] = await read(store, sa.select(proceedings))
    assert [one["unit"] for one in session.observers] == ["shilizhen"]


async def test_the_agenda_knows_the_drafts_and_the_drafts_the_agenda(store: EventStore) -> None:
    await hear(store, scheduled())
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))
    assert refused.value.data["units"] == list(ORDER)

    await approve_all(store)
    await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))
    edit = (
        store,
        DRAFTS,
        "2021-1-langxia",
        SubmitDraft("我再改一稿。"),
        liaison("langxia"),
        date(2021, 6, 21),
    )
    with pytest.raises(Refused) as refused:
        await give(*edit)
    assert refused.value.code == "review.agenda-already-confirmed"

    await give(store, SESSIONS, "2021-1", ReopenAgenda("更正数据。"), LAW_OFFICE, date(2021, 6, 21))
    await give(*edit)
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 21))
    assert refused.value.data["units"] == ["langxia"]


async def test_an_edit_cannot_slip_between_the_look_at_the_drafts_and_the_agenda(store: EventStore) -> None:
    sessions = [f"2021-{n}" for n in range(1, 9)]
    for session in sessions:
        await hear(store, scheduled(session))
        await approve_all(store, session)

    async def at_once(session: str) -> tuple[BaseException | None, ...]:
        return await asyncio.gather(
            give(store, SESSIONS, session, CONFIRM, LAW_OFFICE, date(2021, 6, 18)),
            give(
                store,
                DRAFTS,
                f"{session}-langxia",
                SubmitDraft("改一稿。"),
                liaison("langxia"),
                date(2021, 6, 18),
            ),
            return_exceptions=True,
        )

    for session in sessions:
        outcomes = await at_once(session)
        # Exactly one of the two is refused, by its rule and not by an accident.
        [refused] = [outcome for outcome in outcomes if outcome is not None]
        assert isinstance(refused, Refused)
        assert refused.code in ("review.draft-not-approved", "review.agenda-already-confirmed")

    rows = await read(
        store,
        sa.select(proceedings.c.state, drafts.c.state)
        .join(drafts, drafts.c.session == proceedings.c.session)
        .where(drafts.c.unit == "langxia"),
    )
    assert {tuple(row) for row in rows} <= {("agenda_confirmed", "approved"), ("rostered", "submitted")}
    assert len(rows) == len(sessions)


async def test_a_session_is_told_from_its_draft_to_its_minutes(store: EventStore) -> None:
    await hear(store, scheduled())
    await approve_all(store)
    await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))
    await give(store, SESSIONS, "2021-1", NoteBulletin(False, "首轮，无上一轮。"), LAW_OFFICE, HELD)
    for reporter in ROSTER:
        unit, words_of = reporter.unit, f"c-{reporter.unit}"
        asked = (ONE_PROCEDURE,) if reporter is LANGXIA else ()
        speech = RecordSpeech(unit, reporter.person, 470)
        comment = RecordComment(words_of, unit, "领导甲", "副区长", "讲得很实。", asked)
        await give(store, SESSIONS, "2021-1", speech, PARTY_OFFICE, HELD)
        await give(store, SESSIONS, "2021-1", RecordSupplement(unit, "补充一点。"), LAW_OFFICE, HELD)
        await give(store, SESSIONS, "2021-1", comment, PARTY_OFFICE, HELD)
    await give(store, SESSIONS, "2021-1", CloseSession(), LAW_OFFICE, HELD)
    await give(store, SESSIONS, "2021-1", DraftMinutes(), PARTY_OFFICE, date(2021, 6, 28))
    await give(store, SESSIONS, "2021-1", CheckRequirements(), LAW_OFFICE, date(2021, 6, 30))
    for unit in ORDER:
        confirm = ConfirmWords(f"c-{unit}", entered_for="领导甲")
        await give(store, SESSIONS, "2021-1", confirm, PARTY_OFFICE, date(2021, 7, 2))
    await give(store, SESSIONS, "2021-1", SignMinutes("书记甲"), PARTY_OFFICE, SIGNED)
    await give(store, SESSIONS, "2021-1", NumberMinutes(NUMBER), PARTY_OFFICE, date(2021, 7, 6))
    await give(store, SESSIONS, "2021-1", SendMinutes(), PARTY_OFFICE, SENT)

    public = await read(store, sa.select(tables.outbox).order_by(tables.outbox.c.sequence))
    assert [row.name for row in public] == [
        *["DraftSubmitted", "DraftApproved"] * 3,
        *["ReportDelivered"] * 3,
        "SessionHeld",
        *["CommentIssued"] * 3,
        "MinutesIssued",
    ]
    assert {row.partition_key for row in public} == {"2021-1"}
    texts = await read(store, sa.select(tables.texts))
    told = " ".join(row.data for row in public)
    assert not any(text.body in told for text in texts)
    [issued] = [json.loads(row.data) for row in public if row.name == "MinutesIssued"]
    assert {one["unit"]: one["due_on"] for one in issued["excerpts"]} == {
        "jiaotongwei": None,
        "gongshanglian": None,
        "langxia": "2021-10-08",
    }
    [first, *_] = [json.loads(row.data) for row in public if row.name == "CommentIssued"]
    [text] = [text for text in texts if first["text"]["href"].endswith(text.ref)]
    assert (text.body, text.sha256) == ("讲得很实。", first["text"]["sha256"])

    rows = await read(store, sa.select(comments).order_by(comments.c.comment))
    assert [(row.unit, row.praise_only, row.issued_on) for row in rows] == [
        ("gongshanglian", True, SIGNED),
        ("jiaotongwei", True, SIGNED),
        ("langxia", False, SIGNED),
    ]
