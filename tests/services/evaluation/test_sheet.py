"""The rules of an annual sheet: what each fact makes of its lines, and what is published."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.domain.lines import Facts, Line, LineState, complete
from services.evaluation.domain.sheet import (
    Command,
    DutyNoted,
    Event,
    Noted,
    NoteDuty,
    NoteReport,
    NoteRoster,
    NoteStep,
    NoteVerified,
    NotOpened,
    Open,
    Published,
    PublishEvaluation,
    SheetOpened,
    SheetPublished,
    Step,
    evolve,
    initial,
)
from tests.services.evaluation.telling import (
    CASE,
    DEPARTMENT,
    DUE,
    FED_BACK,
    FELL_DUE,
    REPORTED,
    ROSTERED,
    TODAY,
    VERIFIED,
    cited,
    fell_due,
    opened,
    reported,
    rostered,
    sheet_of_2021,
    stepped,
    verified,
)

NOT_ROSTERED = Line("report", "not_applicable", None, ())
NO_DUTY = Line("rectification", "not_applicable", None, ())
UNKNOWN = Facts("wairen")


def report(state: LineState, *citations: str) -> Line:
    return Line("report", state, "2021-1", citations)


def published(*lines: Line) -> SheetPublished:
    return SheetPublished("廊下镇", 50, lines, on=TODAY)


# ---- noting facts ----


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (NoteRoster("2021-1", ROSTERED), rostered()),
        (NoteReport("2021-1", REPORTED), reported()),
        (NoteDuty(CASE, DUE, FELL_DUE), fell_due()),
    ],
)
def test_a_sheet_opens_with_the_first_thing_known_of_it(command: Command, event: Event) -> None:
    sheet_of_2021().when(command).then(opened(), event)
    sheet_of_2021().given(opened()).when(command).then(event)


def test_a_sheet_opens_also_before_the_registry_was_heard() -> None:
    sheet_of_2021(UNKNOWN).when(NoteReport("2021-1", REPORTED)).then(
        SheetOpened(None, None, on=TODAY), reported()
    )


@pytest.mark.parametrize("step", get_args(Step))
def test_every_step_of_a_case_is_kept_on_its_line(step: Step) -> None:
    noted = sheet_of_2021().given(opened(), fell_due())
    noted.when(NoteStep(CASE, step, FED_BACK)).then(stepped(step))
    assert noted.given(stepped(step)).state == Open(
        (Line("rectification", "open", CASE, (FELL_DUE, FED_BACK)),)
    )


@pytest.mark.parametrize(
    "command", [NoteStep(CASE, "fed_back", FED_BACK), NoteVerified(CASE, True, VERIFIED)]
)
def test_a_case_that_never_fell_due_on_the_sheet_has_no_events_on_it(command: Command) -> None:
    sheet_of_2021().when(command).then_refused("evaluation.case-unknown", case=CASE)
    other = fell_due("2021-1-other")
    sheet_of_2021().given(opened(), other).when(command).then_refused("evaluation.case-unknown", case=CASE)


@pytest.mark.parametrize(
    "command",
    [
        NoteRoster("2021-1", ROSTERED),
        NoteReport("2021-1", REPORTED),
        NoteDuty(CASE, DUE, FELL_DUE),
        NoteStep(CASE, "fed_back", FED_BACK),
        NoteVerified(CASE, True, VERIFIED),
    ],
)
def test_the_same_ledger_event_counts_once(command: Command) -> None:
    noted = sheet_of_2021().given(opened(), rostered(), reported(), fell_due(), stepped(), verified())
    noted.when(command).then_nothing()


# ---- what the facts make of the lines ----


def test_a_rostered_units_report_is_open_until_it_is_given() -> None:
    assert sheet_of_2021().given(opened(), rostered()).state == Open((report("open", ROSTERED),))
    done = Open((report("done", ROSTERED, REPORTED),))
    assert sheet_of_2021().given(opened(), rostered(), reported()).state == done


def test_a_report_heard_of_before_its_roster_stays_done() -> None:
    done = Open((report("done", REPORTED, ROSTERED),))
    assert sheet_of_2021().given(opened(), reported(), rostered()).state == done


@pytest.mark.parametrize(("on_time", "state"), [(True, "done"), (False, "late")])
def test_a_rectification_is_open_until_it_is_verified_on_time_or_late(on_time: bool, state: str) -> None:
    due = sheet_of_2021().given(opened(), fell_due())
    due.when(NoteVerified(CASE, on_time, VERIFIED)).then(verified(on_time))
    after = due.given(stepped("overdue"), verified(on_time)).state
    assert isinstance(after, Open)
    assert [(line.state, line.citations) for line in after.lines] == [(state, (FELL_DUE, FED_BACK, VERIFIED))]


def test_an_overdue_case_is_still_open() -> None:
    overdue = sheet_of_2021().given(opened(), fell_due(), stepped("overdue")).state
    assert isinstance(overdue, Open)
    assert [line.state for line in overdue.lines] == ["open"]


def test_each_case_has_a_line_of_its_own() -> None:
    second = DutyNoted("2021-2-langxia", date(2021, 12, 30), cited("rectification", 40), on=TODAY)
    noted = sheet_of_2021().given(opened(), fell_due(), second, verified(on_time=False)).state
    assert isinstance(noted, Open)
    assert [(line.subject, line.state) for line in noted.lines] == [
        (CASE, "late"),
        ("2021-2-langxia", "open"),
    ]


# ---- publishing ----


def test_a_sheet_is_published_with_its_lines_and_their_events() -> None:
    rectification = Line("rectification", "done", CASE, (FELL_DUE, FED_BACK, VERIFIED))
    story = sheet_of_2021().given(opened(), fell_due(), rostered(), reported(), stepped(), verified())
    story.by(DEPARTMENT).when(PublishEvaluation()).then(
        published(report("done", ROSTERED, REPORTED), rectification)
    )


def test_a_registered_unit_of_which_nothing_is_known_has_a_sheet_that_says_not_applicable() -> None:
    sheet_of_2021().when(PublishEvaluation()).then(opened(), published(NOT_ROSTERED, NO_DUTY))


def test_praise_only_leaves_the_rectification_not_applicable() -> None:
    sheet_of_2021().given(opened(), reported()).when(PublishEvaluation()).then(
        published(report("done", REPORTED), NO_DUTY)
    )


def test_a_sheet_with_an_open_line_says_so() -> None:
    open_case = Line("rectification", "open", CASE, (FELL_DUE,))
    sheet_of_2021().given(opened(), fell_due()).when(PublishEvaluation()).then(
        published(NOT_ROSTERED, open_case)
    )


def test_a_sheet_of_a_unit_outside_the_registry_is_not_published() -> None:
    sheet_of_2021(UNKNOWN).when(PublishEvaluation()).then_refused("evaluation.unit-unknown", unit="wairen")


def test_the_same_sheet_again_is_nothing_new() -> None:
    told = published(report("done", REPORTED), NO_DUTY)
    sheet_of_2021().given(opened(), reported(), told).when(PublishEvaluation()).then_nothing()


def test_what_is_noted_after_it_was_published_is_published_again_and_replaces_it() -> None:
    before = published(NOT_ROSTERED, Line("rectification", "open", CASE, (FELL_DUE,)))
    story = sheet_of_2021().given(opened(), fell_due(), before, verified())
    done = Line("rectification", "done", CASE, (FELL_DUE, VERIFIED))
    assert story.state == Published((done,), before.lines)
    story.when(PublishEvaluation()).then(published(NOT_ROSTERED, done))


# ---- properties ----

NOTED: list[Noted] = [
    rostered(cited("scheduling", 1)),
    reported(cited("review", 2)),
    fell_due(citation=cited("rectification", 3)),
    fell_due("2021-2-langxia", cited("rectification", 4)),
    stepped("returned", cited("rectification", 5)),
    stepped("overdue", cited("rectification", 6)),
    verified(True, cited("rectification", 7)),
    verified(False, cited("rectification", 8)),
]
FACTS_HEARD = st.lists(st.sampled_from(NOTED), unique_by=lambda event: event.citation)


@given(heard=FACTS_HEARD)
def test_every_ledger_event_is_on_exactly_one_line_in_whatever_order_it_was_heard(heard: list[Noted]) -> None:
    sheet = evolve(initial, opened())
    for event in heard:
        sheet = evolve(sheet, event)
    assert isinstance(sheet, Open)
    citations = [citation for line in sheet.lines for citation in line.citations]
    assert sorted(citations) == sorted(event.citation for event in heard)


@given(heard=FACTS_HEARD)
def test_a_published_sheet_has_a_line_of_each_kind_and_only_lines_without_events_are_not_applicable(
    heard: list[Noted],
) -> None:
    sheet = evolve(initial, opened())
    for event in heard:
        sheet = evolve(sheet, event)
    assert isinstance(sheet, Open)
    lines = complete(sheet.lines)
    assert {line.kind for line in lines} == {"report", "rectification"}
    assert all((line.state == "not_applicable") == (not line.citations) for line in lines)
    assert [line for line in lines if line.citations] == sorted(
        sheet.lines, key=lambda line: line.kind == "rectification"
    )


def test_every_event_leads_somewhere() -> None:
    story: tuple[Event, ...] = (
        opened(),
        rostered(),
        reported(),
        fell_due(),
        stepped(),
        verified(),
        published(NOT_ROSTERED, NO_DUTY),
    )
    assert {type(event) for event in story} == set(get_args(Event))
    assert not isinstance(sheet_of_2021().given(*story).state, NotOpened)
