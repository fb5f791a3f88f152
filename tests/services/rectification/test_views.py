"""The register and the items, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.rectification.domain.events import (
    Event,
    InspectionRecorded,
    ProgressNoted,
    RecordCorrected,
    RectificationSuspended,
    SupervisionClosed,
)
from services.rectification.domain.situations import Standing
from services.rectification.views import (
    case_register,
    inspections,
    items,
    progress_notes,
    supervision_notices,
)
from services.rectification.views.case_register import CASE_REGISTER
from services.rectification.views.items import ITEMS
from shared.calendar.china import published
from shared.decider import FreeText
from shared.eventstore import Recorded
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    BOTH,
    DECISION,
    DUE,
    LIAISON,
    SENT,
    asked,
    fed_back,
    fell_due,
    fell_overdue,
    handed_over,
    opened_notice,
    receipted_by,
    returned,
    suspension_noted,
    verified,
    withdrawn,
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


def test_a_row_says_by_when_the_offices_should_receipt() -> None:
    waiting = row(fell_due(), fed_back(), *receipted_by("law_office"))
    shown = case_register.present(waiting, date(2021, 9, 30), Policy(), published())
    assert (shown["light"], shown["receipt_due_on"]) == ("none", date(2021, 10, 11))
    assert shown["text"] == "fed back, awaiting receipt for 2 of 5 working days"
    done = row(fell_due(), fed_back(), *receipted_by(*BOTH))
    assert case_register.present(done, DUE, Policy(), published())["receipt_due_on"] is None


def test_a_row_says_until_when_it_is_suspended_and_how_many_days_were_added() -> None:
    period = RectificationSuspended(
        "s", date(2021, 9, 1), date(2021, 9, 30), 30, DUE, date(2021, 11, 8), False, date(2021, 9, 1)
    )
    shown = row(fell_due(), period)
    assert shown["due_history"][-1] == {
        "due_on": "2021-11-08",
        "why": "suspension",
        "on": "2021-09-01",
        "days": 30,
    }
    for today, until in (
        (date(2021, 8, 31), None),
        (date(2021, 9, 1), date(2021, 9, 30)),
        (date(2021, 9, 30), date(2021, 9, 30)),
        (date(2021, 10, 1), None),
    ):
        assert case_register.present(shown, today, Policy(), published())["suspended_until"] == until


def test_a_missed_date_stays_red_in_a_suspension_that_came_after_it() -> None:
    noted = suspension_noted(date(2021, 10, 11), date(2021, 10, 31), on=date(2021, 10, 11))
    past = row(fell_due(), fell_overdue(), noted)
    shown = case_register.present(past, date(2021, 10, 12), Policy(), published())
    assert (shown["light"], shown["suspended_until"]) == ("red", None)


def test_the_register_leads_to_the_texts_of_the_feedback_in_hand() -> None:
    sent = replace(fed_back(), text=FreeText(ref="f", sha256="0"), entered_for="示例村书记主任")
    back = replace(returned(), remarks=FreeText(ref="r", sha256="0"))
    assert row(fell_due(), sent)["feedback_ref"] == "f"
    assert row(fell_due(), sent)["entered_for"] == "示例村书记主任"
    assert row(fell_due(), sent, withdrawn())["feedback_ref"] is None
    again = row(fell_due(), sent, *receipted_by(*BOTH), back)
    assert (again["feedback_ref"], again["remarks_ref"]) == (None, "r")


def test_the_register_shows_what_was_corrected_and_by_whom() -> None:
    wrong = RecordCorrected("sent_on", 1, DUE, SENT, False, True, FreeText("误。"), DECISION, DUE)
    assert row(fell_due(), fed_back(DUE), wrong)["corrections"] == [
        {
            "what": "sent_on",
            "value_before": "2021-10-08",
            "value": "2021-07-07",
            "by": "示例丙",
            "title": "依法治区办主任",
            "on": "2021-10-08",
        }
    ]


def test_the_register_shows_the_notice_that_is_open() -> None:
    past: list[Event] = [fell_due(), fell_overdue(), opened_notice()]
    assert row(*past)["notice_number"] == "督〔2021〕2号"
    assert row(*past)["reply_by"] == date(2021, 11, 5)
    assert row(*past, SupervisionClosed("督〔2021〕2号", None, DUE))["notice_number"] is None


def test_each_notice_is_a_row_and_says_how_it_ended() -> None:
    past: list[Event] = [fell_due(), fell_overdue(), opened_notice()]
    [open_notice] = supervision_notices.rows(recorded(*past))
    assert (open_notice["unit_name"], open_notice["closed_on"]) == ("廊下镇", None)
    by_office = SupervisionClosed("督〔2021〕2号", FreeText(ref="w", sha256="0"), DUE)
    [closed] = supervision_notices.rows(recorded(*past, by_office))
    assert (closed["closed_by"], closed["reason_ref"]) == ("office", "w")
    [verified_] = supervision_notices.rows(recorded(*past, SupervisionClosed("督〔2021〕2号", None, DUE)))
    assert (verified_["closed_by"], verified_["reason_ref"]) == ("verification", None)


def test_each_inspection_and_each_note_is_a_row_and_the_register_mentions_them() -> None:
    looked = InspectionRecorded("第3项", FreeText(ref="i", sha256="0"), "supervision_office", SENT, DUE)
    noted = ProgressNoted(FreeText(ref="p", sha256="0"), "langxia-2", SENT)
    past: list[Event] = [fell_due(), looked, noted]
    [inspection] = inspections.rows(recorded(*past))
    [note] = progress_notes.rows(recorded(*past))
    assert (inspection["plan_line"], inspection["finding_ref"], inspection["place"]) == ("第3项", "i", 2)
    assert (note["item"], note["text_ref"], note["unit"], note["place"]) == ("langxia-2", "p", "langxia", 3)
    shown = row(*past)
    assert shown["inspections"] == [
        {"plan_line": "第3项", "inspected_on": "2021-07-07", "by_office": "supervision_office"}
    ]
    assert shown["progress_noted_on"] == SENT


def test_each_task_line_is_a_row_in_the_order_of_the_minutes() -> None:
    shown = items.rows(recorded(fell_due()))
    assert [one["item"] for one in shown] == ["langxia-1", "langxia-2"]
    assert shown[0]["focus_area"] == "基层社会治理"
    assert shown[1]["focus_area"] is None
    assert {one["by"] for one in shown} == {"区委书记"}


def test_what_a_verification_left_undone_is_in_the_register_and_on_its_task_lines() -> None:
    waiting: list[Event] = [fell_due(), fed_back(), *receipted_by(*BOTH)]
    for past, unfinished, finished in (
        (waiting, None, [None, None]),
        ([*waiting, verified()], [], [True, True]),
        ([*waiting, verified("partly", unfinished=("langxia-2",))], ["langxia-2"], [True, False]),
        ([*waiting, verified("partly", unfinished=None)], None, [None, None]),
    ):
        assert row(*past)["unfinished"] == unfinished
        assert [one["finished"] for one in items.rows(recorded(*past))] == finished
