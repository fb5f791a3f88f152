"""What evaluation hears of a round becomes its sheets, on a real database: the story of 2021/1, case by case."""

from __future__ import annotations

from datetime import date

import pytest

from services.evaluation.application import ANNUAL_REPORTS, OUTCOMES
from services.evaluation.domain.annual_report import RegisterAnnualReport
from services.evaluation.domain.outcome import RecordOutcome
from services.evaluation.views.annual_reports import ANNUAL_REPORTS_VIEW
from services.evaluation.views.outcomes import OUTCOMES_VIEW
from services.evaluation.views.registered_units import REGISTERED_UNITS
from shared.contracts import Contract
from shared.contracts.base import TextLink
from shared.contracts.rectification import (
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    RecordCorrected,
    RectificationDateConfirmed,
    RectificationDue,
    RectificationExtended,
    RectificationItemsCorrected,
    RectificationOverdue,
    RectificationReturned,
    RectificationSuspended,
    RectificationVerified,
    SupervisionClosed,
    SupervisionOpened,
)
from shared.contracts.review import ReportDelivered
from shared.contracts.scheduling import (
    PolicyAdopted,
    Post,
    PostHandedOver,
    Reporter,
    ReporterSubstituted,
    SessionCancelled,
    SessionScheduled,
    TenantClosed,
    TenantRegistered,
    UnitRegistered,
    UnitRenamed,
)
from shared.decider import Refused
from shared.eventstore import Context
from tests.services.evaluation.hearing import Evaluation
from tests.services.evaluation.telling import DEPARTMENT

CASE = "2021-1-langxia"
TEXT = TextLink(sha256="0" * 64, href="/tenants/shanghai.jinshan/texts/0")


def registered(unit: str, name: str, order: int, category: str = "town") -> UnitRegistered:
    return UnitRegistered.model_validate(
        {
            "unit": unit,
            "name": name,
            "category": category,
            "official_order": order,
            "posts": [Post(post="secretary", title="书记", person="张示例")],
            "valid_from": date(2021, 1, 4),
        }
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
        unfinished=[],
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
    told = [{key: line[key] for key in ("kind", "state", "subject", "events")} for line in sheet["lines"]]
    assert told == [
        {"kind": "report", "state": "done", "subject": "2021-1", "events": report},
        {"kind": "rectification", "state": "done", "subject": CASE, "events": case},
    ]
    assert [(fact["event"], fact["what"], fact["on"]) for fact in sheet["lines"][0]["facts"]] == [
        (report[0], "rostered", "2021-11-30"),
        (report[1], "reported", "2021-06-24"),
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


async def test_the_registry_is_kept_in_official_order_with_its_heads_past_and_present(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear(LANGXIA, SHILIZHEN, HANDED_OVER)
    rows = await evaluation.rows(REGISTERED_UNITS)
    assert [(one["unit"], one["official_order"]) for one in rows] == [("shilizhen", 40), ("langxia", 50)]
    assert rows[1]["posts"] == [{"post": "secretary", "title": "书记", "person": "李示例"}]
    assert rows[1]["former_heads"] == ["张示例"]


async def test_a_renamed_units_sheet_bears_the_name_of_its_day(evaluation: Evaluation) -> None:
    renamed = UnitRenamed(unit="langxia", name_before="廊下镇", name="廊下新镇", valid_from=date(2021, 11, 1))
    await evaluation.hear(LANGXIA, renamed)
    await evaluation.publish("2021-langxia")
    [sheet] = await evaluation.sheets()
    assert sheet["unit_name"] == "廊下新镇"


# ---- the year by the cut-off ----


async def test_what_is_due_after_the_cutoff_is_on_the_sheet_of_the_next_year(evaluation: Evaluation) -> None:
    cutoff = PolicyAdopted(
        policy_version=1, holds_from=date(2021, 1, 4), values={"evaluation_cutoff": "09-30"}
    )
    await evaluation.hear(LANGXIA, cutoff, due())
    assert [(one["year"], len(one["lines"])) for one in await evaluation.sheets()] == [(2022, 1)]
    await evaluation.hear(verified())
    [sheet] = await evaluation.sheets()
    assert [line["state"] for line in sheet["lines"]] == ["done"]


async def test_a_duty_told_again_with_a_later_date_stays_on_its_sheet(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, due(), due(on=date(2022, 1, 10)))
    assert [one["year"] for one in await evaluation.sheets()] == [2021]


# ---- handovers ----

HANDED_OVER = PostHandedOver(
    unit="langxia",
    post="secretary",
    title="书记",
    from_person="张示例",
    to_person="李示例",
    effective_on=date(2021, 11, 1),
)


async def test_a_handover_is_noted_on_the_sheet_and_tells_whose_each_fact_is(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, SCHEDULED, DELIVERED, due(), fed_back(date(2021, 9, 28)), RETURNED)
    [citation] = await evaluation.hear(HANDED_OVER)
    await evaluation.hear(fed_back(date(2021, 11, 24)), verified())
    [sheet] = await evaluation.sheets()
    assert [one["event"] for one in sheet["handovers"]] == [citation]
    report, case = sheet["lines"]
    assert (report["person"], case["person"]) == ("张示例", "李示例")
    assert [(fact["what"], fact["person"]) for fact in case["facts"]] == [
        ("due", "张示例"),
        ("fed_back", "张示例"),
        ("returned", "张示例"),
        ("fed_back", "李示例"),
        ("verified", "李示例"),
    ]


async def test_a_handover_of_the_next_year_is_noted_where_something_is_still_open(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear(LANGXIA, DELIVERED, due())
    await evaluation.hear(HANDED_OVER.model_copy(update={"effective_on": date(2022, 2, 1)}))
    assert [(one["year"], len(one["handovers"])) for one in await evaluation.sheets()] == [
        (2021, 1),
        (2022, 1),
    ]


async def test_a_handover_of_the_next_year_does_not_touch_a_sheet_with_nothing_open(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear(LANGXIA, DELIVERED)
    await evaluation.hear(HANDED_OVER.model_copy(update={"effective_on": date(2022, 2, 1)}))
    assert [(one["year"], len(one["handovers"])) for one in await evaluation.sheets()] == [
        (2021, 0),
        (2022, 1),
    ]


# ---- the roster changes ----

SUBSTITUTED = ReporterSubstituted(
    session="2021-1",
    unit_out="langxia",
    reporter=Reporter(
        unit="shilizhen",
        unit_name="示例镇",
        category="town",
        post="secretary",
        title="书记",
        person="钱示例",
    ),
    reason="书记不能到会",
)
CANCELLED = SessionCancelled(session="2021-1", reason="示例")


async def reports(evaluation: Evaluation) -> dict[str, str]:
    return {one["unit"]: one["lines"][0]["state"] for one in await evaluation.sheets() if one["lines"]}


async def test_a_substitute_has_the_report_to_give_that_the_unit_had(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, SHILIZHEN, SCHEDULED, SUBSTITUTED)
    assert await reports(evaluation) == {"langxia": "not_applicable", "shilizhen": "open"}


async def test_another_head_of_the_same_unit_has_the_same_report_to_give(evaluation: Evaluation) -> None:
    mayor = SUBSTITUTED.reporter.model_copy(update={"unit": "langxia", "post": "mayor"})
    await evaluation.hear(LANGXIA, SCHEDULED, SUBSTITUTED.model_copy(update={"reporter": mayor}))
    [sheet] = await evaluation.sheets()
    [line] = sheet["lines"]
    assert (line["state"], line["post"], line["person"]) == ("open", "mayor", "钱示例")


async def test_a_cancelled_sessions_reports_are_expected_of_nobody(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, SHILIZHEN, SCHEDULED, SUBSTITUTED, CANCELLED)
    assert await reports(evaluation) == {"langxia": "not_applicable", "shilizhen": "not_applicable"}


async def test_a_lead_report_is_marked_on_its_line(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, DELIVERED.model_copy(update={"lead": True}))
    [sheet] = await evaluation.sheets()
    assert [line["lead"] for line in sheet["lines"]] == [True]


# ---- every step of a case is cited ----

IN_THE_CASE: list[Contract] = [
    RectificationSuspended(
        case=CASE,
        unit="langxia",
        suspended_from=date(2021, 8, 1),
        suspended_until=date(2021, 8, 31),
        days=31,
        due_on_before=date(2021, 10, 8),
        due_on=date(2021, 11, 8),
    ),
    RectificationDateConfirmed(
        case=CASE,
        unit="langxia",
        due_on_before=date(2021, 10, 7),
        due_on=date(2021, 10, 8),
        confirmed_on=date(2021, 9, 1),
    ),
    RectificationItemsCorrected(case=CASE, unit="langxia", corrected_on=date(2021, 9, 2), items=[]),
    FeedbackWithdrawn(
        case=CASE,
        unit="langxia",
        sent_on=date(2021, 9, 28),
        withdrawn_on=date(2021, 9, 29),
        due_on=date(2021, 10, 8),
    ),
    SupervisionOpened(
        case=CASE,
        unit="langxia",
        notice_number="示督〔2021〕1号",
        opened_on=date(2021, 10, 22),
        due_on=date(2021, 11, 5),
    ),
    SupervisionClosed(
        case=CASE, unit="langxia", notice_number="示督〔2021〕1号", closed_on=date(2021, 11, 5)
    ),
]


async def test_suspension_and_supervision_are_on_the_line(evaluation: Evaluation) -> None:
    heard = await evaluation.hear(LANGXIA, due(), *IN_THE_CASE)
    [sheet] = await evaluation.sheets()
    [line] = sheet["lines"]
    assert (line["state"], line["events"]) == ("open", heard[1:])
    assert [fact["what"] for fact in line["facts"]] == [
        "due",
        "suspended",
        "date_confirmed",
        "items_corrected",
        "feedback_withdrawn",
        "supervision_opened",
        "supervision_closed",
    ]


def corrected(on_time: bool) -> RecordCorrected:
    return RecordCorrected(
        case=CASE,
        unit="langxia",
        session="2021-1",
        plan_year=2021,
        corrected_on=date(2021, 12, 3),
        what="sent_on",
        value_before=date(2021, 10, 12),
        value=date(2021, 10, 8),
        due_on=date(2021, 10, 8),
        fed_back_on=date(2021, 10, 8),
        on_time=on_time,
        counts_in=2021,
        by="示例·法治办副主任",
        by_title="副主任",
        reason="纸质件上的日期登记有误",
    )


async def test_a_corrected_record_makes_late_done_with_its_citation_and_the_sheet_is_published_again(
    evaluation: Evaluation,
) -> None:
    await evaluation.hear(LANGXIA, due(), verified(on_time=False))
    await evaluation.publish("2021-langxia")
    [citation] = await evaluation.hear(corrected(on_time=True))
    [sheet] = await evaluation.sheets()
    [line] = sheet["lines"]
    assert (line["state"], line["corrected"], line["events"][-1]) == ("done", True, citation)
    assert sheet["changed_since"]
    assert await evaluation.publish("2021-langxia") == ("SheetPublished",)
    [sheet] = await evaluation.sheets()
    assert [one["state"] for one in sheet["published_lines"]] == ["not_applicable", "done"]


# ---- villages, outcomes, annual reports ----


async def test_a_villages_facts_are_kept_and_no_sheet_of_it_is_published(evaluation: Evaluation) -> None:
    await evaluation.hear(
        registered("v201", "示例村", 60, category="village"), DELIVERED.model_copy(update={"unit": "v201"})
    )
    assert await reports(evaluation) == {"v201": "done"}
    with pytest.raises(Refused) as refused:
        await evaluation.publish("2021-v201")
    assert refused.value.code == "evaluation.village-not-evaluated"


async def test_outcomes_are_of_units_that_the_registry_has_told_of(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA)
    result = RecordOutcome("示例规则出台", unit="langxia", number=2, measured_in="项")
    await evaluation.execute(OUTCOMES, "2021-langxia-1", result)
    await evaluation.execute(OUTCOMES, "2021-honour-1", RecordOutcome("示例称号", honour=True))
    rows = await evaluation.rows(OUTCOMES_VIEW)
    assert [(row["outcome"], row["unit"], row["number"], row["confirmed"]) for row in rows] == [
        ("2021-honour-1", None, None, False),
        ("2021-langxia-1", "langxia", 2.0, False),
    ]
    with pytest.raises(Refused) as refused:
        await evaluation.execute(OUTCOMES, "2021-1", RecordOutcome("示例", unit="wairen"))
    assert refused.value.code == "evaluation.outcome-of-no-registered-unit"


async def test_annual_reports_are_registered_of_present_and_former_heads(evaluation: Evaluation) -> None:
    await evaluation.hear(LANGXIA, HANDED_OVER)
    for number, person in enumerate(("张示例", "李示例"), start=1):
        filed = RegisterAnnualReport(f"廊委〔2021〕{number}号", date(2021, 11, 30), person)
        await evaluation.execute(ANNUAL_REPORTS, "2021-langxia", filed)
    rows = await evaluation.rows(ANNUAL_REPORTS_VIEW, year="2021", unit="langxia")
    assert [(row["person"], row["document_number"]) for row in rows] == [
        ("张示例", "廊委〔2021〕1号"),
        ("李示例", "廊委〔2021〕2号"),
    ]
    for id, code in (("2020-langxia", "before-annual-reports"), ("langxia", "before-annual-reports")):
        with pytest.raises(Refused) as refused:
            await evaluation.execute(
                ANNUAL_REPORTS, id, RegisterAnnualReport("1号", date(2021, 11, 30), "张示例")
            )
        assert refused.value.code == f"evaluation.{code}"


# A tenant that was closed


async def test_in_a_closed_tenant_people_do_nothing_more_and_what_others_say_is_noted_still(
    evaluation: Evaluation,
) -> None:
    """As in every service: it hears of the closing, and its kernel refuses what people command from then on, but for
    what may be commanded of a closed tenant. Dates and reactions go on."""
    tenant = {"name": "示例区", "tier": "district", "official_order": 1}
    opened = TenantRegistered.model_validate(tenant | {"registered_on": date(2021, 1, 4)})
    closed = TenantClosed.model_validate(tenant | {"reason": "并入", "closed_on": date(2021, 11, 30)})
    await evaluation.hear(opened, LANGXIA, closed)
    outcome = RecordOutcome("示例规则出台", unit="langxia", number=2, measured_in="项")
    context = Context("shanghai.jinshan", DEPARTMENT, correlation="test")
    with pytest.raises(Refused) as refused:
        await evaluation.store.execute(OUTCOMES, "2021-1", outcome, context, tenant_must_exist=True)
    assert (refused.value.code, refused.value.data) == (
        "kernel.tenant-closed",
        {"tenant": "shanghai.jinshan", "closed_on": "2021-11-30"},
    )
    answer = await evaluation.store.execute(
        OUTCOMES, "2021-1", outcome, context, tenant_must_exist=True, tenant_may_be_closed=True
    )
    assert answer.events
    await evaluation.hear(SHILIZHEN)
    assert {row["unit"] for row in await evaluation.rows(REGISTERED_UNITS)} == {"langxia", "shilizhen"}
