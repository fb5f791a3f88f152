"""The bulletin: the round before in four words, unfinished cases of earlier rounds carried on."""

from __future__ import annotations

from datetime import date

import pytest

from services.rectification.domain import bulletin
from services.rectification.domain.bulletin import (
    Bulletin,
    BulletinIssued,
    CaseToTell,
    Command,
    Event,
    Facts,
    IssueBulletin,
    Line,
)
from services.rectification.domain.lights import BulletinWord
from services.rectification.domain.situations import Standing
from shared.testing.given import Scenario, scenario
from tests.services.rectification.telling import DUE, LAW_OFFICE

TODAY = date(2022, 1, 12)


def told_at(session: str, *cases: CaseToTell) -> Scenario[Bulletin, Command, Event, Facts]:
    return scenario(
        bulletin.decide,
        bulletin.evolve,
        bulletin.initial,
        today=TODAY,
        actor=LAW_OFFICE,
        facts=Facts(session, cases),
    )


def of(unit: str, standing: Standing, *, session: str = "2021-1", due_on: date = DUE) -> CaseToTell:
    return CaseToTell(f"{session}-{unit}", session, unit, f"单位{unit}", standing, due_on)


def line(
    unit: str, state: BulletinWord, *, session: str = "2021-1", due_on: date = DUE, carried_on: bool = False
) -> Line:
    return Line(f"{session}-{unit}", unit, f"单位{unit}", state, due_on, carried_on)


AHEAD = date(2022, 2, 28)


def test_every_case_of_the_round_before_is_told_in_one_of_four_words_and_in_the_order_of_the_register() -> (
    None
):
    told_at(
        "2021-2",
        of("a", "completed"),
        of("b", "awaiting_receipt"),
        of("c", "awaiting_verification"),
        of("d", "open"),
        of("e", "returned", due_on=AHEAD),
    ).when(IssueBulletin("2021-1")).then(
        BulletinIssued(
            "2021-1",
            (
                line("a", "completed"),
                line("b", "fed_back_unverified"),
                line("c", "fed_back_unverified"),
                line("d", "overdue"),
                line("e", "not_due", due_on=AHEAD),
            ),
            on=TODAY,
        )
    )


def test_an_unfinished_case_of_an_earlier_round_is_carried_on() -> None:
    told_at("2022-1", of("a", "completed", session="2021-2"), of("b", "open")).when(
        IssueBulletin("2021-2")
    ).then(
        BulletinIssued(
            "2021-2",
            (line("a", "completed", session="2021-2"), line("b", "overdue", carried_on=True)),
            on=TODAY,
        )
    )


def test_the_first_round_has_no_bulletin() -> None:
    told_at("2021-1").when(IssueBulletin("2020-2")).then_refused(
        "rectification.no-round-before", about_session="2020-2"
    )


@pytest.mark.parametrize("about", ["2021-2", "2021-10", "2022-1"])
def test_a_bulletin_is_about_a_round_before_it(about: str) -> None:
    told_at("2021-2", of("a", "open")).when(IssueBulletin(about)).then_refused(
        "rectification.not-an-earlier-round"
    )


def test_rounds_are_compared_by_year_and_number() -> None:
    assert told_at("2021-10", of("a", "completed", session="2021-2")).when(IssueBulletin("2021-2")).events


def test_a_bulletin_is_issued_once() -> None:
    told_at("2021-2", of("a", "open")).given(BulletinIssued("2021-1", (), TODAY)).when(
        IssueBulletin("2021-1")
    ).then_refused("rectification.not-allowed-now", situation="issued")
