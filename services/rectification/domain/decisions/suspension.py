"""All work stops for a while: a date moves by the days that were suspended. And a provisional date is confirmed."""

from __future__ import annotations

from services.rectification.domain.commands import SuspendCase
from services.rectification.domain.events import (
    DueDateConfirmed,
    Event,
    RectificationSuspended,
    SuspensionNoted,
)
from services.rectification.domain.evolve import evolve
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case, Closed, FedBack, NotOpened, Open, Suspension
from services.rectification.domain.terms import due_with_suspensions, reminders
from shared.decider import Given, replace


def decide(case: Case, command: SuspendCase, given: Given[Facts]) -> list[Event]:
    """Every suspension reaches a case once. A closed case has no date that could move; of a case that is fed back
    no date runs, so the period is only noted: should the feedback be withdrawn, it counts."""
    if isinstance(case, NotOpened | Closed):
        return []
    if any(command.suspension == known.suspension for known in case.duty.suspended):
        return []
    period = Suspension(command.suspension, command.suspended_from, command.suspended_until)
    match case:
        case Open():
            with_it = replace(case, duty=replace(case.duty, suspended=(*case.duty.suspended, period)))
            return _moved(with_it, period, given) or [_noted(period, given)]
        case FedBack():
            return [_noted(period, given)]


def suspended_meanwhile(case: Case, given: Given[Facts]) -> list[Event]:
    """What was noted while the offices had the feedback, now that it was withdrawn and the date runs as if it had
    never stopped."""
    if not isinstance(case, Open) or not case.duty.suspended:
        return []
    return _moved(case, case.duty.suspended[-1], given)


def due_date_confirmed(case: Case, given: Given[Facts]) -> list[Event]:
    """domain.md section 4: a provisional date is confirmed or moved by an event, once its year's calendar is known."""
    if not isinstance(case, Open) or not case.duty.due.provisional:
        return []
    governing = case.duty.due
    if governing.why == "suspension":
        due, _ = due_with_suspensions(case.duty, case.asked_on, given.calendar)
    else:
        due = given.calendar.due(governing.due_on)
    if due.provisional:
        return []
    again = reminders(due.on, given.today, given.policy, given.calendar, case.duty.suspended)
    confirmed = DueDateConfirmed(governing.due_on, due.on, governing.why, on=given.today, reminders=again)
    # A date that moved to a later day may have moved into a suspension that did not touch it before.
    return [confirmed, *suspended_meanwhile(evolve(case, confirmed), given)]


def _moved(case: Open, period: Suspension, given: Given[Facts]) -> list[Event]:
    duty = case.duty
    due, days = due_with_suspensions(duty, case.asked_on, given.calendar)
    if due.on <= duty.due_on:
        return []
    return [
        RectificationSuspended(
            suspension=period.suspension,
            suspended_from=period.suspended_from,
            suspended_until=period.suspended_until,
            days=days - duty.days_added,
            due_on_before=duty.due_on,
            due_on=due.on,
            due_provisional=due.provisional,
            on=given.today,
            reminders=reminders(due.on, given.today, given.policy, given.calendar, duty.suspended),
        )
    ]


def _noted(period: Suspension, given: Given[Facts]) -> SuspensionNoted:
    return SuspensionNoted(period.suspension, period.suspended_from, period.suspended_until, on=given.today)
