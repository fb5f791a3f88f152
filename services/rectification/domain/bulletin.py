"""A bulletin 通报: what each unit of the round before did about what it was told, in four words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.rectification.domain.lights import BulletinWord, bulletin_word
from services.rectification.domain.policies.bulletin import no_round_before, not_about_an_earlier_round
from services.rectification.domain.situations import Standing
from shared.decider import Given, NotAllowedNow, refuse_if


@dataclass(frozen=True)
class CaseToTell:
    """One case as the register has it."""

    case: str
    session: str
    unit: str
    unit_name: str
    standing: Standing
    due_on: date


@dataclass(frozen=True)
class Facts:
    """The session the bulletin is told at, and in the order they are told: every case of the session it is about,
    of the sessions before those that are unfinished, and those finished since a bulletin last carried them on."""

    session: str
    cases: tuple[CaseToTell, ...]


@dataclass(frozen=True)
class IssueBulletin:
    """To be told at the session whose id the bulletin has, about the session before."""

    about_session: str


@dataclass(frozen=True)
class Line:
    """``carried_on``: a case of a session before the one the bulletin is about."""

    case: str
    unit: str
    unit_name: str
    state: BulletinWord
    due_on: date
    carried_on: bool


@dataclass(frozen=True)
class BulletinIssued:
    about_session: str
    lines: tuple[Line, ...]
    on: date


@dataclass(frozen=True)
class NotIssued:
    """Nothing was told yet."""


@dataclass(frozen=True)
class Issued:
    """What was told stays as it was told: the register shows how it went on."""

    about_session: str
    issued_on: date


Bulletin = NotIssued | Issued
Command = IssueBulletin
Event = BulletinIssued

initial: Bulletin = NotIssued()


def decide(bulletin: Bulletin, command: Command, given: Given[Facts]) -> list[Event]:
    """One bulletin a round, as things stand on the day it is issued."""
    match bulletin:
        case NotIssued():
            about, facts, today = command.about_session, given.facts, given.today
            refuse_if(
                not_about_an_earlier_round(facts.session, about),
                no_round_before(about, facts.cases),
            )
            lines = tuple(
                Line(
                    case=one.case,
                    unit=one.unit,
                    unit_name=one.unit_name,
                    state=bulletin_word(one.standing, one.due_on, today),
                    due_on=one.due_on,
                    carried_on=one.session != about,
                )
                for one in facts.cases
            )
            return [BulletinIssued(about, lines, on=today)]
        case Issued():
            raise NotAllowedNow(bulletin, command)


def evolve(bulletin: Bulletin, event: Event) -> Bulletin:
    """Issued."""
    return Issued(event.about_session, event.on)
