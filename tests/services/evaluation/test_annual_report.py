"""The rules of the written annual report 年终述职: every head, yearly since 2021, registered and not scored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.evaluation.domain.annual_report import (
    AnnualReportRegistered,
    Command,
    Event,
    Facts,
    Register,
    RegisterAnnualReport,
    decide,
    evolve,
    initial,
)
from shared.decider import Actor
from shared.tenancy import Policy
from shared.testing.given import Scenario, scenario
from tests.services.evaluation.telling import DEPARTMENT, FIRST, SECOND

TODAY = date(2022, 1, 20)
FACTS = Facts("langxia", 2021, frozenset({FIRST, SECOND}))
FILED = RegisterAnnualReport("廊委〔2022〕1号", date(2022, 1, 18), FIRST)
REGISTERED = AnnualReportRegistered("廊委〔2022〕1号", date(2022, 1, 18), FIRST, on=TODAY)
LIAISON = Actor("liaison-langxia", "示例·联络员", frozenset({"liaison"}), "langxia")
LAW_OFFICE = Actor("law-clerk", "示例·经办人", frozenset({"law_office"}), "sifaju")


def register(facts: Facts = FACTS) -> Scenario[Register, Command, Event, Facts]:
    return scenario(decide, evolve, initial, today=TODAY, actor=DEPARTMENT, facts=facts)


@pytest.mark.parametrize("actor", [DEPARTMENT, LAW_OFFICE, LIAISON], ids=lambda actor: actor.id)
def test_an_entry_is_made_by_the_unit_or_an_office(actor: Actor) -> None:
    register().by(actor).when(FILED).then(REGISTERED)


def test_another_unit_does_not_make_it() -> None:
    stranger = replace(LIAISON, unit="shilizhen")
    register().by(stranger).when(FILED).then_refused("evaluation.not-own-unit", unit="langxia")


def test_the_register_begins_with_2021() -> None:
    register(replace(FACTS, year=2020)).when(FILED).then_refused(
        "evaluation.before-annual-reports", first=2021
    )
    register(replace(FACTS, year=None)).when(FILED).then_refused("evaluation.before-annual-reports")
    later = register().under(Policy(annual_reports_since=2022))
    later.when(FILED).then_refused("evaluation.before-annual-reports", first=2022)


def test_every_head_of_the_unit_has_an_entry_of_its_own() -> None:
    second = replace(FILED, person=SECOND, document_number="廊委〔2022〕2号")
    register().given(REGISTERED).when(second).then(
        replace(REGISTERED, person=SECOND, document_number="廊委〔2022〕2号")
    )


def test_who_is_no_head_of_the_unit_has_none() -> None:
    register().when(replace(FILED, person="钱示例")).then_refused(
        "evaluation.not-a-head", person="钱示例", unit="langxia", heads=sorted([FIRST, SECOND])
    )


def test_the_same_entry_again_is_nothing_new_and_another_document_is_refused() -> None:
    register().given(REGISTERED).when(FILED).then_nothing()
    register().given(REGISTERED).when(replace(FILED, document_number="廊委〔2022〕9号")).then_refused(
        "evaluation.registered-otherwise", document_number="廊委〔2022〕1号", person=FIRST
    )


@pytest.mark.parametrize("number", ["", " "])
def test_an_entry_names_the_document(number: str) -> None:
    register().when(replace(FILED, document_number=number)).then_refused("evaluation.document-number-blank")


def test_a_report_is_registered_when_it_was_filed() -> None:
    register().when(replace(FILED, filed_on=TODAY)).then(replace(REGISTERED, filed_on=TODAY))
    register().when(replace(FILED, filed_on=date(2022, 1, 21))).then_refused("evaluation.filed-in-the-future")


def test_a_year_is_reported_on_when_it_has_begun() -> None:
    register().when(replace(FILED, filed_on=date(2021, 1, 1))).then(
        replace(REGISTERED, filed_on=date(2021, 1, 1))
    )
    register().when(replace(FILED, filed_on=date(2020, 12, 31))).then_refused(
        "evaluation.filed-before-its-year", year=2021
    )
