"""Whose a line is: facts before a head took the post are not the successor's (domain.md 1, step 11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.evaluation.domain.lines import Handover, Line
from services.evaluation.domain.notes import StepNoted
from services.evaluation.domain.sheet import Event, NotOpened
from services.evaluation.domain.told import complete
from tests.services.evaluation.telling import (
    CORRECTED,
    FED_BACK,
    FELL_DUE,
    FIRST,
    HANDED_OVER,
    HANDED_OVER_ON,
    REPORTED,
    ROSTERED,
    SECOND,
    VERIFIED,
    cited,
    corrected,
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

AFTER = date(2021, 11, 24)
MISSED_BEFORE, MISSED_AFTER = date(2021, 10, 31), HANDED_OVER_ON


def told(*events: Event) -> Line:
    """The one line with facts, as the sheet tells it."""
    state = sheet_of_2021().given(opened(), *events).state
    assert not isinstance(state, NotOpened)
    [line] = [line for line in complete(state.lines, state.handovers) if line.cited]
    return line


def persons(line: Line) -> dict[str, str | None]:
    return {one.citation: one.person for one in line.cited}


def overdue(missed_on: date) -> StepNoted:
    return stepped("overdue", cited("rectification", 8), missed_on)


def test_without_a_handover_everything_is_the_one_heads() -> None:
    line = told(fell_due(), stepped(), verified())
    assert line.person == FIRST
    assert set(persons(line).values()) == {FIRST}


def test_a_report_is_whose_it_was_whoever_holds_the_post_now() -> None:
    line = told(rostered(), reported(), handed_over())
    assert line.person == FIRST
    assert persons(line) == {ROSTERED: FIRST, REPORTED: FIRST}


def test_facts_before_a_head_took_the_post_are_not_the_successors() -> None:
    line = told(
        fell_due(), stepped(), handed_over(), stepped(citation=cited("rectification", 15), happened_on=AFTER)
    )
    assert persons(line) == {FELL_DUE: FIRST, FED_BACK: FIRST, cited("rectification", 15): SECOND}


def test_the_day_on_which_the_post_is_taken_is_the_successors() -> None:
    line = told(fell_due(), handed_over(), stepped(happened_on=HANDED_OVER_ON))
    assert persons(line)[FED_BACK] == SECOND


def test_a_handover_that_was_heard_late_tells_the_facts_apart_all_the_same() -> None:
    before = told(fell_due(), handed_over(), stepped(happened_on=AFTER), verified())
    after = told(fell_due(), stepped(happened_on=AFTER), verified(), handed_over())
    assert before == after


def test_who_answered_is_who_held_the_post_when_the_feedback_was_sent() -> None:
    assert told(fell_due(), stepped(), handed_over(), verified()).person == FIRST
    assert told(fell_due(), handed_over(), stepped(happened_on=AFTER), verified()).person == SECOND


def test_a_missed_date_is_whose_it_was_to_keep() -> None:
    late = verified(on_time=False)
    in_time = stepped(happened_on=AFTER)
    assert told(fell_due(), overdue(MISSED_BEFORE), handed_over(), in_time, late).person == FIRST
    assert told(fell_due(), overdue(MISSED_AFTER), handed_over(), in_time, late).person == SECOND


def test_a_missed_date_that_was_no_miss_is_nobodys() -> None:
    line = told(
        fell_due(),
        overdue(MISSED_BEFORE),
        handed_over(),
        stepped(happened_on=AFTER),
        verified(on_time=False),
        corrected(on_time=True),
    )
    assert (line.state, line.person) == ("done", SECOND)
    assert CORRECTED in line.citations


def test_late_without_a_missed_date_on_the_sheet_is_the_senders() -> None:
    assert (
        told(fell_due(), handed_over(), stepped(happened_on=AFTER), verified(on_time=False)).person == SECOND
    )


def test_a_verification_without_feedback_on_the_sheet_is_of_its_day() -> None:
    line = told(fell_due(), handed_over(), verified())
    assert (line.person, persons(line)[VERIFIED]) == (SECOND, SECOND)


def test_what_is_open_is_for_the_present_holder_to_close() -> None:
    assert told(fell_due(), overdue(MISSED_BEFORE), handed_over()).person == SECOND
    assert told(rostered(), handed_over()).person == SECOND


def test_a_report_that_was_taken_off_is_nobodys_to_give_and_names_the_present_holder() -> None:
    line = told(rostered(), withdrawn(), handed_over())
    assert (line.state, line.person) == ("not_applicable", SECOND)


def handover(post: str, to: str, on: date) -> Handover:
    return Handover(post, "书记", FIRST, to, on, HANDED_OVER)


def kept(line: Line, handovers: Sequence[Handover]) -> str | None:
    return complete([line], handovers)[0].person


def test_each_post_has_holders_of_its_own_in_the_order_of_their_days() -> None:
    line = Line("report", "open", "2021-2", "secretary", FIRST)
    third = handover("secretary", "王示例", date(2021, 12, 1))
    second = handover("secretary", SECOND, HANDED_OVER_ON)
    assert kept(line, [third, second]) == "王示例"
    assert kept(line, [handover("mayor", SECOND, HANDED_OVER_ON)]) == FIRST
