"""What the forms of a session say as commands, and what public facts tell of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.portal.domain.session import (
    called,
    comment,
    correction,
    lines_shown,
    speech,
    supplement,
    told,
    unclear,
    units_chosen,
)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ({"minutes": "8", "seconds": "12"}, 492),
        ({"minutes": "8"}, 480),
        ({"seconds": "0"}, 0),
        ({"minutes": "acht", "seconds": "1"}, "acht:1"),
        ({"minutes": "-8"}, "-8:0"),
    ],
)
def test_minutes_and_seconds_are_seconds_and_what_is_no_number_is_left_to_the_owner(
    typed: dict[str, str], seconds: int | str
) -> None:
    assert speech({"unit": "a", **typed}) == {"unit": "a", "spoken_seconds": seconds}


def test_a_time_that_was_not_typed_is_not_made_up() -> None:
    assert speech({"unit": "a"}) == {"unit": "a"}


def test_an_empty_text_is_said_to_be_empty() -> None:
    assert supplement({"unit": "a"}) == {"unit": "a", "text": ""}
    assert supplement({"unit": "a", "text": "一"})["text"] == "一"


def test_each_line_of_a_comment_has_an_id_of_its_own_and_what_it_has_stays() -> None:
    body = comment(
        {
            "comment": "a-1",
            "asks": "items",
            "lines": "4",
            "requirements": [
                {"requirement": "r2", "task_line": "二"},
                {"task_line": "一", "units": ["a", "b"]},
                {"requirement": "r9"},
                {"focus_area": "乡村振兴"},
            ],
        }
    )
    assert body == {
        "comment": "a-1",
        "text": "",
        "requirements": [
            {"requirement": "r2", "task_line": "二"},
            {"requirement": "r1", "task_line": "一", "units": ["a", "b"]},
            {"requirement": "r3", "task_line": "", "focus_area": "乡村振兴"},
        ],
    }


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"asks": "nothing"}, None),
        ({"asks": "nothing", "requirements": [{"requirement": "r1"}]}, None),
        ({"asks": "nothing", "requirements": [{"task_line": "一"}]}, "portal.praise-with-items"),
        ({"asks": "items", "requirements": [{"task_line": "一"}]}, None),
        ({"asks": "items"}, "portal.nothing-asked-yet"),
        ({}, "portal.nothing-asked-yet"),
    ],
)
def test_praise_alone_is_said_and_never_guessed(form: dict[str, Any], code: str | None) -> None:
    wrong = unclear(form)
    assert (wrong.code if wrong else None) == code


def test_only_lines_that_were_written_anew_are_corrected() -> None:
    form = {"reason": "漏字。", "corrections": [{"item": "a-1"}, {"item": "a-2", "task_line": "二"}]}
    assert correction(form) == {"reason": "漏字。", "corrections": [{"item": "a-2", "task_line": "二"}]}


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({}, 2),
        ({"lines": "4"}, 4),
        ({"requirements[6][task_line]": "一", "lines": "3"}, 7),
        ({"requirements[6][task_line]": ""}, 2),
        ({"requirements[999999][task_line]": "一"}, 50),
        ({"lines": "999999"}, 50),
        ({"lines": "x", "requirements[x][task_line]": "一"}, 2),
    ],
)
def test_a_comments_form_has_room_for_what_was_typed(values: dict[str, str], lines: int) -> None:
    assert lines_shown(values) == lines


def test_units_are_found_wherever_they_stood_in_the_list() -> None:
    values = {
        "requirements[0][units][3]": "a",
        "requirements[0][units][9]": "b",
        "requirements[1][units][0]": "c",
    }
    assert (units_chosen(values, 0), units_chosen(values, 1), units_chosen(values, 2)) == (
        ["a", "b"],
        ["c"],
        [],
    )


def test_a_unit_is_named_once() -> None:
    assert called({"unit_name": "区委", "title": "区委书记", "person": "甲"}) == "区委书记甲"
    assert called({"unit_name": "廊下镇", "title": "党委书记", "person": "乙"}) == "廊下镇党委书记乙"


def reporter(unit: str) -> dict[str, Any]:
    return {"unit": unit, "unit_name": unit.upper(), "title": "主任", "person": "甲"}


SCHEDULED = (
    "SessionScheduled",
    {
        "session": "2022-1",
        "plan_year": 2022,
        "number": 1,
        "held_on": date(2022, 7, 1).isoformat(),
        "reporters": [reporter("a"), reporter("b")],
    },
)


def test_a_session_that_is_only_observed_so_far_is_not_shown() -> None:
    named = ("ObserverNamed", {"session": "2022-1", "observer": reporter("c")})
    assert told([named]) == {}
    assert list(told([named, SCHEDULED])["2022-1"]["observers"]) == ["c"]


def test_public_facts_tell_of_a_session_as_it_went() -> None:
    [one] = told(
        [
            SCHEDULED,
            ("ObserverNamed", {"session": "2022-1", "observer": reporter("c")}),
            ("ObserverNamed", {"session": "2022-1", "observer": reporter("d")}),
            ("SessionRescheduled", {"session": "2022-1", "held_on": "2022-07-08"}),
            ("ReporterSubstituted", {"session": "2022-1", "unit_out": "b", "reporter": reporter("d")}),
            ("ReportDelivered", {"session": "2022-1", "unit": "a", "spoken_seconds": 492}),
            ("ObserverAttended", {"session": "2022-1", "unit": "c", "attended": False, "reason": "请假"}),
            ("GuestAttended", {"session": "2022-1", "guest": "g", "organisation": "甲办", "spoke": False}),
            ("GuestAttended", {"session": "2022-1", "guest": "g", "organisation": "甲办", "spoke": True}),
            ("SessionHeld", {"session": "2022-1", "bulletin": "told"}),
        ]
    ).values()
    assert (one["state"], one["held_on"], one["bulletin"]) == ("convened", "2022-07-08", "told")
    assert [unit["unit"] for unit in one["roster"]] == ["a", "d"]
    assert [(unit["unit"], unit["attended"], unit["title"]) for unit in one["observers"].values()] == [
        ("c", False, "主任")
    ]
    assert one["speeches"]["a"]["spoken_seconds"] == 492
    assert [guest["spoke"] for guest in one["guests"].values()] == [True]


def test_a_session_that_was_called_off_says_why() -> None:
    one = told([SCHEDULED, ("SessionCancelled", {"session": "2022-1", "reason": "防汛"})])["2022-1"]
    assert (one["state"], one["reason"]) == ("cancelled", "防汛")
