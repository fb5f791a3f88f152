"""What evaluation tells the others, what it keeps in its ledger, and what it says when it refuses."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import services.evaluation
from services.evaluation.application import ANNUAL_REPORTS, OUTCOMES, SESSIONS, SHEETS, TENANTS, UNITS
from services.evaluation.domain.annual_report import AnnualReportRegistered
from services.evaluation.domain.lines import Cited, Handover, Line
from services.evaluation.domain.outcome import OutcomeRecorded
from services.evaluation.domain.session import CancellationNoted, HoldingNoted, MoveNoted, SchedulingNoted
from services.evaluation.domain.sheet import Event, SheetPublished
from services.evaluation.domain.tenant import TenantNoted
from services.evaluation.domain.unit import EndNoted, HolderNoted, NameNoted, Post, UnitNoted
from shared.contracts import evaluation as told_as
from shared.contracts.evaluation import EvaluationPublished, HonourRecorded, SheetHandover, SheetLine
from shared.eventstore import Aggregate, Recorded
from tests.services.evaluation.telling import (
    CASE,
    DEPARTMENT,
    FELL_DUE,
    FIRST,
    HANDED_OVER,
    HANDED_OVER_ON,
    HELD_ON,
    REPORTED,
    SECOND,
    SENT_ON,
    TODAY,
    cited,
    corrected,
    fell_due,
    handed_over,
    opened,
    reported,
    rostered,
    stepped,
    verified,
    withdrawn,
)

PUBLISHED = SheetPublished(
    "廊下镇",
    50,
    (
        Line(
            "report",
            "done",
            "2021-1",
            "secretary",
            FIRST,
            lead=True,
            cited=(Cited(REPORTED, "reported", HELD_ON, FIRST),),
        ),
        Line(
            "rectification",
            "open",
            CASE,
            "secretary",
            SECOND,
            cited=(Cited(FELL_DUE, "due", SENT_ON, FIRST),),
        ),
        Line("rectification", "not_applicable", None),
    ),
    (Handover("secretary", "书记", FIRST, SECOND, HANDED_OVER_ON, HANDED_OVER),),
    on=TODAY,
)
SHEET_EVENTS: tuple[Event, ...] = (
    opened(),
    rostered(),
    withdrawn(),
    reported(),
    fell_due(),
    stepped(),
    verified(),
    corrected(),
    handed_over(),
    PUBLISHED,
)
POSTS = (Post("secretary", "书记", FIRST),)
UNIT_EVENTS = (
    UnitNoted("廊下镇", "town", 50, HELD_ON, POSTS, cited("scheduling", 2), on=TODAY),
    NameNoted("廊下新镇", TODAY, cited("scheduling", 5), on=TODAY),
    HolderNoted("secretary", "书记", SECOND, HANDED_OVER_ON, HANDED_OVER, on=TODAY),
    EndNoted(TODAY, cited("scheduling", 6), on=TODAY),
)
SESSION_EVENTS = (
    SchedulingNoted(2021, HELD_ON, cited("scheduling", 8), on=TODAY),
    MoveNoted(HELD_ON, cited("scheduling", 9), on=TODAY),
    CancellationNoted(cited("scheduling", 10), on=TODAY),
    HoldingNoted(2021, HELD_ON, cited("review", 9), on=TODAY),
)
TENANT_EVENTS = (TenantNoted("金山区", "district", 1, cited("scheduling", 1), on=TODAY),)
RESULT = OutcomeRecorded(
    "示例投诉件数下降", "langxia", 11.8, "百分比", "2021年上半年", None, False, confirmed=False, on=TODAY
)
HONOUR = OutcomeRecorded(
    "示例称号", None, None, None, "2021年度", "示评〔2021〕1号", True, confirmed=True, on=TODAY
)
ANNUAL_REPORT_EVENTS = (AnnualReportRegistered("廊委〔2022〕1号", TODAY, FIRST, on=TODAY),)

SERVICE = Path(services.evaluation.__file__).parent
MESSAGES = tomllib.loads((SERVICE / "messages.toml").read_text("utf-8"))


def test_a_published_sheet_is_told_with_its_lines_and_nothing_before_it() -> None:
    told = [
        contract
        for version, event in enumerate(SHEET_EVENTS, start=1)
        for contract in SHEETS.publish(
            Recorded(event, "shanghai.jinshan", "sheet-2021-langxia", version, TODAY, DEPARTMENT),
            SHEETS.fold(SHEET_EVENTS[:version]),
        )
    ]
    assert told == [
        EvaluationPublished(
            year=2021,
            unit="langxia",
            published_on=TODAY,
            lines=[
                SheetLine(
                    kind="report",
                    state="done",
                    subject="2021-1",
                    events=[REPORTED],
                    post="secretary",
                    person=FIRST,
                    lead=True,
                ),
                SheetLine(
                    kind="rectification",
                    state="open",
                    subject=CASE,
                    events=[FELL_DUE],
                    post="secretary",
                    person=SECOND,
                ),
                SheetLine(kind="rectification", state="not_applicable", events=[]),
            ],
            handovers=[
                SheetHandover(
                    post="secretary",
                    title="书记",
                    from_person=FIRST,
                    to_person=SECOND,
                    effective_on=HANDED_OVER_ON,
                    event=HANDED_OVER,
                )
            ],
        )
    ]


def test_a_result_is_told_as_its_units_and_an_honour_as_nobodys() -> None:
    told = [
        contract
        for event in (RESULT, HONOUR)
        for contract in OUTCOMES.publish(
            Recorded(event, "shanghai.jinshan", "outcome-2021-1", 1, TODAY, DEPARTMENT),
            OUTCOMES.fold([event]),
        )
    ]
    assert told == [
        told_as.OutcomeRecorded(
            outcome="2021-1",
            unit="langxia",
            what="示例投诉件数下降",
            number=11.8,
            measured_in="百分比",
            period="2021年上半年",
            confirmed=False,
        ),
        HonourRecorded(outcome="2021-1", what="示例称号", period="2021年度", confirmed=True),
    ]


@pytest.mark.parametrize(
    ("aggregate", "events"),
    [
        (SHEETS, SHEET_EVENTS),
        (UNITS, UNIT_EVENTS),
        (SESSIONS, SESSION_EVENTS),
        (TENANTS, TENANT_EVENTS),
        (OUTCOMES, (RESULT, HONOUR)),
        (ANNUAL_REPORTS, ANNUAL_REPORT_EVENTS),
    ],
    ids=lambda one: one.kind if isinstance(one, Aggregate) else None,
)
def test_every_event_is_read_from_the_ledger_as_it_was_written(
    aggregate: Aggregate[Any, Any, Any, Any], events: Sequence[Any]
) -> None:
    assert {type(event).__name__ for event in events} == set(aggregate.codec.classes)
    for event in events:
        kept = aggregate.codec.encode(event)
        assert aggregate.codec.decode(kept.name, kept.schema_version, kept.data) == event


def test_every_refusal_has_its_message_in_both_languages_filled_by_its_own_data() -> None:
    refusals = {
        ast.literal_eval(node.args[0]): {keyword.arg for keyword in node.keywords}
        for path in SERVICE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused"
    }
    own = {code for code in refusals if code.startswith("evaluation.")}
    assert set(MESSAGES) == own
    for code, message in MESSAGES.items():
        for language in ("en", "zh"):
            assert {
                name for _, name, _, _ in string.Formatter().parse(message[language]) if name
            } == refusals[code]
