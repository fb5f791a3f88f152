"""A suspension: the committee lets all work of a tenant stop for a period, by name and with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.rectification.domain.policies.dates import (
    suspension_ends_before_it_begins,
    suspension_too_long,
)
from services.rectification.domain.policies.people import decision_without_name_or_reason
from shared.decider import Decision, Given, NotAllowedNow, refuse_if


@dataclass(frozen=True)
class SuspendCases:
    """All cases of the tenant that are running stop for this period, both days included. A case that is opened
    later has the date its minutes print."""

    suspended_from: date
    suspended_until: date
    decision: Decision


@dataclass(frozen=True)
class CasesSuspended:
    suspended_from: date
    suspended_until: date
    decision: Decision
    on: date


@dataclass(frozen=True)
class Undecided:
    """Nothing was suspended under this id."""


@dataclass(frozen=True)
class Decided:
    """The period stands: another one is another suspension."""

    suspended_from: date
    suspended_until: date


Suspension = Undecided | Decided
Command = SuspendCases
Event = CasesSuspended

initial: Suspension = Undecided()


def decide(suspension: Suspension, command: Command, given: Given[None]) -> list[Event]:
    """Decided once. The cases follow in the same transaction."""
    match suspension:
        case Undecided():
            first, last = command.suspended_from, command.suspended_until
            refuse_if(
                decision_without_name_or_reason(command.decision),
                suspension_ends_before_it_begins(first, last),
                suspension_too_long(first, last, given.policy),
            )
            return [CasesSuspended(first, last, command.decision, on=given.today)]
        case Decided():
            raise NotAllowedNow(suspension, command)


def evolve(suspension: Suspension, event: Event) -> Suspension:
    """It stands as it was decided."""
    return Decided(event.suspended_from, event.suspended_until)
