"""What may be asked of a session: by the law office, and in the second half by what others have said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.scheduling.domain.roster import RosterEntry
from shared.decider import Decision


@dataclass(frozen=True)
class DraftRoster:
    """Who is to report; ``provisional`` (拟参加) while the round before is still to come. ``leads`` give lead
    reports 带头述法, outside the quota. A ``decision`` passes over the quota, the categories and a moved unit."""

    plan_year: int
    number: int
    reporters: tuple[RosterEntry, ...]
    provisional: bool
    leads: tuple[RosterEntry, ...] = ()
    decision: Decision | None = None


@dataclass(frozen=True)
class NameObservers:
    """The people of the later session ``for_session`` observe this one."""

    for_session: str
    observers: tuple[RosterEntry, ...]


@dataclass(frozen=True)
class WaiveAbsence:
    """The unit's head did not come to observe the round before, and is called all the same."""

    unit: str
    decision: Decision


@dataclass(frozen=True)
class ScheduleSession:
    """Call the roster for that day. A ``decision`` does without observers, or with others than the next roster."""

    held_on: date
    decision: Decision | None = None


@dataclass(frozen=True)
class RescheduleSession:
    """Hold it on another day."""

    held_on: date
    reason: str


@dataclass(frozen=True)
class CancelSession:
    """Do not hold it."""

    reason: str


@dataclass(frozen=True)
class SubstituteReporter:
    """The head of ``unit_out`` does not report in person: that unit moves to the next round, ``unit_in`` steps in.
    A ``decision`` passes over its category."""

    unit_out: str
    unit_in: str
    post: str
    reason: str
    decision: Decision | None = None


@dataclass(frozen=True)
class PastReporter:
    """Who reported in a session from before the system, as it was then."""

    unit: str
    post: str
    person: str


@dataclass(frozen=True)
class RecordPastSession:
    """A session from before the system, for the rotation: plan year, number in it and day are separate facts."""

    plan_year: int
    number: int
    held_on: date
    reporters: tuple[PastReporter, ...]


@dataclass(frozen=True)
class MoveReporterIn:
    """The unit did not report in person in the round before, where ``unit_in`` stepped in."""

    unit: str
    post: str
    from_session: str
    unit_in: str


@dataclass(frozen=True)
class NoteAttendance:
    """Review says whether the observer of that unit came."""

    unit: str
    person: str
    attended: bool
    reason: str | None


@dataclass(frozen=True)
class NoteAbsence:
    """Somebody of this roster came, or did not come, to observe the round before."""

    unit: str
    person: str
    session: str
    attended: bool
    reason: str | None


@dataclass(frozen=True)
class NoteHeld:
    """Review says that the session took place."""

    held_on: date


@dataclass(frozen=True)
class NoteMinutes:
    """Review says that the session's minutes were sent; ``duties`` are the units of which they ask something."""

    document_number: str
    sent_on: date
    duties: tuple[str, ...] = ()


Command = (
    DraftRoster
    | NameObservers
    | WaiveAbsence
    | ScheduleSession
    | RescheduleSession
    | CancelSession
    | SubstituteReporter
    | RecordPastSession
    | MoveReporterIn
    | NoteAttendance
    | NoteAbsence
    | NoteHeld
    | NoteMinutes
)
