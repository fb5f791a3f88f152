"""Words for telling what evaluation has heard: the year 2021 of one unit."""

from __future__ import annotations

from datetime import date

from services.evaluation.domain import sheet
from services.evaluation.domain.lines import Cited, Facts
from services.evaluation.domain.notes import (
    CorrectionNoted,
    DutyNoted,
    HandoverNoted,
    NoteDuty,
    ReportNoted,
    RosterNoted,
    Step,
    StepNoted,
    VerificationNoted,
    WithdrawalNoted,
)
from services.evaluation.domain.sheet import Command, Event, Sheet, SheetOpened
from services.evaluation.domain.unit import Name
from shared.decider import Actor
from shared.testing.given import Scenario, scenario

DEPARTMENT = Actor("zhao", "赵示例", frozenset({"organization_department"}), "zuzhibu")
REACTION = Actor("reaction", "reaction", frozenset({"service"}))

TODAY = date(2021, 11, 30)
FACTS = Facts("langxia", (Name(date(2021, 1, 4), "廊下镇"),), 50, "town", 2021)
CASE = "2021-1-langxia"
HELD_ON, SENT_ON, DUE = date(2021, 6, 24), date(2021, 7, 7), date(2021, 10, 8)
FIRST, SECOND = "张示例", "李示例"
"""The secretary who reported, and the one who took the post on HANDED_OVER_ON."""
HANDED_OVER_ON = date(2021, 11, 1)


def cited(service: str, sequence: int) -> str:
    return f"{service}:shanghai.jinshan#{sequence}"


ROSTERED, REPORTED, FELL_DUE = cited("scheduling", 20), cited("review", 31), cited("rectification", 3)
FED_BACK, VERIFIED, CORRECTED = (
    cited("rectification", 12),
    cited("rectification", 19),
    cited("rectification", 25),
)
WITHDRAWN, HANDED_OVER = cited("scheduling", 24), cited("scheduling", 40)


def sheet_of_2021(facts: Facts = FACTS) -> Scenario[Sheet, Command, Event, Facts]:
    return scenario(sheet.decide, sheet.evolve, sheet.initial, today=TODAY, actor=REACTION, facts=facts)


def opened() -> SheetOpened:
    return SheetOpened("廊下镇", 50, on=TODAY)


def rostered(citation: str = ROSTERED, lead: bool = False) -> RosterNoted:
    return RosterNoted("2021-1", "secretary", FIRST, lead, citation, on=TODAY)


def withdrawn() -> WithdrawalNoted:
    return WithdrawalNoted("2021-1", "substituted", WITHDRAWN, on=TODAY)


def reported(citation: str = REPORTED, lead: bool = False) -> ReportNoted:
    return ReportNoted("2021-1", "secretary", FIRST, lead, HELD_ON, citation, on=TODAY)


def due(case: str = CASE, due_on: date = DUE) -> NoteDuty:
    return NoteDuty(case, "secretary", FIRST, due_on, SENT_ON, FELL_DUE)


def fell_due(case: str = CASE, citation: str = FELL_DUE, due_on: date = DUE) -> DutyNoted:
    return DutyNoted(case, "secretary", FIRST, due_on, SENT_ON, citation, on=TODAY)


def stepped(
    step: Step = "fed_back", citation: str = FED_BACK, happened_on: date = date(2021, 9, 28)
) -> StepNoted:
    return StepNoted(CASE, step, happened_on, citation, on=TODAY)


def verified(on_time: bool = True, citation: str = VERIFIED) -> VerificationNoted:
    return VerificationNoted(CASE, on_time, TODAY, citation, on=TODAY)


def corrected(on_time: bool | None = True) -> CorrectionNoted:
    return CorrectionNoted(CASE, on_time, TODAY, CORRECTED, on=TODAY)


def handed_over(effective_on: date = HANDED_OVER_ON, citation: str = HANDED_OVER) -> HandoverNoted:
    return HandoverNoted("secretary", "书记", FIRST, SECOND, effective_on, citation, on=TODAY)


# The same facts as a line keeps them.

ON_ROSTER = Cited(ROSTERED, "rostered", TODAY, FIRST)
TAKEN_OFF = Cited(WITHDRAWN, "withdrawn", TODAY)
HAS_REPORTED = Cited(REPORTED, "reported", HELD_ON, FIRST)
IS_DUE = Cited(FELL_DUE, "due", SENT_ON)
WAS_FED_BACK = Cited(FED_BACK, "fed_back", date(2021, 9, 28))
WAS_VERIFIED = Cited(VERIFIED, "verified", TODAY)
WAS_CORRECTED = Cited(CORRECTED, "corrected", TODAY)
