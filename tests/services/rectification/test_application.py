"""Rectification on a real store: minutes and handovers heard, dates that arrive, texts, and what others are told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.rectification.application import AGGREGATES, BULLETINS, CASES, SERVICE, SUSPENSIONS
from services.rectification.deadlines import FIRES
from services.rectification.domain.bulletin import IssueBulletin
from services.rectification.domain.commands import (
    Command,
    OpenSupervision,
    ReceiptFeedback,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.suspension import SuspendCases
from services.rectification.reactions import reactions
from services.rectification.views.bulletins import BULLETINS_VIEW
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.items import ITEMS
from services.rectification.views.supervision_notices import SUPERVISION_NOTICES
from services.rectification.views.suspensions import SUSPENSIONS_VIEW
from shared.contracts import CONTRACTS, Contract
from shared.contracts.review import Excerpt, Item, MinutesCorrected, MinutesIssued
from shared.contracts.scheduling import CalendarAdopted, Category, PostHandedOver
from shared.decider import Actor, Decision, Refused
from shared.eventstore import Context, Deadlines, EventStore, View, reference, tables, views
from shared.eventstore.reading import text, view_page
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause
from tests.services.rectification.telling import DUE, LAW_OFFICE, LIAISON, PARTY_OFFICE, SENT, SUPERVISION

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
    await arrive(store, DUE)
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


# ---- what is heard in another order, later, or again ----


def handed_over(to: str, effective_on: date, post: str = "secretary") -> PostHandedOver:
    return PostHandedOver(
        unit="langxia",
        post=post,
        title="党委书记",
        from_person="示例甲",
        to_person=to,
        effective_on=effective_on,
    )


async def test_a_handover_heard_before_the_minutes_is_recorded_when_the_case_opens(store: EventStore) -> None:
    """The excerpt names who spoke on 24 June; who took over since then has the duty."""
    await hear(store, handed_over("示例前任", date(2021, 6, 1)), date(2021, 6, 1))
    await hear(store, handed_over("示例乙", date(2021, 7, 1)), date(2021, 7, 1))
    await hear(store, handed_over("示例丙", date(2021, 7, 5)), date(2021, 7, 5))
    await hear(store, handed_over("示例镇长", date(2021, 7, 1), post="mayor"), date(2021, 7, 1))
    await hear(store, MINUTES, SENT)
    [row] = await rows(store, CASE_REGISTER, unit="langxia")
    assert row["person"] == "示例丙"
    assert [one["to_person"] for one in row["handovers"]] == ["示例乙", "示例丙"]


async def test_corrected_minutes_amend_running_cases_are_noted_in_closed_ones_and_open_none(
    store: EventStore,
) -> None:
    await hear(store, MINUTES, SENT)
    await bring_to_the_end(store, "2021-1-jiaotongwei", Actor("l", "联络员", frozenset(), "jiaotongwei"))
    correction = MinutesCorrected(
        session="2021-1",
        document_number="金委办〔2021〕33号",
        corrected_on=date(2021, 11, 1),
        reason="笔误。",
        excerpts=[
            excerpt("jiaotongwei", "区交通委", "government", "head", "统一执法取证流程"),
            excerpt("shilibu", "示例部", "party_or_mass", "head", "补提一项"),
            excerpt("langxia", "廊下镇", "town", "secretary", "统一法律审核"),
        ],
    )
    await hear(store, correction, date(2021, 11, 1))
    lines = {row["item"]: row["task_line"] for row in await rows(store, ITEMS)}
    assert lines == {"jiaotongwei-1": "统一取证流程", "langxia-1": "统一法律审核"}
    register = {row["unit"]: row["minutes_corrections"] for row in await rows(store, CASE_REGISTER)}
    assert [one["applied"] for one in register["jiaotongwei"]] == [False]
    assert [one["applied"] for one in register["langxia"]] == [True]
    assert names(await told(store))[-1] == "RectificationItemsCorrected"


async def test_a_calendar_confirms_every_provisional_date_at_once(store: EventStore) -> None:
    provisional = MINUTES.model_copy(
        update={
            "excerpts": [
                one.model_copy(update={"due_on": date(2031, 10, 5), "due_provisional": True})
                for one in MINUTES.excerpts
                if one.items
            ]
        }
    )
    await hear(store, provisional, SENT)
    calendar = CalendarAdopted(
        year=2031,
        holidays=[date(2031, 10, day) for day in range(1, 8)],
        working_weekend_days=[],
        document="国办发明电〔2030〕1号",
    )
    async with store.app.begin() as connection:
        await connection.execute(sa.select(sa.func.set_config("shufa.tenant", TENANT, True)))
        await connection.execute(sa.select(sa.func.set_config("shufa.read_scope", TENANT, True)))
        kept = reference.change(TENANT, calendar)
        assert kept is not None
        await views.write(connection, [kept])
    await hear(store, calendar, date(2030, 11, 1))
    register = await rows(store, CASE_REGISTER)
    assert {(row["due_on"], row["due_provisional"]) for row in register} == {(date(2031, 10, 8), False)}
    assert names(await told(store))[2:] == ["RectificationDateConfirmed"] * 2


# ---- a decision that reaches every case ----


async def test_a_suspension_moves_every_running_case_and_no_closed_one(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    await bring_to_the_end(store, "2021-1-jiaotongwei", Actor("l", "联络员", frozenset(), "jiaotongwei"))
    command = SuspendCases(date(2021, 9, 1), date(2021, 9, 30), Decision("区委常委会", "区委", "应急状态"))
    context = Context(TENANT, PARTY_OFFICE, correlation="test", today=date(2021, 9, 1))
    await store.execute(SUSPENSIONS, "2021-autumn", command, context)
    register = {row["unit"]: row for row in await rows(store, CASE_REGISTER)}
    assert register["jiaotongwei"]["due_on"] == DUE
    assert register["langxia"]["due_on"] == date(2021, 11, 8)  # 11-07 is a Sunday
    assert register["langxia"]["due_history"][-1] == {
        "due_on": "2021-11-08",
        "why": "suspension",
        "on": "2021-09-01",
        "days": 30,
    }
    [row] = await rows(store, SUSPENSIONS_VIEW)
    assert (row["days"], row["by"]) == (30, "区委常委会")
    assert names(await told(store))[-1] == "RectificationSuspended"


async def test_reminders_are_sent_on_their_days_once_for_each_date(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    assert await arrive(store, date(2021, 9, 22)) == 0
    assert await arrive(store, date(2021, 9, 23)) == 2
    assert await arrive(store, date(2021, 9, 23)) == 0
    assert await arrive(store, date(2021, 9, 26)) == 2
    assert await arrive(store, DUE) == 0
    assert names(await told(store))[2:] == ["ReminderSent"] * 4
    [row] = await rows(store, CASE_REGISTER, unit="langxia")
    assert row["reminders"] == [
        {"kind": "yellow", "due_on": "2021-10-08", "on": "2021-09-23"},
        {"kind": "orange", "due_on": "2021-10-08", "on": "2021-09-26"},
    ]


# ---- supervision ----


async def test_a_notice_number_stands_for_one_notice_of_the_tenant(store: EventStore) -> None:
    await hear(store, MINUTES, SENT)
    late = date(2021, 10, 22)
    await arrive(store, late)
    await give(store, "2021-1-langxia", OpenSupervision("督〔2021〕2号", "逾期未反馈。"), SUPERVISION, late)
    with pytest.raises(Refused) as refusal:
        await give(store, "2021-1-jiaotongwei", OpenSupervision("督〔2021〕2号", "逾期。"), SUPERVISION, late)
    assert refusal.value.code == "rectification.notice-number-taken"
    assert refusal.value.data["case"] == "2021-1-langxia"
    [notice] = await rows(store, SUPERVISION_NOTICES)
    assert (notice["notice_number"], notice["closed_on"]) == ("督〔2021〕2号", None)
    async with store.reading(TENANT) as connection:
        matter = await text(connection, TENANT, notice["matter_ref"])
    assert matter is not None
    assert matter["body"] == "逾期未反馈。"


async def test_a_case_of_the_unit_that_houses_the_law_office_is_verified_by_another(
    store: EventStore,
) -> None:
    housing = excerpt("sifaju", "区司法局", "government", "head", "完善合法性审核").model_copy(
        update={"houses_offices": ["law_office"]}
    )
    await hear(store, MINUTES.model_copy(update={"excerpts": [housing]}), SENT)
    day = date(2021, 9, 24)
    await give(store, "2021-1-sifaju", SubmitFeedback(FEEDBACK, "示例甲"), LAW_OFFICE, day)
    await give(store, "2021-1-sifaju", ReceiptFeedback("party_office"), PARTY_OFFICE, day)
    await give(store, "2021-1-sifaju", ReceiptFeedback("supervision_office"), SUPERVISION, day)
    with pytest.raises(Refused) as refusal:
        await give(store, "2021-1-sifaju", VerifyRectification("passed"), LAW_OFFICE, day)
    assert refusal.value.code == "rectification.not-verifying-office"
    await give(store, "2021-1-sifaju", VerifyRectification("passed"), SUPERVISION, day)
    [row] = await rows(store, CASE_REGISTER)
    assert row["by_office"] == "supervision_office"


# ---- bulletins ----

TELLING = date(2022, 1, 12)


async def issue(store: EventStore, session: str, about: str, on: date) -> None:
    context = Context(TENANT, LAW_OFFICE, correlation="test", today=on)
    await store.execute(BULLETINS, session, IssueBulletin(about), context)


def minutes_of(session: str, sent_on: date, *excerpts: Excerpt) -> MinutesIssued:
    return MINUTES.model_copy(update={"session": session, "sent_on": sent_on, "excerpts": list(excerpts)})


async def test_the_first_round_has_no_bulletin(store: EventStore) -> None:
    with pytest.raises(Refused) as refusal:
        await issue(store, "2021-1", "2020-2", date(2021, 6, 24))
    assert refusal.value.code == "rectification.no-round-before"


async def test_a_bulletin_tells_the_round_before_and_carries_on_what_is_unfinished(store: EventStore) -> None:
    in_order = {"jiaotongwei": 9, "langxia": 2}
    numbered = [
        one.model_copy(update={"official_order": in_order[one.unit]})
        for one in MINUTES.excerpts
        if one.unit in in_order
    ]
    await hear(store, minutes_of("2021-1", SENT, *numbered), SENT)
    await bring_to_the_end(store, "2021-1-jiaotongwei", Actor("l", "联络员", frozenset(), "jiaotongwei"))
    await issue(store, "2021-2", "2021-1", TELLING)
    [first] = await rows(store, BULLETINS_VIEW)
    assert [(line["case"], line["state"], line["carried_on"]) for line in first["lines"]] == [
        ("2021-1-langxia", "overdue", False),
        ("2021-1-jiaotongwei", "completed", False),
    ]

    shilizhen = excerpt("shilizhen", "示例镇", "town", "secretary", "规范执法")
    await hear(store, minutes_of("2021-2", date(2022, 1, 30), shilizhen), date(2022, 1, 30))
    await issue(store, "2022-1", "2021-2", date(2022, 6, 22))
    lines = (await rows(store, BULLETINS_VIEW, session="2022-1"))[0]["lines"]
    assert [(line["case"], line["state"], line["carried_on"]) for line in lines] == [
        ("2021-2-shilizhen", "overdue", False),
        ("2021-1-langxia", "overdue", True),
    ]

    # What was carried on is told once more when it has been completed, and then no longer.
    day = date(2022, 6, 30)
    await give(store, "2021-1-langxia", SubmitFeedback(FEEDBACK, "示例甲"), LIAISON, day)
    await give(store, "2021-1-langxia", ReceiptFeedback("party_office"), PARTY_OFFICE, day)
    await give(store, "2021-1-langxia", ReceiptFeedback("law_office"), LAW_OFFICE, day)
    await give(store, "2021-1-langxia", VerifyRectification("passed"), LAW_OFFICE, day)
    await issue(store, "2022-2", "2022-1", date(2023, 1, 11))
    await issue(store, "2023-1", "2022-2", date(2023, 6, 21))
    told_at = {row["session"]: row["lines"] for row in await rows(store, BULLETINS_VIEW)}
    assert [(line["case"], line["state"]) for line in told_at["2022-2"]] == [
        ("2021-1-langxia", "completed"),
        ("2021-2-shilizhen", "overdue"),
    ]
    assert [line["case"] for line in told_at["2023-1"]] == ["2021-2-shilizhen"]
    issued = [event for event in await told(store) if type(event).__name__ == "BulletinIssued"]
    assert len(issued) == 4
