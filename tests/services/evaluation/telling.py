"""Words for telling what evaluation has heard: the year 2021 of one unit."""

from __future__ import annotations

from datetime import date

from services.evaluation.domain import sheet
from services.evaluation.domain.lines import Facts
from services.evaluation.domain.sheet import (
    Command,
    DutyNoted,
    Event,
    ReportNoted,
    RosterNoted,
    Sheet,
    SheetOpened,
    Step,
    StepNoted,
    VerificationNoted,
)
from shared.decider import Actor
from shared.testing.given import Scenario, scenario

DEPARTMENT = Actor("zhao", "赵示例", frozenset({"organization_department"}), "zuzhibu")
REACTION = Actor("reaction", "reaction", frozenset({"service"}))

TODAY = date(2021, 11, 30)
FACTS = Facts("langxia", "廊下镇", 50)
CASE = "2021-1-langxia"
DUE = date(2021, 10, 8)


def cited(service: str, sequence: int) -> str:
    return f"{service}:shanghai.jinshan#{sequence}"


ROSTERED, REPORTED, FELL_DUE = cited("scheduling", 20), cited("review", 31), cited("rectification", 3)
FED_BACK, VERIFIED = cited("rectification", 12), cited("rectification", 19)


def sheet_of_2021(facts: Facts = FACTS) -> Scenario[Sheet, Command, Event, Facts]:
    return scenario(sheet.decide, sheet.evolve, sheet.initial, today=TODAY, actor=REACTION, facts=facts)


def opened() -> SheetOpened:
    return SheetOpened("廊下镇", 50, on=TODAY)


def rostered(citation: str = ROSTERED) -> RosterNoted:
    return RosterNoted("2021-1", citation, on=TODAY)


def reported(citation: str = REPORTED) -> ReportNoted:
    return ReportNoted("2021-1", citation, on=TODAY)


def fell_due(case: str = CASE, citation: str = FELL_DUE) -> DutyNoted:
    return DutyNoted(case, DUE, citation, on=TODAY)


def stepped(step: Step = "fed_back", citation: str = FED_BACK) -> StepNoted:
    return StepNoted(CASE, step, citation, on=TODAY)


def verified(on_time: bool = True, citation: str = VERIFIED) -> VerificationNoted:
    return VerificationNoted(CASE, on_time, citation, on=TODAY)
