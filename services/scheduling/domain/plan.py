"""The year's plan: how many rounds of sessions, and about when each is to be held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies import (
    date_outside_plan_year,
    plan_year_malformed,
    rounds_not_numbered_in_order,
)
from services.scheduling.domain.warnings import fewer_sessions_than_policy, gap_too_short
from shared.decider import Given, NotAllowedNow, refuse_if


@dataclass(frozen=True)
class PlannedRound:
    """A round of the year and the day it is planned for."""

    number: int
    planned_on: date


@dataclass(frozen=True)
class NotAdopted:
    """There is no plan for the year."""


@dataclass(frozen=True)
class Adopted:
    """The plan as adopted."""

    rounds: tuple[PlannedRound, ...]


Plan = NotAdopted | Adopted
initial: Plan = NotAdopted()


@dataclass(frozen=True)
class Facts:
    """The year of the plan in hand (None when its id is no year) and the day the last minutes before it were
    sent, or their session held."""

    year: int | None = None
    last_minutes_on: date | None = None


@dataclass(frozen=True)
class AdoptPlan:
    """Adopt the year's rounds, in the order of their dates."""

    rounds: tuple[PlannedRound, ...]


Command = AdoptPlan


@dataclass(frozen=True)
class PlanAdopted:
    plan_year: int
    rounds: tuple[PlannedRound, ...]
    warnings: tuple[str, ...]
    on: date


Event = PlanAdopted


def decide(plan: Plan, command: Command, given: Given[Facts]) -> list[Event]:
    """A year's plan is adopted once; adopting it again as it is is nothing new."""
    rounds = tuple(sorted(command.rounds, key=lambda one: (one.planned_on, one.number)))
    match plan:
        case NotAdopted():
            year = given.facts.year
            refuse_if(
                plan_year_malformed(year),
                rounds_not_numbered_in_order([one.number for one in rounds]),
            )
            assert year is not None  # the predicate above has looked
            refuse_if(*(date_outside_plan_year(one.planned_on, year) for one in rounds))
            return [PlanAdopted(year, rounds, tuple(_warnings(rounds, given)), on=given.today)]
        case Adopted() if plan.rounds == rounds:
            return []
        case _:
            raise NotAllowedNow(plan, command)


def _warnings(rounds: tuple[PlannedRound, ...], given: Given[Facts]) -> Iterator[str]:
    yield from fewer_sessions_than_policy(len(rounds), given.policy)
    last = given.facts.last_minutes_on
    for one in rounds:
        yield from gap_too_short(last, one.planned_on, given.calendar, given.policy)
        last = one.planned_on


def evolve(plan: Plan, event: Event) -> Plan:
    match event:
        case PlanAdopted():
            return Adopted(event.rounds)
        case _ as unreachable:
            assert_never(unreachable)
