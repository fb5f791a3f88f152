"""Rectification on a real store: minutes and handovers heard, dates that arrive, texts, and what others are told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.rectification.application import AGGREGATES, CASES, SERVICE
from services.rectification.deadlines import FIRES
from services.rectification.domain.case import (
    Command,
    ReceiptFeedback,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.reactions import reactions
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.items import ITEMS
from shared.contracts import CONTRACTS, Contract
from shared.contracts.review import Excerpt, Item, MinutesIssued
from shared.contracts.scheduling import Category, PostHandedOver
from shared.decider import Actor
from shared.eventstore import Context, Deadlines, EventStore, View, tables
from shared.eventstore.reading import view_page
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause
from tests.services.rectification.telling import DUE, LAW_OFFICE, LIAISON, PARTY_OFFICE, SENT

TENANT = "shanghai.jinshan"
REACTION = Actor("reaction", "reaction", frozenset({"service"}))
FEEDBACK = "各村议事程序已经法律审核。"


def excerpt(unit: str, name: str, category: Category, post: str, *task_lines: str) -> Excerpt:
    items = [
        Item(item=f"{unit}-{n}", task_line=line, comment=f"c-{unit}", by="区委书记")
        for n, line in enumerate(task_lines, start=1)
    ]
    return Excerpt(
        unit=unit,
        unit_name=name,
        category=category,
        post=post,
        title="主要负责人",
        person="示例甲",
        items=items,
        due_on=DUE if items else None,
        due_before_rolling=date(2021, 10, 7) if items else None,
    )


MINUTES = MinutesIssued(
    session="2021-1",
    plan_year=2021,
    number=1,
    held_on=date(2021, 6, 24),
    document_number="金委办〔2021〕31号",
    signed_by="区委书记",
    signed_on=date(2021, 7, 5),
    sent_on=SENT,
    excerpts=[
        excerpt("jiaotongwei", "区交通委", "government", "head", "统一取证流程"),
        excerpt("shilibu", "示例部", "party_or_mass", "head"),
        excerpt("langxia", "廊下镇", "town", "secretary", "统一法律审核", "编印议事规则范本"),
    ],
)


async def hear(store: EventStore, event: Contract, on: date) -> None:
    """React as the applier does: inside a transaction whose scope is set."""
    cause = Cause("id", f"{event.service}:{TENANT}#1", TENANT, on, datetime(2021, 7, 7, tzinfo=UTC))
    context = Context(TENANT, REACTION, correlation="test", causation=cause.id, today=on)

    async def react(work: UnitOfWork) -> None:
        await work.enter()
        await reactions.react(event, cause, work)

    await store.in_transaction(context, react)


async def give(store: EventStore, case: str, command: Command, actor: Actor, on: date) -> None:
    await store.execute(CASES, case, command, Context(TENANT, actor, correlation="test", today=on))


async def rows(store: EventStore, view: View, **filters: str) -> list[dict[str, Any]]:
    async with store.reading(TENANT) as connection:
        return (await view_page(connection, view, TENANT, filters, 100, None)).items


async def arrive(store: EventStore, today: date) -> int:
    """The day comes; what is due fires. How many did."""
    async with store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=today))
    return await Deadlines(store, AGGREGATES, FIRES).fire_due()


async def told(store: EventStore) -> list[Contract]:
    """The outbox, each event read by its contract."""
    outbox = tables.outbox
    async with store.reading(TENANT) as connection:
        found = await connection.execute(sa.select(outbox).order_by(outbox.c.sequence))
        return [CONTRACTS[row.name, row.version].model_validate_json(row.data) for row in found]


def names(events: list[Contract]) -> list[str]:
    return [type(event).__name__ for event in events]


async def bring_to_the_end(store: EventStore, case: str, liaison: Actor) -> None:
    await give(store, case, SubmitFeedback(FEEDBACK, "示例甲"), liaison, date(2021, 9, 24))
    await give(store, case, ReceiptFeedback("party_office"), PARTY_OFFICE, date(2021, 9, 24))
    await give(store, case, ReceiptFeedback("law_office"), LAW_OFFICE, date(2021, 9, 29))
    await give(store, case, VerifyRectification("passed"), LAW_OFFICE, date(2021, 10, 20))


async def test_minutes_open_one_case_for_each_reporter_of_whom_something_was_asked(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    register = await rows(store, CASE_REGISTER)
    assert [(row["stream"], row["state"], row["due_on"]) for row in register] == [
        ("case-2021-1-jiaotongwei", "open", DUE),
        ("case-2021-1-langxia", "open", DUE),
    ]
    assert [row["item"] for row in await rows(store, ITEMS, unit="langxia")] == ["langxia-1", "langxia-2"]
    assert names(await told(store)) == ["RectificationDue", "RectificationDue"]


async def test_a_handover_is_recorded_in_the_running_cases_of_that_unit_and_post(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    await bring_to_the_end(store, "2021-1-jiaotongwei", Actor("l", "联络员", frozenset(), "jiaotongwei"))
    day = date(2021, 11, 1)
    for unit, post in (("langxia", "secretary"), ("langxia", "mayor"), ("jiaotongwei", "head")):
        handed_over = PostHandedOver(
            unit=unit,
            post=post,
            title="党委书记",
            from_person="示例甲",
            to_person=f"示例乙（{post}）",
            effective_on=day,
        )
        await hear(store, handed_over, day)
    register = {row["unit"]: row for row in await rows(store, CASE_REGISTER)}
    assert register["langxia"]["person"] == "示例乙（secretary）"
    assert len(register["langxia"]["handovers"]) == 1
    assert register["jiaotongwei"]["handovers"] == []


async def test_a_missed_date_is_noted_on_the_day_after_and_only_once(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    await give(
        store,
        "2021-1-jiaotongwei",
        SubmitFeedback(FEEDBACK, "示例甲"),
        Actor("l", "联络员", frozenset(), "jiaotongwei"),
        date(2021, 9, 24),
    )
    assert await arrive(store, DUE) == 0
    assert await arrive(store, date(2021, 10, 9)) == 1
    assert await arrive(store, date(2021, 10, 12)) == 0
    register = {row["unit"]: row for row in await rows(store, CASE_REGISTER)}
    assert register["langxia"]["overdue_since"] == date(2021, 10, 9)
    assert register["jiaotongwei"]["overdue_since"] is None
    assert names(await told(store))[-1] == "RectificationOverdue"


async def test_the_text_of_a_feedback_lies_beside_the_ledger_and_nowhere_else(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    await give(store, "2021-1-langxia", SubmitFeedback(FEEDBACK, "示例甲"), LIAISON, date(2021, 9, 28))
    async with store.reading(TENANT) as connection:
        bodies = list(await connection.scalars(sa.select(tables.texts.c.body)))
        ledger = "".join(await connection.scalars(sa.select(tables.events.c.data)))
        outbox = "".join(await connection.scalars(sa.select(tables.outbox.c.data)))
    assert bodies == [FEEDBACK]
    assert FEEDBACK not in ledger + outbox
    submitted = next(event for event in await told(store) if type(event).__name__ == "FeedbackSubmitted")
    assert json.loads(submitted.model_dump_json())["text"]["href"].startswith(f"/tenants/{TENANT}/texts/")


async def test_a_case_comes_to_its_end_and_says_so(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    await bring_to_the_end(store, "2021-1-langxia", LIAISON)
    [row] = await rows(store, CASE_REGISTER, state="completed")
    assert (row["unit"], row["on_time"], row["verified_on"]) == ("langxia", True, date(2021, 10, 20))
    events = await told(store)
    assert names(events)[2:] == [
        "FeedbackSubmitted",
        "FeedbackReceipted",
        "FeedbackReceipted",
        "RectificationVerified",
    ]
    assert {event.service for event in events} == {SERVICE}


@pytest.mark.parametrize("view", [CASE_REGISTER, ITEMS])
async def test_every_filter_can_be_asked_by(store: EventStore, view: View) -> None:
    await hear(store, MINUTES, SENT)
    [first, *_] = await rows(store, view, unit="langxia")
    for name in view.filters:
        if first[name] is not None:
            assert await rows(store, view, **{name: str(first[name])})
