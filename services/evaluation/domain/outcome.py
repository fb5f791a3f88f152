"""An outcome 成效: a measurable result of a unit, or an honour of the whole tenant, and whether it is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.evaluation.domain.policies import (
    as_reported_unconfirmed,
    honour_claimed_for_a_unit,
    number_of_nothing,
    outcome_of_another_unit,
    outcome_of_no_registered_unit,
    what_is_blank,
)
from shared.decider import Given, refuse_if


@dataclass(frozen=True)
class NotRecorded:
    """Nobody has reported it."""


@dataclass(frozen=True)
class Recorded:
    """It stands in the register as it was last recorded."""

    what: str
    unit: str | None
    number: float | None
    measured_in: str | None
    period: str | None
    evidence: str | None
    honour: bool

    @property
    def confirmed(self) -> bool:
        """Is there a period and evidence?"""
        return not as_reported_unconfirmed(self.period, self.evidence)


Outcome = NotRecorded | Recorded
initial: Outcome = NotRecorded()


@dataclass(frozen=True)
class Facts:
    """The units of the registry."""

    units: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RecordOutcome:
    """Enter a result of a unit (``honour`` false) or an honour of the tenant (no unit), or supply what was missing
    when it was entered. ``period`` such as 2021年度, ``evidence`` such as the number of a document."""

    what: str
    unit: str | None = None
    number: float | None = None
    measured_in: str | None = None
    period: str | None = None
    evidence: str | None = None
    honour: bool = False


Command = RecordOutcome


@dataclass(frozen=True)
class OutcomeRecorded:
    """``confirmed`` only with period and evidence; without, it is as reported, unconfirmed."""

    what: str
    unit: str | None
    number: float | None
    measured_in: str | None
    period: str | None
    evidence: str | None
    honour: bool
    confirmed: bool
    on: date


Event = OutcomeRecorded


def decide(outcome: Outcome, command: Command, given: Given[Facts]) -> list[Event]:
    """What is recorded again replaces what stood there; the same again is nothing new."""
    refuse_if(
        what_is_blank(command.what),
        honour_claimed_for_a_unit(command.unit, command.honour),
        outcome_of_no_registered_unit(command.unit, command.honour, given.facts.units),
        number_of_nothing(command.number, command.measured_in),
    )
    told = Recorded(
        command.what,
        command.unit,
        command.number,
        command.measured_in,
        command.period,
        command.evidence,
        command.honour,
    )
    if isinstance(outcome, Recorded):
        refuse_if(outcome_of_another_unit(outcome.unit, command.unit))
        if outcome == told:
            return []
    return [
        OutcomeRecorded(
            told.what,
            told.unit,
            told.number,
            told.measured_in,
            told.period,
            told.evidence,
            told.honour,
            confirmed=told.confirmed,
            on=given.today,
        )
    ]


def evolve(outcome: Outcome, event: Event) -> Outcome:
    match event:
        case OutcomeRecorded():
            return Recorded(
                event.what,
                event.unit,
                event.number,
                event.measured_in,
                event.period,
                event.evidence,
                event.honour,
            )
        case _ as unreachable:
            assert_never(unreachable)
