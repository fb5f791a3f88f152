"""The three cases of the round 2021/1, from the minutes to the verification: every date comes out right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from services.rectification.deadlines import FIRES
from services.rectification.domain.case import decide
from services.rectification.domain.commands import (
    Command,
    GrantExtension,
    ReceiptFeedback,
    RecordHandover,
    RequestExtension,
    ReturnRectification,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import Event
from services.rectification.domain.evolve import evolve, initial
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case
from services.rectification.views import case_register
from shared.calendar.china import published
from shared.decider import Actor, Given, Refused
from shared.eventstore import Recorded
from shared.tenancy import Policy
from tests.services.rectification.telling import DEADLINE, LAW_OFFICE, PARTY_OFFICE, open_case

CALENDAR = published()
FEEDBACK = SubmitFeedback("已办。", "示例甲")


@dataclass
class CaseFile:
    """A case as it lives through the days: commands in, and on every day the deadlines that are due."""

    unit: str
    history: list[Recorded[Event]]
    state: Case = initial

    def on(self, month: int, day: int, actor: Actor, command: Command) -> CaseFile:
        today = date(2021, month, day)
        due = [name for name, first in deadlines(self.state).items() if first <= today]
        for name in due:
            self._take(today, DEADLINE, FIRES["case", name]())
        self._take(today, actor, command)
        return self

    def _take(self, today: date, actor: Actor, command: Command) -> None:
        given = Given(today, actor, Policy(), CALENDAR, facts=Facts())
        for event in decide(self.state, command, given):
            self.state = evolve(self.state, event)
            self.history.append(
                Recorded(event, "shanghai.jinshan", f"case-{self.unit}", len(self.history) + 1, today, actor)
            )

    @property
    def row(self) -> dict[str, Any]:
        [row] = case_register.rows(self.history)
        return row

    def liaison(self) -> Actor:
        return Actor("liaison", "联络员", frozenset({"liaison"}), self.unit)


def opened(unit: str) -> CaseFile:
    return CaseFile(unit, []).on(7, 7, Actor("reaction", "review"), replace(open_case(), unit=unit))


def receipted(case: CaseFile, days: Sequence[tuple[int, int]]) -> CaseFile:
    for (month, day), actor, office in zip(
        days, (PARTY_OFFICE, LAW_OFFICE), ("party_office", "law_office"), strict=True
    ):
        case.on(month, day, actor, ReceiptFeedback(office))
    return case


def test_three_months_from_the_sending_end_inside_the_national_day_holiday() -> None:
    due = CALENDAR.due_months_after(date(2021, 7, 7), Policy().rectification_months)
    assert (due.before_rolling, due.on) == (date(2021, 10, 7), date(2021, 10, 8))


def test_jiaotongwei_is_verified_only_after_the_second_receipt_and_on_time() -> None:
    case = opened("jiaotongwei")
    case.on(9, 24, case.liaison(), FEEDBACK).on(9, 24, PARTY_OFFICE, ReceiptFeedback("party_office"))
    with pytest.raises(Refused) as refusal:
        case.on(9, 27, LAW_OFFICE, VerifyRectification("passed"))
    assert refusal.value.code == "rectification.feedback-not-receipted"
    assert refusal.value.data == {"missing": ["law_office"]}
    case.on(9, 29, LAW_OFFICE, ReceiptFeedback("law_office"))
    case.on(10, 20, LAW_OFFICE, VerifyRectification("passed"))
    assert case.row["state"] == "completed"
    assert (case.row["due_on"], case.row["fed_back_on"]) == (date(2021, 10, 8), date(2021, 9, 24))
    assert case.row["receipts"] == [
        {"office": "party_office", "on": "2021-09-24"},
        {"office": "law_office", "on": "2021-09-29"},
    ]
    assert case.row["on_time"] is True
    assert case.row["overdue_since"] is None


def test_gongshanglian_is_on_time_by_its_extension_and_keeps_the_original_date() -> None:
    case = opened("gongshanglian")
    case.on(9, 22, case.liaison(), RequestExtension("涉及小微企业较多。", date(2021, 10, 29)))
    case.on(9, 23, LAW_OFFICE, GrantExtension())
    case.on(10, 27, case.liaison(), FEEDBACK)
    receipted(case, [(10, 28), (10, 29)]).on(11, 10, LAW_OFFICE, VerifyRectification("passed"))
    assert case.row["original_due_on"] == date(2021, 10, 8)
    assert case.row["due_on"] == date(2021, 10, 29)
    assert case.row["due_history"] == [
        {"due_on": "2021-10-08", "why": "minutes", "on": "2021-07-07"},
        {"due_on": "2021-10-29", "why": "extension", "on": "2021-09-23"},
    ]
    assert (case.row["verified_on"], case.row["on_time"]) == (date(2021, 11, 10), True)


def test_langxia_is_returned_handed_over_and_passed_on_the_new_date() -> None:
    case = opened("langxia").on(9, 28, Actor("l", "联络员", frozenset({"liaison"}), "langxia"), FEEDBACK)
    receipted(case, [(9, 29), (9, 30)])
    remarks = "程序尚未覆盖各村。"
    case.on(10, 26, LAW_OFFICE, ReturnRectification(remarks, date(2021, 11, 26)))
    assert (case.row["state"], case.row["due_on"]) == ("returned", date(2021, 11, 26))
    assert (case.row["receipts"], case.row["fed_back_on"]) == ([], None)
    case.on(11, 1, Actor("reaction", "scheduling"), RecordHandover("党委书记", "示例乙", date(2021, 11, 1)))
    case.on(11, 24, case.liaison(), replace(FEEDBACK, signer="示例乙"))
    receipted(case, [(11, 24), (11, 25)]).on(11, 30, LAW_OFFICE, VerifyRectification("passed"))
    assert case.row["person"] == "示例乙"
    assert case.row["handovers"] == [
        {
            "from_person": "示例甲",
            "to_person": "示例乙",
            "title": "党委书记",
            "effective_on": "2021-11-01",
        }
    ]
    assert [due["due_on"] for due in case.row["due_history"]] == ["2021-10-08", "2021-11-26"]
    assert (case.row["verified_on"], case.row["on_time"]) == (date(2021, 11, 30), True)


def test_a_case_nobody_feeds_back_is_overdue_from_the_day_after_the_date() -> None:
    case = opened("shilizhen")
    case.on(10, 11, case.liaison(), FEEDBACK)
    assert case.row["overdue_since"] == date(2021, 10, 9)
    receipted(case, [(10, 12), (10, 13)]).on(10, 20, LAW_OFFICE, VerifyRectification("passed"))
    assert (case.row["on_time"], case.row["overdue_since"]) == (False, date(2021, 10, 9))
