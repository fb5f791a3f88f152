"""The written annual reports 年终述职 of one unit's heads for one year: registered, not scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from services.evaluation.domain.policies import (
    annual_report_not_own_unit,
    before_annual_reports,
    document_number_blank,
    filed_before_its_year,
    filed_in_the_future,
    not_a_head_of_the_unit,
    registered_otherwise,
)
from shared.decider import Given, refuse_if


@dataclass(frozen=True)
class Register:
    """The documents of the year by the head who filed each."""

    documents: Mapping[str, str] = field(default_factory=dict)


initial = Register()


@dataclass(frozen=True)
class Facts:
    """The unit and year of the register, and who holds or held a post of the unit."""

    unit: str
    year: int | None = None
    heads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RegisterAnnualReport:
    """Enter that a head has filed the year's written report. The document itself stays where it is."""

    document_number: str
    filed_on: date
    person: str


Command = RegisterAnnualReport


@dataclass(frozen=True)
class AnnualReportRegistered:
    document_number: str
    filed_on: date
    person: str
    on: date


Event = AnnualReportRegistered


def decide(register: Register, command: Command, given: Given[Facts]) -> list[Event]:
    """Each head once a year; the same entry again is nothing new."""
    facts = given.facts
    refuse_if(
        annual_report_not_own_unit(given.actor, facts.unit),
        before_annual_reports(facts.year, given.policy),
        document_number_blank(command.document_number),
        not_a_head_of_the_unit(command.person, facts.unit, facts.heads),
        filed_in_the_future(command.filed_on, given.today),
    )
    if facts.year is not None:
        refuse_if(filed_before_its_year(command.filed_on, facts.year))
    before = register.documents.get(command.person)
    refuse_if(registered_otherwise(before, command.document_number, command.person))
    if before is not None:
        return []
    return [AnnualReportRegistered(command.document_number, command.filed_on, command.person, on=given.today)]


def evolve(register: Register, event: Event) -> Register:
    match event:
        case AnnualReportRegistered():
            return Register({**register.documents, event.person: event.document_number})
        case _ as unreachable:
            assert_never(unreachable)
