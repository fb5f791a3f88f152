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
from services.evaluation.application import SHEETS, UNITS
from services.evaluation.domain.lines import Line
from services.evaluation.domain.sheet import Event, SheetPublished
from services.evaluation.domain.unit import UnitNoted
from shared.contracts.evaluation import EvaluationPublished, SheetLine
from shared.eventstore import Aggregate, Recorded
from tests.services.evaluation.telling import (
    CASE,
    DEPARTMENT,
    FELL_DUE,
    REPORTED,
    TODAY,
    cited,
    fell_due,
    opened,
    reported,
    rostered,
    stepped,
    verified,
)

PUBLISHED = SheetPublished(
    "廊下镇",
    50,
    (
        Line("report", "done", "2021-1", (REPORTED,)),
        Line("rectification", "open", CASE, (FELL_DUE,)),
        Line("rectification", "not_applicable", None, ()),
    ),
    on=TODAY,
)
SHEET_EVENTS: tuple[Event, ...] = (
    opened(),
    rostered(),
    reported(),
    fell_due(),
    stepped(),
    verified(),
    PUBLISHED,
)
UNIT_EVENTS = (UnitNoted("廊下镇", "town", 50, cited("scheduling", 2), on=TODAY),)

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
                SheetLine(kind="report", state="done", subject="2021-1", events=[REPORTED]),
                SheetLine(kind="rectification", state="open", subject=CASE, events=[FELL_DUE]),
                SheetLine(kind="rectification", state="not_applicable", events=[]),
            ],
        )
    ]


@pytest.mark.parametrize(
    ("aggregate", "events"),
    [(SHEETS, SHEET_EVENTS), (UNITS, UNIT_EVENTS)],
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
    assert set(MESSAGES) == set(refusals)
    for code, message in MESSAGES.items():
        for language in ("en", "zh"):
            assert {
                name for _, name, _, _ in string.Formatter().parse(message[language]) if name
            } == refusals[code]
