"""What evaluation hears of a round becomes its sheets, on a real database: the story of 2021/1, case by case."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.evaluation.application import SHEETS
from services.evaluation.domain.sheet import PublishEvaluation
from services.evaluation.reactions import reactions
from services.evaluation.views.registered_units import REGISTERED_UNITS
from services.evaluation.views.sheets import SHEETS_VIEW
from shared.contracts import Contract
from shared.contracts.base import TextLink
from shared.contracts.rectification import (
    FeedbackReceipted,
    FeedbackSubmitted,
    RectificationDue,
    RectificationExtended,
    RectificationOverdue,
    RectificationReturned,
    RectificationVerified,
)
from shared.contracts.review import ReportDelivered
from shared.contracts.scheduling import Reporter, SessionScheduled, UnitRegistered
from shared.decider import Refused
from shared.eventstore import Context, EventStore
from shared.eventstore.reading import view_page
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause
from tests.services.evaluation.telling import DEPARTMENT, REACTION, TODAY, cited

TENANT = "shanghai.jinshan"
CASE = "2021-1-langxia"
TEXT = TextLink(sha256="0" * 64, href="/tenants/shanghai.jinshan/texts/0")


class Evaluation:
    """The store, said in short: what it hears, with a citation of its own each, and the rows of its sheets."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.heard = 0

    async def hear(self, *events: Contract) -> list[str]:
        return [await self._hear(event) for event in events]

    async def _hear(self, event: Contract, again: int | None = None) -> str:
        self.heard += 1
        citation = cited(event.service, again or self.heard)
        cause = Cause(str(self.heard), citation, TENANT, TODAY, datetime(2021, 11, 30, tzinfo=UTC))
        context = Context(TENANT, REACTION, correlation="test", today=cause.business_date)

        async def react(work: UnitOfWork) -> None:
            await reactions.react(event, cause, work)

        await self.store.in_transaction(context, react)
        return citation

    async def hear_again(self, event: Contract, sequence: int) -> None:
        """The same ledger event once more, as after a restore."""
        await self._hear(event, again=sequence)

    async def publish(self, id: str) -> tuple[str, ...]:
        context = Context(TENANT, DEPARTMENT, correlation="test")
        return (await self.store.execute(SHEETS, id, PublishEvaluation(), context)).events

    async def sheets(self, **filters: str) -> list[dict[str, Any]]:
        async with self.store.reading(TENANT) as connection:
            return (await view_page(connection, SHEETS_VIEW, TENANT, filters, 100, None)).items


@pytest.fixture
def evaluation(store: EventStore) -> Evaluation:
    return Evaluation(store)


def registered(unit: str, name: str, order: int) -> UnitRegistered:
    return UnitRegistered(
        unit=unit, name=name, category="town", official_order=order, valid_from=date(2021, 1, 4)
    )


LANGXIA = registered("langxia", "廊下镇", 50)
SHILIZHEN = registered("shilizhen", "示例镇", 40)
SCHEDULED = SessionScheduled(
    session="2021-1",
    plan_year=2021,
    number=1,
    held_on=date(2021, 6, 24),
    reporters=[
        Reporter(
            unit="langxia",
            unit_name="廊下镇",
            category="town",
            post="secretary",
            title="书记",
            person="张示例",
        )
    ],
)
DELIVERED = ReportDelivered(
    session="2021-1",
    plan_year=2021,
    unit="langxia",
    unit_name="廊下镇",
    post="secretary",
    title="书记",
    person="张示例",
    held_on=date(2021, 6, 24),
    planned_seconds=480,
    spoken_seconds=505,
)


def due(on: date = date(2021, 10, 8), case: str = CASE) -> RectificationDue:
    return RectificationDue(
        case=case,
        unit="langxia",
        session="2021-1",
        plan_year=2021,
        unit_name="廊下镇",
        post="secretary",
        title="书记",
        person="张示例",
        items=[],
        sent_on=date(2021, 7, 7),
        due_on=on,
        due_before_rolling=date(2021, 10, 7),
    )


def fed_back(on: date) -> FeedbackSubmitted:
    return FeedbackSubmitted(
        case=CASE,
        unit="langxia",
        sent_on=on,
        on_time=True,
        signer="张示例",
        offices=["party_office", "law_office"],
        text=TEXT,
    )


def receipted(office: str, *missing: str) -> FeedbackReceipted:
    return FeedbackReceipted(
        case=CASE,
        unit="langxia",
        office=office,
        receipted_on=date(2021, 9, 29),
        offices_missing=list(missing),
    )


RETURNED = RectificationReturned(
    case=CASE,
    unit="langxia",
    returned_on=date(2021, 10, 26),
    by_office="law_office",
    due_on_before=date(2021, 10, 8),
    due_on=date(2021, 11, 26),
)
EXTENDED = RectificationExtended(
    case=CASE,
    unit="langxia",
    requested_on=date(2021, 11, 20),
    granted_on=date(2021, 11, 22),
    due_on_before=date(2021, 11, 26),
    due_on=date(2022, 1, 10),
)
OVERDUE = RectificationOverdue(
    case=CASE, unit="langxia", due_on=date(2022, 1, 10), overdue_since=date(2022, 1, 11)
)


def verified(on_time: bool = True) -> RectificationVerified:
    return RectificationVerified(
        case=CASE,
        unit="langxia",
        session="2021-1",
        plan_year=2021,
        original_due_on=date(2021, 10, 8),
        due_on=date(2021, 11, 26),
        fed_back_on=date(2021, 11, 24),
        verified_on=date(2021, 11, 30),
        by_office="law_office",
        outcome="passed",
        on_time=on_time,
        counts_in=2021,
    )


async def test_every_event_that_touched_a_matter_is_on_its_line(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA)
    report = await evaluation.hear(SCHEDULED, DELIVERED)
    case = await evaluation.hear(
        due(),
        fed_back(date(2021, 9, 28)),
        receipted("party_office", "law_office"),
        receipted("law_office"),
        RETURNED,
        fed_back(date(2021, 11, 24)),
        verified(),
    )
    [sheet] = await evaluation.sheets(year="2021", unit="langxia")
    assert (sheet["unit_name"], sheet["official_order"], sheet["status"]) == ("廊下镇", 50, "open")
    assert sheet["lines"] == [
        {"kind": "report", "state": "done", "subject": "2021-1", "events": report},
        {"kind": "rectification", "state": "done", "subject": CASE, "events": case},
    ]


async def test_an_extension_into_the_next_year_leaves_the_case_on_the_sheet_of_its_first_due_date(
    evaluation: Evaluation,
) -> None:
    case = await evaluation.hear(LANGXIA, due(), EXTENDED, OVERDUE, verified(on_time=False))
    [sheet] = await evaluation.sheets()
    assert sheet["year"] == 2021
    assert [(line["state"], line["events"]) for line in sheet["lines"]] == [("late", case[1:])]


async def test_a_report_counts_in_its_plan_year_and_a_duty_in_the_year_it_is_due(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear(LANGXIA, DELIVERED, due(on=date(2022, 5, 5)))
    assert [(one["year"], [line["kind"] for line in one["lines"]]) for one in await evaluation.sheets()] == [
        (2021, ["report"]),
        (2022, ["rectification"]),
    ]


async def test_what_was_heard_before_changes_nothing(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, DELIVERED, due())
    before = await evaluation.sheets()
    await evaluation.hear_again(LANGXIA, 1)
    await evaluation.hear_again(DELIVERED, 2)
    await evaluation.hear_again(due(), 3)
    assert await evaluation.sheets() == before


async def test_an_event_of_a_case_that_never_fell_due_is_a_fault(evaluation: Evaluation) -> None:
    with pytest.raises(Refused) as refused:
        await evaluation.hear(LANGXIA, RETURNED)
    assert (refused.value.code, refused.value.data) == ("evaluation.case-unknown", {"case": CASE})


async def test_sheets_are_published_of_registered_units_only_and_listed_in_their_official_order(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear(LANGXIA, SHILIZHEN, DELIVERED)
    assert await evaluation.publish("2021-langxia") == ("SheetPublished",)
    assert await evaluation.publish("2021-langxia") == ()
    assert await evaluation.publish("2021-shilizhen") == ("SheetOpened", "SheetPublished")
    for id in ("2021-wairen", "langxia", "21-langxia"):
        with pytest.raises(Refused) as refused:
            await evaluation.publish(id)
        assert refused.value.code == "evaluation.unit-unknown"
    sheets = await evaluation.sheets(status="published")
    assert [sheet["unit"] for sheet in sheets] == ["shilizhen", "langxia"]
    assert [line["state"] for line in sheets[0]["published_lines"]] == ["not_applicable"] * 2
    assert [line["state"] for line in sheets[1]["published_lines"]] == ["done", "not_applicable"]


async def test_a_published_sheet_shows_that_something_was_noted_since(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, due())
    await evaluation.publish("2021-langxia")
    await evaluation.hear(verified())
    [sheet] = await evaluation.sheets()
    assert sheet["changed_since"]
    assert [line["state"] for line in sheet["published_lines"]] == ["not_applicable", "open"]
    await evaluation.publish("2021-langxia")
    [sheet] = await evaluation.sheets()
    assert not sheet["changed_since"]
    assert [line["state"] for line in sheet["published_lines"]] == ["not_applicable", "done"]


async def test_the_registry_is_kept_in_official_order(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, SHILIZHEN)
    async with evaluation.store.reading(TENANT) as connection:
        page = await view_page(connection, REGISTERED_UNITS, TENANT, {}, 100, None)
    assert [(one["unit"], one["official_order"]) for one in page.items] == [
        ("shilizhen", 40),
        ("langxia", 50),
    ]
