"""The drafts, the proceedings and the comments, row by row."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.review.domain import draft, session
from services.review.domain.changes import (
    ReporterChanged,
    ReporterSubstituted,
    SessionCancelled,
    SessionRescheduled,
)
from services.review.domain.excerpts import Correction, corrected
from services.review.domain.minutes import MinutesCorrected, MinutesNumbered, RequirementsChecked
from services.review.domain.proceedings import AttendanceRecorded, GuestRecorded
from services.review.domain.session import AgendaReopened
from services.review.domain.unit import Head, HeadNoted, NameNoted, UnitNoted
from services.review.views.comments import COMMENTS
from services.review.views.drafts import DRAFTS
from services.review.views.proceedings import PROCEEDINGS, present
from services.review.views.registered_units import REGISTERED_UNITS
from shared.calendar.china import published
from shared.decider import FreeText
from shared.eventstore import Recorded, View
from shared.tenancy import Policy
from tests.services.review.telling import (
    APPROVE_BY,
    CHAIR,
    DAY_BEFORE,
    DUE,
    FOR_ALL,
    HELD,
    JIAOTONGWEI,
    LANGXIA,
    LIAISON,
    NUMBER,
    ORDER,
    SENT,
    SIFAJU,
    SIGNED,
    agenda,
    approved,
    bulletin,
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
    received,
    returned,
    running,
    sent,
    signed,
    spoke,
    submitted,
    supplemented,
    voided,
)

SAID = "scheduling:shanghai.jinshan#7"


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


MOVED = draft.DraftMoved(HELD, SENT, date(2021, 6, 16), date(2021, 6, 30), DUE)
HANDED_OVER = draft.DraftHandedOver("主任", "述法人甲", "继任甲", DUE, 1, DUE)


def test_a_draft_shows_the_dates_that_hold() -> None:
    shown = row(DRAFTS, expected(), MOVED)
    assert (shown["held_on"], shown["due_on"], shown["approve_by"]) == (
        SENT,
        date(2021, 6, 16),
        date(2021, 6, 30),
    )


def test_a_draft_handed_over_shows_the_new_head_and_nothing_of_the_old_text() -> None:
    shown = row(DRAFTS, expected(), submitted(), approved(), HANDED_OVER)
    assert (shown["state"], shown["person"], shown["revision"]) == ("expected", "继任甲", 1)
    assert (shown["text_ref"], shown["submitted_on"], shown["approved_on"]) == (None, None, None)


def test_a_draft_that_is_no_longer_asked_for_is_shown_as_withdrawn() -> None:
    withdrawn = (expected(), submitted(late=True), draft.DraftWithdrawn("substituted", DUE))
    assert row(DRAFTS, *withdrawn)["state"] == "withdrawn"
    again = row(DRAFTS, *withdrawn, expected())
    assert (again["state"], again["revision"], again["late"]) == ("expected", 1, True)


# Registered units


def test_every_revision_stands_in_the_row_with_where_its_texts_lie() -> None:
    first, remarks, second = submitted(), returned(), submitted(2)
    shown = row(DRAFTS, expected(), first, remarks, second, approved(2), HANDED_OVER)["revisions"]
    assert [(one["revision"], one["text_ref"], one["remarks_ref"]) for one in shown] == [
        (1, first.text.ref, remarks.remarks.ref),
        (2, second.text.ref, None),
    ]
    assert [(one["returned_on"], one["approved_on"]) for one in shown] == [
        ("2021-06-07", None),
        (None, "2021-06-15"),
    ]


@pytest.mark.parametrize(("houses", "office"), [((), "law_office"), (("law_office",), "supervision_office")])
def test_a_draft_says_which_office_reviews_it(houses: tuple[str, ...], office: str) -> None:
    [row] = rows(DRAFTS, replace(expected(), houses_offices=houses))
    assert DRAFTS.present is not None
    assert DRAFTS.present(row, HELD, Policy(), published())["reviewed_by"] == office


def test_a_unit_is_shown_as_it_is_now() -> None:
    head = {"post": "head", "title": "局长", "person": "局长乙"}
    noted = UnitNoted(
        "司法局", "government", 30, ("law_office",), (Head("head", "局长", "局长甲"),), SAID, HELD
    )
    past = (
        noted,
        NameNoted("区司法局", HELD, SAID, HELD),
        HeadNoted("head", "局长", "局长甲", "局长乙", HELD, SAID, HELD),
    )
    recorded = [
        Recorded(event, "shanghai.jinshan", "unit-sifaju", version, HELD, LIAISON)
        for version, event in enumerate(past, start=1)
    ]
    assert REGISTERED_UNITS.rows(recorded) == [
        {
            "unit": "sifaju",
            "name": "区司法局",
            "category": "government",
            "official_order": 30,
            "houses_offices": ["law_office"],
            "heads": [head],
            "handovers": [{"post": "head", "from_person": "局长甲", "effective_on": "2021-06-24"}],
        }
    ]
    assert REGISTERED_UNITS.rows([]) == []


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


def test_the_chairs_decision_is_shown_with_what_it_passed_over() -> None:
    by_decision = replace(agenda(), decision=CHAIR, passed_over=("langxia",))
    shown = row(PROCEEDINGS, opened(), by_decision)
    decided = {"by": "书记甲", "title": "区委书记", "reason": "会期已定，不再等待。"}
    assert (shown["passed_over"], shown["decisions"]) == (["langxia"], {"agenda": decided})
    told = row(PROCEEDINGS, opened(), by_decision, replace(bulletin(told=True), decision=CHAIR))
    assert told["decisions"] == {"agenda": decided, "bulletin": decided}
    reopened = row(PROCEEDINGS, opened(), by_decision, AgendaReopened(FreeText("更正。"), DAY_BEFORE))
    assert (reopened["passed_over"], reopened["decisions"]) == ([], {})


def test_what_changed_since_it_was_scheduled_is_shown() -> None:
    shown = row(
        PROCEEDINGS,
        opened(),
        named(),
        agenda(),
        SessionRescheduled(HELD, SENT, "防汛。", DUE),
        ReporterSubstituted("langxia", SIFAJU, "书记外出。", DUE),
        ReporterChanged("jiaotongwei", "head", "主任", "述法人甲", "继任甲", DUE, DUE),
    )
    assert [change["what"] for change in shown["changes"]] == ["rescheduled", "substituted", "handed_over"]
    assert (shown["state"], shown["agenda"], shown["held_on"]) == ("rostered", [], SENT)
    assert [(one["unit"], one["person"]) for one in shown["roster"]] == [
        ("jiaotongwei", "继任甲"),
        ("gongshanglian", "述法人乙"),
        ("sifaju", "述法人丁"),
    ]
    json.dumps(shown["roster"])
    cancelled = row(PROCEEDINGS, opened(), SessionCancelled("2021-1", "防汛。", DUE))
    assert (cancelled["state"], cancelled["changes"]) == (
        "cancelled",
        [{"what": "cancelled", "reason": "防汛。", "on": "2021-06-02"}],
    )


def test_in_the_room_who_steps_in_keeps_the_agenda() -> None:
    observer = replace(SIFAJU, unit="shilizhen")
    shown = row(PROCEEDINGS, *running(), ReporterSubstituted("langxia", observer, "书记外出。", HELD))
    assert (shown["state"], shown["agenda"]) == ("running", [*ORDER[:2], "shilizhen"])
    assert shown["observers"] == []


def test_guests_and_the_bulletin_that_is_to_be_told_are_shown() -> None:
    city = GuestRecorded("g1", "市委依法治市办", "higher_office", False, HELD)
    shown = row(PROCEEDINGS, opened(), received(), agenda(), city, replace(city, spoke=True))
    assert shown["bulletin_issued"] == "bulletin-2021-1"
    assert shown["guests"] == [
        {"guest": "g1", "organisation": "市委依法治市办", "kind": "higher_office", "spoke": True}
    ]


def test_who_has_still_to_check_is_shown() -> None:
    half = (*drafted(), RequirementsChecked(SIGNED, "law_office", ("supervision_office",)))
    shown = row(PROCEEDINGS, *half)
    assert (shown["state"], shown["checked_by"], shown["checked_on"]) == ("drafted", ["law_office"], None)
    assert row(PROCEEDINGS, *half, commented("c4", "langxia"))["checked_by"] == []
    done = row(PROCEEDINGS, *half, RequirementsChecked(SIGNED, "supervision_office"))
    assert (done["state"], done["checked_by"], done["checked_on"]) == ("checked", [], SIGNED)


def test_each_correction_is_shown_with_the_line_before() -> None:
    lines = ("健全审查制度", "健全重大决策合法性审查")
    corrections = [Correction("langxia-1", line) for line in lines]
    events = [
        MinutesCorrected(NUMBER, (one,), "有误。", SENT, corrected(sent().excerpts, (one,)))
        for one in corrections
    ]
    shown = row(PROCEEDINGS, *numbered(), sent(), *events)
    assert [(one["task_line_before"], one["task_line"]) for one in shown["corrections"]] == [
        ("健全合法性审查", "健全审查制度"),
        ("健全审查制度", "健全重大决策合法性审查"),
    ]
    json.dumps(shown["corrections"])


def test_a_classified_session_shows_that_it_is() -> None:
    said = (agenda(classified=True), bulletin(), supplemented("langxia", text=None))
    shown = row(PROCEEDINGS, opened(), *said)
    assert (shown["classified"], shown["supplements"]) == (
        True,
        [{"unit": "langxia", "text_ref": None}],
    )
    [note] = rows(COMMENTS, opened(), *said, replace(commented("c1", "langxia"), text=None))
    assert note["text_ref"] is None


def test_the_bells_are_shown_while_the_session_is_to_come() -> None:
    def bells(*past: session.Event, policy: Policy = Policy()) -> list[int]:
        [shown] = [present(one, HELD, policy, published()) for one in rows(PROCEEDINGS, *past)]
        found: list[int] = shown["bells"]
        return found

    assert (bells(opened()), bells(*running()), bells(*held())) == ([420, 480], [420, 480], [])
    assert bells(opened(), policy=Policy(bell_seconds=400, second_bell_seconds=450)) == [400, 450]
    # a tier above that grants more time again leaves a stricter time below: no bell rings after that
    assert bells(opened(), policy=Policy(speech_seconds=360)) == [360]


def test_what_the_minutes_wait_for_is_shown_until_they_are_signed() -> None:
    def missing(*past: session.Event, policy: Policy = Policy()) -> list[str]:
        [shown] = [present(one, HELD, policy, published()) for one in rows(PROCEEDINGS, *past)]
        return [f"{one['what']}:{one['unit']}" for one in shown["missing"]]

    before = (opened(), agenda())
    first, *others = ORDER
    of_others = [f"{what}:{unit}" for unit in others for what in ("speech", "supplement", "comment")]
    said = (*before, spoke(JIAOTONGWEI), not_held(first, "supplement"))
    assert missing(opened()) == []
    assert missing(*said) == [f"comment:{first}", *of_others]
    assert missing(*said, commented("c1", first)) == of_others
    assert missing(*before, not_held(first, "speech")) == of_others
    without = Policy(supplement_expected=False, comment_expected=False)
    assert missing(*before, policy=without) == [f"speech:{unit}" for unit in ORDER]
    assert missing(*signed()) == []


@pytest.mark.parametrize(
    ("past", "aimed_at"),
    [((expected(),), 1440), ((expected(), submitted()), 1440), ((expected(), submitted(), approved()), None)],
)
def test_a_draft_to_write_says_how_many_syllables_it_aims_at(
    past: tuple[Any, ...], aimed_at: int | None
) -> None:
    [row] = rows(DRAFTS, *past)
    assert DRAFTS.present is not None
    shown = DRAFTS.present(row, HELD, Policy(), published())
    assert shown["syllables_aimed_at"] == aimed_at
    slower = DRAFTS.present(row, HELD, Policy(syllables_a_minute_aimed_at=150), published())
    assert slower["syllables_aimed_at"] == (aimed_at and 1200)


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
