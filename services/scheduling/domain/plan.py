"""The year's plan: how many rounds of sessions, and about when each is to be held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.decisions import reason_missing
from services.scheduling.domain.policies.plan import (
    called_round_changed,
    date_outside_plan_year,
    plan_year_malformed,
    rounds_not_numbered_in_order,
    village_holds_no_session,
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
    """The plan as last adopted or amended, and which version that is."""

    rounds: tuple[PlannedRound, ...]
    version: int = 1


Plan = NotAdopted | Adopted
initial: Plan = NotAdopted()


@dataclass(frozen=True)
class Facts:
    """The year of the plan in hand (None when its id is no year), the day the last minutes before it were sent,
    or their session held, and the rounds of the year whose people were called."""

    year: int | None = None
    last_minutes_on: date | None = None
    called: tuple[int, ...] = ()


@dataclass(frozen=True)
class AdoptPlan:
    """Adopt the year's rounds, in the order of their dates."""

    rounds: tuple[PlannedRound, ...]


@dataclass(frozen=True)
class AmendPlan:
    """All rounds of the year as they are to be now, and why: a new version of the plan."""

    rounds: tuple[PlannedRound, ...]
    reason: str


Command = AdoptPlan | AmendPlan


@dataclass(frozen=True)
class PlanAdopted:
    plan_year: int
    rounds: tuple[PlannedRound, ...]
    warnings: tuple[str, ...]
    on: date


@dataclass(frozen=True)
class PlanAmended:
    plan_year: int
    plan_version: int
    rounds: tuple[PlannedRound, ...]
    reason: str
    warnings: tuple[str, ...]
    on: date


Event = PlanAdopted | PlanAmended


def decide(plan: Plan, command: Command, given: Given[Facts]) -> list[Event]:
    """A year's plan is adopted once and then amended; the same rounds again are nothing new."""
    rounds = tuple(sorted(command.rounds, key=lambda one: (one.planned_on, one.number)))
    match plan, command:
        case NotAdopted(), AdoptPlan():
            refuse_if(village_holds_no_session(given.tier, given.policy))
            year = _year_of(rounds, given)
            return [PlanAdopted(year, rounds, tuple(_warnings(rounds, given)), on=given.today)]
        case Adopted(), AdoptPlan() | AmendPlan() if plan.rounds == rounds:
            return []
        case Adopted(), AmendPlan(reason=reason):
            year = _year_of(rounds, given)
            refuse_if(
                reason_missing(reason),
                called_round_changed(_by_number(rounds), _by_number(plan.rounds), given.facts.called),
            )
            warnings = tuple(_warnings(rounds, given))
            return [PlanAmended(year, plan.version + 1, rounds, reason, warnings, on=given.today)]
        case _:
            raise NotAllowedNow(plan, command)


def _year_of(rounds: tuple[PlannedRound, ...], given: Given[Facts]) -> int:
    """The year of the plan in hand, whose rounds these may be."""
    year = given.facts.year
    refuse_if(
        plan_year_malformed(year),
        rounds_not_numbered_in_order([one.number for one in rounds]),
    )
    assert year is not None  # the predicate above has looked
    refuse_if(*(date_outside_plan_year(one.planned_on, year, given.policy) for one in rounds))
    return year


def _by_number(rounds: tuple[PlannedRound, ...]) -> dict[int, date]:
    return {one.number: one.planned_on for one in rounds}


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
        case PlanAmended():
            return Adopted(event.rounds, event.plan_version)
        case _ as unreachable:
            assert_never(unreachable)
