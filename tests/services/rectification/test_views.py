"""The register and the items, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.rectification.domain.case import Event
from services.rectification.domain.situations import Standing
from services.rectification.views import case_register, items
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.items import ITEMS
from shared.calendar.china import published
from shared.eventstore import Recorded
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    BOTH,
    DUE,
    LIAISON,
    SENT,
    asked,
    fed_back,
    fell_due,
    fell_overdue,
    handed_over,
    receipted_by,
    returned,
    verified,
)


def recorded(*events: Event) -> Sequence[Recorded[Event]]:
    return [
        Recorded(event, "shanghai.jinshan", "case-2021-1-langxia", version, SENT, LIAISON)
        for version, event in enumerate(events, start=1)
    ]


def row(*events: Event) -> dict[str, Any]:
    [only] = case_register.rows(recorded(*events))
    return only


WALK: list[tuple[Standing, list[Event]]] = [
    ("open", [fell_due()]),
    ("awaiting_receipt", [fell_due(), fed_back(), *receipted_by("law_office")]),
    ("awaiting_verification", [fell_due(), fed_back(), *receipted_by(*BOTH)]),
    ("returned", [fell_due(), fed_back(), *receipted_by(*BOTH), returned()]),
    ("completed", [fell_due(), fed_back(), *receipted_by(*BOTH), verified()]),
]


@pytest.mark.parametrize(("standing", "past"), WALK)
def test_the_register_has_a_word_for_each_situation(standing: Standing, past: list[Event]) -> None:
    assert row(*past)["state"] == standing
    assert {one["state"] for one in items.rows(recorded(*past))} == {standing}


@pytest.mark.parametrize(("standing", "past"), WALK)
def test_a_row_fills_every_column_of_its_table(standing: Standing, past: list[Event]) -> None:
    for view in (CASE_REGISTER, ITEMS):
        columns = {column.name for column in view.table.columns} - {"tenant", "stream"}
        for one in view.rows(recorded(*past)):
            assert set(one) == columns
            required = {
                c.name for c in view.table.columns if not c.nullable and c.name not in ("tenant", "stream")
            }
            assert all(one[name] is not None for name in required)


@pytest.mark.parametrize("view", [CASE_REGISTER, ITEMS])
def test_filters_and_order_are_columns(view: Any) -> None:
    assert {*view.filters, *view.order_by} <= {column.name for column in view.table.columns}


def test_without_events_there_is_no_row() -> None:
    assert case_register.rows([]) == []
    assert items.rows([]) == []


def test_the_register_says_which_office_has_still_to_receipt() -> None:
    past = row(fell_due(), fed_back(), *receipted_by("law_office"))
    assert past["offices_missing"] == ["party_office"]
    assert past["receipts"] == [{"office": "law_office", "on": "2021-09-29"}]


def test_the_register_shows_a_request_that_waits_for_its_answer() -> None:
    waiting = row(fell_due(), asked())
    assert waiting["extension_asked_on"] == date(2021, 9, 22)
    assert waiting["extension_asked_to"] == date(2021, 10, 29)
    assert row(fell_due(), asked(), fed_back())["extension_asked_to"] is None


def test_the_register_shows_since_when_a_case_is_overdue() -> None:
    assert row(fell_due(), fell_overdue())["overdue_since"] == date(2021, 10, 9)
    late = row(fell_due(), fell_overdue(), fed_back(date(2021, 10, 11)))
    assert late["overdue_since"] == date(2021, 10, 9)
    sent_in_time = row(fell_due(), fell_overdue(), fed_back(DUE))
    assert sent_in_time["overdue_since"] is None


def test_a_handover_stays_in_the_register_after_the_case_was_closed() -> None:
    past = row(fell_due(), handed_over(), fed_back(), *receipted_by(*BOTH), verified())
    assert past["person"] == "示例乙"
    assert [one["from_person"] for one in past["handovers"]] == ["示例甲"]


def test_a_row_is_read_with_its_light_and_the_word_of_the_bulletin() -> None:
    shown = case_register.present(row(fell_due()), date(2021, 10, 11), Policy(), published())
    assert shown["state_zh"] == "整改中"
    assert (shown["light"], shown["icon"], shown["days_left"]) == ("red", "alert", -3)
    assert (shown["text"], shown["text_zh"]) == ("overdue by 3 days", "逾期3天")
    assert shown["bulletin"] == "overdue"
    assert shown["due_on"] == DUE


def test_each_task_line_is_a_row_in_the_order_of_the_minutes() -> None:
    shown = items.rows(recorded(fell_due()))
    assert [one["item"] for one in shown] == ["langxia-1", "langxia-2"]
    assert shown[0]["focus_area"] == "基层社会治理"
    assert shown[1]["focus_area"] is None
    assert {one["by"] for one in shown} == {"区委书记"}
