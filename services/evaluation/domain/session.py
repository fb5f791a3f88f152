"""A session as evaluation hears of it: in which plan year it counts, and whether it was held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, assert_never

from shared.decider import Given, replace

Standing = Literal["scheduled", "held", "cancelled"]


@dataclass(frozen=True)
class Unknown:
    """Nothing has been heard of it."""


@dataclass(frozen=True)
class Known:
    """It counts in this plan year; ``held_on`` is the day it was held, or is to be."""

    plan_year: int
    held_on: date
    standing: Standing


Session = Unknown | Known
initial: Session = Unknown()


@dataclass(frozen=True)
class NoteScheduled:
    """It is to be held on that day."""

    plan_year: int
    held_on: date
    citation: str


@dataclass(frozen=True)
class NoteMoved:
    """It is to be held on another day."""

    held_on: date
    citation: str


@dataclass(frozen=True)
class NoteCancelled:
    """It is not to be held."""

    citation: str


@dataclass(frozen=True)
class NoteHeld:
    """It was held."""

    plan_year: int
    held_on: date
    citation: str


Command = NoteScheduled | NoteMoved | NoteCancelled | NoteHeld


@dataclass(frozen=True)
class SchedulingNoted:
    plan_year: int
    held_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class MoveNoted:
    held_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class CancellationNoted:
    citation: str
    on: date


@dataclass(frozen=True)
class HoldingNoted:
    plan_year: int
    held_on: date
    citation: str
    on: date


Event = SchedulingNoted | MoveNoted | CancellationNoted | HoldingNoted


def decide(session: Session, command: Command, given: Given[None]) -> list[Event]:
    """What is heard again is nothing new, nor is what scheduling said of a session that was held already: the two
    services are heard each in its own order."""
    event: Event
    match command:
        case NoteScheduled():
            event = SchedulingNoted(command.plan_year, command.held_on, command.citation, on=given.today)
        case NoteMoved():
            event = MoveNoted(command.held_on, command.citation, on=given.today)
        case NoteCancelled():
            event = CancellationNoted(command.citation, on=given.today)
        case NoteHeld():
            event = HoldingNoted(command.plan_year, command.held_on, command.citation, on=given.today)
        case _ as unreachable:
            assert_never(unreachable)
    return [] if evolve(session, event) == session else [event]


def evolve(session: Session, event: Event) -> Session:
    if isinstance(event, HoldingNoted):
        return Known(event.plan_year, event.held_on, "held")
    if isinstance(session, Known) and session.standing == "held":
        return session
    match event:
        case SchedulingNoted():
            return Known(event.plan_year, event.held_on, "scheduled")
        case MoveNoted():
            return replace(session, held_on=event.held_on) if isinstance(session, Known) else session
        case CancellationNoted():
            return replace(session, standing="cancelled") if isinstance(session, Known) else session
        case _ as unreachable:
            assert_never(unreachable)
