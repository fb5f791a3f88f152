"""The drafts, the proceedings and the comments, row by row."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from services.review.domain import draft, session
from services.review.domain.minutes import MinutesNumbered
from services.review.domain.proceedings import AttendanceRecorded
from services.review.domain.session import AgendaReopened
from services.review.views.comments import COMMENTS
from services.review.views.drafts import DRAFTS
from services.review.views.proceedings import PROCEEDINGS
from shared.decider import FreeText
from shared.eventstore import Recorded, View
from tests.services.review.telling import (
    APPROVE_BY,
    DAY_BEFORE,
    DUE,
    FOR_ALL,
    HELD,
    LANGXIA,
    LIAISON,
    NUMBER,
    ORDER,
    SENT,
    SIGNED,
    agenda,
    approved,
    checked,
    closed,
    commented,
    confirmed_words,
    drafted,
    expected,
    held,
    named,
    not_held,
    numbered,
    opened,
    returned,
    running,
    sent,
    signed,
    spoke,
    submitted,
    supplemented,
    voided,
)


def rows(view: View, *past: draft.Event | session.Event) -> list[dict[str, Any]]:
    return view.rows(
        [
            Recorded(event, "shanghai.jinshan", "any-2021-1", version, HELD, LIAISON)
            for version, event in enumerate(past, start=1)
        ]
    )


def row(view: View, *past: draft.Event | session.Event) -> dict[str, Any]:
    [one] = rows(view, *past)
    return one


@pytest.mark.parametrize(
    ("view", "past"), [(DRAFTS, (expected(),)), (PROCEEDINGS, (opened(),)), (COMMENTS, signed())]
)
def test_a_row_fills_every_column_and_json_columns_hold_json(
    view: View, past: tuple[draft.Event | session.Event, ...]
) -> None:
    columns = {column.name: column for column in view.table.c if column.name not in ("tenant", "stream")}
    for one in rows(view, *past):
        assert set(one) == set(columns)
        for name, column in columns.items():
            assert column.nullable or one[name] is not None
            if isinstance(one[name], list | dict):
                json.dumps(one[name])


# Drafts


@pytest.mark.parametrize(
    ("past", "changed"),
    [
        ((expected(),), {"state": "expected", "revision": 0, "due_on": DUE, "approve_by": APPROVE_BY}),
        (
            (expected(), submitted()),
            {"state": "submitted", "revision": 1, "characters": 5, "length": "fits", "late": False},
        ),
        ((expected(), submitted(), returned()), {"state": "returned", "returned_on": date(2021, 6, 7)}),
        (
            (expected(), submitted(), approved(on=APPROVE_BY)),
            {"state": "approved", "approved_on": APPROVE_BY, "approved_late": False},
        ),
        (
            (expected(), submitted(), approved(), voided(), submitted(2)),
            {"state": "submitted", "revision": 2, "approved_on": None, "approved_late": None},
        ),
    ],
)
def test_a_draft_shows_how_far_it_is(past: tuple[draft.Event, ...], changed: dict[str, Any]) -> None:
    shown = row(DRAFTS, *past)
    assert {name: shown[name] for name in changed} == changed


def test_a_draft_that_came_late_stays_late() -> None:
    assert row(DRAFTS, expected(), submitted(late=True), returned(), submitted(2))["late"] is True


# Proceedings


def test_observers_alone_make_no_session() -> None:
    assert rows(PROCEEDINGS, named()) == []
    [observer] = row(PROCEEDINGS, named(), opened())["observers"]
    assert (observer["unit"], observer["attended"]) == ("shilizhen", None)


@pytest.mark.parametrize(
    ("past", "state"),
    [
        ((opened(),), "rostered"),
        ((opened(), agenda()), "agenda_confirmed"),
        ((opened(), agenda(), AgendaReopened(FreeText("更正。"), DAY_BEFORE)), "rostered"),
        (running(), "running"),
        (held(), "held"),
        (drafted(), "drafted"),
        (checked(), "checked"),
        ((*checked(), supplemented("langxia")), "checked"),
        ((*checked(), commented("c4", "langxia")), "drafted"),
        (signed(), "signed"),
        (numbered(), "numbered"),
        ((*numbered(), sent()), "sent"),
    ],
)
def test_the_state_follows_the_situation(past: tuple[session.Event, ...], state: str) -> None:
    assert row(PROCEEDINGS, *past)["state"] == state


def test_what_was_heard_is_shown() -> None:
    absent = AttendanceRecorded("shilizhen", "示例镇", "列席人甲", False, "外出培训", HELD)
    shown = row(
        PROCEEDINGS, *running(), spoke(LANGXIA, 505), not_held("langxia", "supplement"), absent, closed()
    )
    assert shown["bulletin"] == "not_applicable"
    [speech] = shown["speeches"]
    assert (speech["unit"], speech["spoken_seconds"], speech["overrun_seconds"]) == ("langxia", 505, 25)
    [mark] = shown["not_held"]
    assert (mark["unit"], mark["what"]) == ("langxia", "supplement")
    [observer] = shown["observers"]
    assert (observer["attended"], observer["reason"]) == (False, "外出培训")
    assert shown["closed_on"] == HELD


def test_what_is_supplied_takes_the_mark_away() -> None:
    past = (*running(), not_held("langxia", "supplement"), supplemented("langxia"))
    shown = row(PROCEEDINGS, *past, supplemented("langxia"))
    assert (shown["not_held"], len(shown["supplements"])) == ([], 1)


def test_the_way_of_the_minutes_is_shown() -> None:
    shown = row(PROCEEDINGS, *signed(), MinutesNumbered(NUMBER, SENT), sent())
    assert shown["agenda"] == list(ORDER)
    assert [words["confirmed_on"] for words in shown["words"]] == ["2021-07-02"] * 3
    assert (shown["signed_by"], shown["signed_on"], shown["sent_on"]) == ("书记甲", SIGNED, SENT)
    assert shown["document_number"] == NUMBER
    assert shown["due_on"] == {"jiaotongwei": "2021-10-08", "langxia": "2021-10-08"}


# Comments


def test_a_comment_says_whom_it_asks_what() -> None:
    praise, asking = rows(
        COMMENTS, *running(), spoke(LANGXIA), commented("c1", "langxia"), commented("c2", "langxia", FOR_ALL)
    )
    assert (praise["praise_only"], praise["requirements"]) == (True, [])
    assert (asking["praise_only"], asking["session"], asking["by"]) == (False, "2021-1", "领导甲")
    assert asking["requirements"] == [
        {
            "requirement": "r2",
            "task_line": "健全合法性审查",
            "focus_area": None,
            "units": ["jiaotongwei", "langxia"],
        }
    ]


def test_a_comment_is_a_working_note_until_the_minutes_are_signed() -> None:
    first, second, _ = rows(COMMENTS, *checked(), confirmed_words("c1"))
    assert (first["confirmed"], first["confirmed_on"], first["issued_on"]) == (True, date(2021, 7, 2), None)
    assert (second["confirmed"], second["issued_on"]) == (False, None)
    assert {one["issued_on"] for one in rows(COMMENTS, *signed())} == {SIGNED}
