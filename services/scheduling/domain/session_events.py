"""What happens to a session before it is held, and what scheduling has heard of it after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.scheduling.domain.roster import Reporter
from shared.decider import Decision


@dataclass(frozen=True)
class RosterDrafted:
    plan_year: int
    number: int
    reporters: tuple[Reporter, ...]
    provisional: bool
    warnings: tuple[str, ...]
    on: date
    decision: Decision | None = None


@dataclass(frozen=True)
class ObserversNamed:
    for_session: str
    observers: tuple[Reporter, ...]
    on: date


@dataclass(frozen=True)
class SessionScheduled:
    """The people are those who hold the posts on the day it was scheduled."""

    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    observers: tuple[Reporter, ...]
    observers_for: str | None
    warnings: tuple[str, ...]
    on: date
    decision: Decision | None = None


@dataclass(frozen=True)
class SessionRescheduled:
    held_on_before: date
    held_on: date
    reason: str
    warnings: tuple[str, ...]
    on: date


@dataclass(frozen=True)
class SessionCancelled:
    """``held_on`` is the day its people were called for, None where nobody was called yet."""

    held_on: date | None
    reason: str
    on: date


@dataclass(frozen=True)
class ReporterSubstituted:
    """``moved_to`` is the later session whose roster has the unit now; None while no later roster is drafted."""

    out: Reporter
    reporter: Reporter
    reason: str
    moved_to: str | None
    warnings: tuple[str, ...]
    on: date
    decision: Decision | None = None


@dataclass(frozen=True)
class ReporterMovedIn:
    """``instead_of`` is the unit that stepped in in the round before and stood on this roster, if it did."""

    reporter: Reporter
    from_session: str
    instead_of: str | None
    on: date


@dataclass(frozen=True)
class AttendanceNoted:
    unit: str
    person: str
    attended: bool
    reason: str | None
    for_session: str | None
    on: date


@dataclass(frozen=True)
class AbsenceNoted:
    unit: str
    person: str
    session: str
    reason: str | None
    on: date


@dataclass(frozen=True)
class AbsenceWithdrawn:
    """It was recorded in error: the person had come."""

    unit: str
    session: str
    on: date


@dataclass(frozen=True)
class AbsenceWaived:
    unit: str
    decision: Decision
    on: date


@dataclass(frozen=True)
class PastSessionRecorded:
    plan_year: int
    number: int
    held_on: date
    reporters: tuple[Reporter, ...]
    on: date


@dataclass(frozen=True)
class HoldingNoted:
    held_on: date
    on: date


@dataclass(frozen=True)
class MinutesNoted:
    document_number: str
    sent_on: date
    on: date
    duties: tuple[str, ...] = ()


Event = (
    RosterDrafted
    | ObserversNamed
    | SessionScheduled
    | SessionRescheduled
    | SessionCancelled
    | ReporterSubstituted
    | ReporterMovedIn
    | AttendanceNoted
    | AbsenceNoted
    | AbsenceWithdrawn
    | AbsenceWaived
    | PastSessionRecorded
    | HoldingNoted
    | MinutesNoted
)
