"""The rules of an annual sheet: what each fact makes of its lines, and what is published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.domain.lines import Cited, Facts, Handover, Line, LineState
from services.evaluation.domain.notes import (
    NoteCorrection,
    Noted,
    NoteHandover,
    NoteReport,
    NoteRoster,
    NoteStep,
    NoteVerified,
    NoteWithdrawal,
    Step,
)
from services.evaluation.domain.sheet import (
    Command,
    Event,
    NotOpened,
    Open,
    Published,
    PublishEvaluation,
    SheetOpened,
    SheetPublished,
    evolve,
    initial,
)
from services.evaluation.domain.told import complete
from services.evaluation.domain.unit import Name
from shared.tenancy import Policy, out_of_bounds
from tests.services.evaluation.telling import (
    CASE,
    CORRECTED,
    DEPARTMENT,
    FACTS,
    FED_BACK,
    FIRST,
    HANDED_OVER,
    HANDED_OVER_ON,
    HAS_REPORTED,
    HELD_ON,
    IS_DUE,
    ON_ROSTER,
    REPORTED,
    ROSTERED,
    SECOND,
    TAKEN_OFF,
    TODAY,
    VERIFIED,
    WAS_CORRECTED,
    WAS_FED_BACK,
    WAS_VERIFIED,
    WITHDRAWN,
    cited,
    corrected,
    due,
    fell_due,
    handed_over,
    opened,
    reported,
    rostered,
    sheet_of_2021,
    stepped,
    verified,
    withdrawn,
)

NOT_ROSTERED = Line("report", "not_applicable", None)
NO_DUTY = Line("rectification", "not_applicable", None)
UNKNOWN = Facts("wairen", year=2021)

ON_THE_ROSTER = NoteRoster("2021-1", "secretary", FIRST, ROSTERED)
HAS_SPOKEN = NoteReport("2021-1", "secretary", FIRST, HELD_ON, REPORTED)
HAS_FED_BACK = NoteStep(CASE, "fed_back", date(2021, 9, 28), FED_BACK)
IS_VERIFIED = NoteVerified(CASE, True, TODAY, VERIFIED)
IS_CORRECTED = NoteCorrection(CASE, True, TODAY, CORRECTED)
WENT_TO_ANOTHER = NoteHandover("secretary", "书记", FIRST, SECOND, HANDED_OVER_ON, HANDED_OVER)


def report(state: LineState, *facts: Cited, lead: bool = False) -> Line:
    return Line("report", state, "2021-1", "secretary", FIRST, lead=lead, cited=facts)


def case(state: LineState, *facts: Cited, subject: str = CASE, corrected: bool = False) -> Line:
    return Line("rectification", state, subject, "secretary", FIRST, corrected=corrected, cited=facts)


def firsts(*facts: Cited) -> tuple[Cited, ...]:
    """The facts as they are told where the first secretary held the post throughout."""
    return tuple(replace(one, person=FIRST) for one in facts)


def published(*lines: Line, handovers: tuple[Handover, ...] = ()) -> SheetPublished:
    return SheetPublished("廊下镇", 50, lines, handovers, on=TODAY)


def lines_after(*events: Event) -> tuple[Line, ...]:
    state = sheet_of_2021().given(opened(), *events).state
    assert isinstance(state, Open)
    return state.lines


# ---- noting facts ----


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (ON_THE_ROSTER, rostered()),
        (HAS_SPOKEN, reported()),
        (due(), fell_due()),
        (WENT_TO_ANOTHER, handed_over()),
    ],
)
def test_a_sheet_opens_with_the_first_thing_known_of_it(command: Command, event: Event) -> None:
    sheet_of_2021().when(command).then(opened(), event)
    sheet_of_2021().given(opened()).when(command).then(event)


def test_a_sheet_opens_also_before_the_registry_was_heard() -> None:
    sheet_of_2021(UNKNOWN).when(HAS_SPOKEN).then(SheetOpened(None, None, on=TODAY), reported())


@pytest.mark.parametrize("step", get_args(Step))
def test_every_step_of_a_case_is_kept_on_its_line(step: Step) -> None:
    noted = sheet_of_2021().given(opened(), fell_due())
    noted.when(NoteStep(CASE, step, date(2021, 9, 28), FED_BACK)).then(stepped(step))
    assert noted.given(stepped(step)).state == Open((case("open", IS_DUE, replace(WAS_FED_BACK, what=step)),))


@pytest.mark.parametrize("command", [HAS_FED_BACK, IS_VERIFIED, IS_CORRECTED])
def test_a_case_that_never_fell_due_on_the_sheet_has_no_events_on_it(command: Command) -> None:
    sheet_of_2021().when(command).then_refused("evaluation.case-unknown", case=CASE)
    other = fell_due("2021-1-other")
    sheet_of_2021().given(opened(), other).when(command).then_refused("evaluation.case-unknown", case=CASE)


@pytest.mark.parametrize(
    "command",
    [
        ON_THE_ROSTER,
        HAS_SPOKEN,
        NoteWithdrawal("2021-1", "substituted", WITHDRAWN),
        due(),
        HAS_FED_BACK,
        IS_VERIFIED,
        IS_CORRECTED,
        WENT_TO_ANOTHER,
    ],
)
def test_the_same_ledger_event_counts_once(command: Command) -> None:
    story = (
        rostered(),
        withdrawn(),
        reported(),
        fell_due(),
        stepped(),
        verified(),
        corrected(),
        handed_over(),
    )
    sheet_of_2021().given(opened(), *story).when(command).then_nothing()


# ---- the year in which a rectification counts ----


def test_a_rectification_counts_in_the_year_it_was_due() -> None:
    sheet_of_2021().when(due(due_on=date(2021, 12, 31))).then(opened(), fell_due(due_on=date(2021, 12, 31)))
    sheet_of_2021().when(due(due_on=date(2022, 1, 4))).then_refused(
        "evaluation.counts-in-another-year", year=2022, due_on="2022-01-04"
    )


def test_what_is_due_after_the_cutoff_counts_in_the_year_after() -> None:
    early = sheet_of_2021().under(Policy(evaluation_cutoff="11-30"))
    early.when(due(due_on=date(2021, 11, 30))).then(opened(), fell_due(due_on=date(2021, 11, 30)))
    early.when(due(due_on=date(2021, 12, 1))).then_refused("evaluation.counts-in-another-year", year=2022)
    early.when(due(due_on=date(2020, 12, 1))).then(opened(), fell_due(due_on=date(2020, 12, 1)))


@pytest.mark.parametrize("cutoff", ["12-31", "06-30", "02-29"])
def test_a_cutoff_is_a_month_and_a_day(cutoff: str) -> None:
    assert out_of_bounds({"evaluation_cutoff": cutoff}) == []


@pytest.mark.parametrize("cutoff", ["31-12", "2021-12-31", "12-32", "00-10", "6-30", "year's end", ""])
def test_no_other_cutoff_is_adopted(cutoff: str) -> None:
    assert out_of_bounds({"evaluation_cutoff": cutoff}) == ["evaluation_cutoff"]


def test_a_case_that_is_told_of_again_stays_where_it_first_fell_due() -> None:
    again = replace(due(due_on=date(2022, 1, 10)), citation=cited("rectification", 30))
    noted = fell_due(due_on=date(2022, 1, 10), citation=cited("rectification", 30))
    sheet_of_2021().given(opened(), fell_due()).when(again).then(noted)


# ---- what the facts make of the lines ----


def test_a_rostered_units_report_is_open_until_it_is_given() -> None:
    assert lines_after(rostered()) == (report("open", ON_ROSTER),)
    assert lines_after(rostered(), reported()) == (report("done", ON_ROSTER, HAS_REPORTED),)


def test_a_report_heard_of_before_its_roster_stays_done() -> None:
    assert lines_after(reported(), rostered()) == (report("done", HAS_REPORTED, ON_ROSTER),)


def test_who_was_taken_off_the_roster_has_no_report_to_give() -> None:
    off = NoteWithdrawal("2021-1", "substituted", WITHDRAWN)
    sheet_of_2021().given(opened(), rostered()).when(off).then(withdrawn())
    assert lines_after(rostered(), withdrawn()) == (report("not_applicable", ON_ROSTER, TAKEN_OFF),)
    assert lines_after(rostered(), reported(), withdrawn())[0].state == "done"
    assert lines_after(rostered(), withdrawn(), rostered("again:shanghai#1"))[0].state == "open"


def test_who_was_never_on_the_roster_is_not_taken_off_it() -> None:
    sheet_of_2021().when(NoteWithdrawal("2021-1", "cancelled", WITHDRAWN)).then_nothing()


def test_a_lead_report_is_noted_as_one() -> None:
    sheet_of_2021().when(replace(HAS_SPOKEN, lead=True)).then(opened(), reported(lead=True))
    assert lines_after(rostered(lead=True), reported(lead=True)) == (
        report("done", ON_ROSTER, HAS_REPORTED, lead=True),
    )


@pytest.mark.parametrize(("on_time", "state"), [(True, "done"), (False, "late")])
def test_a_rectification_is_open_until_it_is_verified_on_time_or_late(
    on_time: bool, state: LineState
) -> None:
    sheet_of_2021().given(opened(), fell_due()).when(NoteVerified(CASE, on_time, TODAY, VERIFIED)).then(
        verified(on_time)
    )
    assert lines_after(fell_due(), stepped(), verified(on_time)) == (
        case(state, IS_DUE, WAS_FED_BACK, WAS_VERIFIED),
    )


def test_an_overdue_case_is_still_open() -> None:
    assert [line.state for line in lines_after(fell_due(), stepped("overdue"))] == ["open"]


def test_each_case_has_a_line_of_its_own() -> None:
    second = fell_due("2021-2-langxia", cited("rectification", 40), date(2021, 12, 30))
    assert [
        (line.subject, line.state) for line in lines_after(fell_due(), second, verified(on_time=False))
    ] == [
        (CASE, "late"),
        ("2021-2-langxia", "open"),
    ]


@pytest.mark.parametrize(
    ("before", "correction", "after"),
    [
        (verified(on_time=False), True, "done"),
        (verified(on_time=True), False, "late"),
        (verified(on_time=False), None, "late"),
        (stepped("overdue"), True, "open"),
    ],
    ids=["late was wrong", "on time was wrong", "says nothing of it", "not verified yet"],
)
def test_a_corrected_record_amends_the_line_and_is_on_it(
    before: Noted, correction: bool | None, after: LineState
) -> None:
    """Finished late stays late unless the record was wrong (domain.md 2)."""
    [line] = lines_after(fell_due(), before, corrected(correction))
    assert (line.state, line.corrected, line.citations[-1]) == (after, True, CORRECTED)


def test_a_record_that_was_not_corrected_stays_late() -> None:
    [line] = lines_after(fell_due(), verified(on_time=False))
    assert (line.state, line.corrected) == ("late", False)


# ---- publishing ----


def test_a_sheet_is_published_with_its_lines_and_their_events() -> None:
    story = sheet_of_2021().given(opened(), fell_due(), rostered(), reported(), stepped(), verified())
    story.by(DEPARTMENT).when(PublishEvaluation()).then(
        published(
            report("done", *firsts(ON_ROSTER, HAS_REPORTED)),
            case("done", *firsts(IS_DUE, WAS_FED_BACK, WAS_VERIFIED)),
        )
    )


def test_a_registered_unit_of_which_nothing_is_known_has_a_sheet_that_says_not_applicable() -> None:
    sheet_of_2021().when(PublishEvaluation()).then(opened(), published(NOT_ROSTERED, NO_DUTY))


def test_praise_only_leaves_the_rectification_not_applicable() -> None:
    sheet_of_2021().given(opened(), reported()).when(PublishEvaluation()).then(
        published(report("done", *firsts(HAS_REPORTED)), NO_DUTY)
    )


def test_a_sheet_with_an_open_line_says_so() -> None:
    sheet_of_2021().given(opened(), fell_due()).when(PublishEvaluation()).then(
        published(NOT_ROSTERED, case("open", *firsts(IS_DUE)))
    )


def test_a_sheet_of_a_unit_outside_the_registry_is_not_published() -> None:
    sheet_of_2021(UNKNOWN).when(PublishEvaluation()).then_refused("evaluation.unit-unknown", unit="wairen")
    without_a_year = replace(FACTS, year=None)
    sheet_of_2021(without_a_year).when(PublishEvaluation()).then_refused("evaluation.unit-unknown")


def test_a_village_has_facts_and_no_sheet_to_be_scored_by() -> None:
    village = sheet_of_2021(replace(FACTS, category="village"))
    village.when(HAS_SPOKEN).then(opened(), reported())
    village.given(opened(), reported()).when(PublishEvaluation()).then_refused(
        "evaluation.village-not-evaluated", unit="langxia"
    )


def test_a_sheet_bears_the_name_of_the_day_on_which_it_is_published() -> None:
    renamed = replace(FACTS, names=(*FACTS.names, Name(date(2021, 12, 15), "廊下新镇")))
    told = published(NOT_ROSTERED, NO_DUTY)
    sheet_of_2021(renamed).given(opened()).when(PublishEvaluation()).then(told)
    later = date(2021, 12, 15)
    sheet_of_2021(renamed).given(opened()).today(later).when(PublishEvaluation()).then(
        replace(told, unit_name="廊下新镇", on=later)
    )


def test_the_same_sheet_again_is_nothing_new() -> None:
    told = published(report("done", *firsts(HAS_REPORTED)), NO_DUTY)
    sheet_of_2021().given(opened(), reported(), told).when(PublishEvaluation()).then_nothing()


def test_what_is_noted_after_it_was_published_is_published_again_and_replaces_it() -> None:
    before = published(NOT_ROSTERED, case("open", *firsts(IS_DUE)))
    story = sheet_of_2021().given(opened(), fell_due(), before, verified())
    assert story.state == Published((case("done", IS_DUE, WAS_VERIFIED),), (), before.lines)
    story.when(PublishEvaluation()).then(published(NOT_ROSTERED, case("done", *firsts(IS_DUE, WAS_VERIFIED))))


def test_a_correction_after_publishing_is_published_again() -> None:
    late = published(NOT_ROSTERED, case("late", *firsts(IS_DUE, WAS_VERIFIED)))
    story = sheet_of_2021().given(opened(), fell_due(), verified(on_time=False), late)
    story.when(IS_CORRECTED).then(corrected())
    story.given(corrected()).when(PublishEvaluation()).then(
        published(NOT_ROSTERED, case("done", *firsts(IS_DUE, WAS_VERIFIED, WAS_CORRECTED), corrected=True))
    )


# ---- properties ----

NOTED: list[Noted] = [
    rostered(cited("scheduling", 1)),
    withdrawn(),
    reported(cited("review", 2)),
    fell_due(citation=cited("rectification", 3)),
    fell_due("2021-2-langxia", cited("rectification", 4)),
    stepped("returned", cited("rectification", 5)),
    stepped("overdue", cited("rectification", 6)),
    verified(True, cited("rectification", 7)),
    verified(False, cited("rectification", 8)),
    corrected(),
    handed_over(),
]
FACTS_HEARD = st.lists(st.sampled_from(NOTED), unique_by=lambda event: event.citation)


def heard_in_turn(heard: list[Noted]) -> Open:
    sheet = evolve(initial, opened())
    for event in heard:
        sheet = evolve(sheet, event)
    assert isinstance(sheet, Open)
    return sheet


@given(heard=FACTS_HEARD)
def test_every_ledger_event_is_kept_exactly_once_in_whatever_order_it_was_heard(heard: list[Noted]) -> None:
    sheet = heard_in_turn(heard)
    kept = [citation for line in sheet.lines for citation in line.citations]
    kept += [handover.citation for handover in sheet.handovers]
    assert sorted(kept) == sorted(event.citation for event in heard)


@given(heard=FACTS_HEARD)
def test_a_published_sheet_has_a_line_of_each_kind_and_all_that_was_kept(heard: list[Noted]) -> None:
    sheet = heard_in_turn(heard)
    lines = complete(sheet.lines, sheet.handovers)
    assert {line.kind for line in lines} == {"report", "rectification"}
    assert all(line.state == "not_applicable" for line in lines if not line.citations)
    assert [line.citations for line in lines if line.citations] == [
        line.citations for line in sorted(sheet.lines, key=lambda line: line.kind == "rectification")
    ]


def test_every_event_leads_somewhere() -> None:
    story: tuple[Event, ...] = (
        opened(),
        rostered(),
        withdrawn(),
        reported(),
        fell_due(),
        stepped(),
        verified(),
        corrected(),
        handed_over(),
        published(NOT_ROSTERED, NO_DUTY),
    )
    assert {type(event) for event in story} == set(get_args(Event))
    assert not isinstance(sheet_of_2021().given(*story).state, NotOpened)
