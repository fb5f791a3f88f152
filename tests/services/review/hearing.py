"""What the tests on a real store share: other services' events as review hears them, and the steps of a session."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from services.review.application import DRAFTS, SESSIONS
from services.review.domain.draft import ApproveDraft, SubmitDraft
from services.review.domain.minutes import (
    CheckRequirements,
    ConfirmWords,
    DraftMinutes,
    NumberMinutes,
    SendMinutes,
    SignMinutes,
)
from services.review.domain.proceedings import (
    NoteBulletin,
    RecordComment,
    RecordSpeech,
    RecordSupplement,
    Requirement,
)
from services.review.domain.session import CloseSession, ConfirmAgenda
from services.review.reactions import reactions
from services.review.views.drafts import drafts
from shared.contracts import Contract, scheduling
from shared.decider import Actor
from shared.eventstore import Aggregate, Context, EventStore, tables
from shared.messaging import Cause
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


async def hear(store: EventStore, event: Contract) -> None:
    """React to an event of another service."""
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


async def hold(
    store: EventStore,
    session: str = "2021-1",
    day: date = HELD,
    asked: tuple[Requirement, ...] = (ONE_PROCEDURE,),
) -> None:
    """A session from the bulletin to its end; of 廊下镇 something is asked."""
    await give(store, SESSIONS, session, NoteBulletin(False, "首轮，无上一轮。"), LAW_OFFICE, day)
    for reporter in ROSTER:
        unit, words_of = reporter.unit, f"c-{reporter.unit}"
        requirements = asked if reporter is LANGXIA else ()
        speech = RecordSpeech(unit, reporter.person, 470)
        comment = RecordComment(words_of, unit, "领导甲", "副区长", "讲得很实。", requirements)
        await give(store, SESSIONS, session, speech, PARTY_OFFICE, day)
        await give(store, SESSIONS, session, RecordSupplement(unit, "补充一点。"), LAW_OFFICE, day)
        await give(store, SESSIONS, session, comment, PARTY_OFFICE, day)
    await give(store, SESSIONS, session, CloseSession(), LAW_OFFICE, day)


async def number(store: EventStore, session: str = "2021-1", document_number: str = NUMBER) -> None:
    """The minutes of a session that was held, drafted to numbered."""
    await give(store, SESSIONS, session, DraftMinutes(), PARTY_OFFICE, date(2021, 6, 28))
    await give(store, SESSIONS, session, CheckRequirements(), LAW_OFFICE, date(2021, 6, 30))
    for unit in ORDER:
        confirm = ConfirmWords(f"c-{unit}", entered_for="领导甲")
        await give(store, SESSIONS, session, confirm, PARTY_OFFICE, date(2021, 7, 2))
    await give(store, SESSIONS, session, SignMinutes("书记甲"), PARTY_OFFICE, SIGNED)
    await give(store, SESSIONS, session, NumberMinutes(document_number), PARTY_OFFICE, date(2021, 7, 6))


async def send(store: EventStore, session: str = "2021-1") -> None:
    """The minutes of a session that was held, drafted to sent."""
    await number(store, session)
    await give(store, SESSIONS, session, SendMinutes(), PARTY_OFFICE, SENT)


async def confirm_agenda(store: EventStore) -> None:
    """2021-1 scheduled, its drafts approved, its agenda confirmed."""
    await hear(store, scheduled())
    await approve_all(store)
    await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))


async def issued(store: EventStore) -> dict[str, Any]:
    """The minutes as they were told to the others."""
    [row] = await read(store, sa.select(tables.outbox).where(tables.outbox.c.name == "MinutesIssued"))
    told: dict[str, Any] = json.loads(row.data)
    return told


async def states(store: EventStore) -> dict[str, str]:
    return {row.stream: row.state for row in await read(store, sa.select(drafts))}


def registered(unit: str, name: str, *offices: str, order: int = 0) -> scheduling.UnitRegistered:
    return scheduling.UnitRegistered(
        unit=unit,
        name=name,
        category="town",
        official_order=order,
        houses_offices=list(offices),
        posts=[scheduling.Post(post="secretary", title="书记", person="书记乙")],
        valid_from=date(2021, 1, 1),
    )


def handed_over(unit: str, to_person: str, post: str = "secretary") -> scheduling.PostHandedOver:
    return scheduling.PostHandedOver(
        unit=unit,
        post=post,
        title="书记",
        from_person="前任",
        to_person=to_person,
        effective_on=date(2021, 6, 21),
    )
