"""Rules of a due date: what a return, an extension or a suspension may set."""

from __future__ import annotations

from datetime import date, timedelta

from services.rectification.domain.situations import Duty, Open
from shared.calendar import Calendar
from shared.decider import Refused
from shared.tenancy import Policy


def reason_missing(reason: str) -> Refused | None:
    """An extension is asked and refused, a feedback withdrawn, a record corrected with a reason (2)."""
    return None if reason.strip() else Refused("rectification.reason-missing")


def not_a_working_day(due_on: date, calendar: Calendar) -> Refused | None:
    """A last day is a working day (4). In a year whose calendar is not known nothing is guessed: the date stands,
    provisionally."""
    due = calendar.due(due_on)
    if due.provisional or due.on == due_on:
        return None
    return Refused("rectification.not-a-working-day", due_on=due_on.isoformat(), next=due.on.isoformat())


# ---- return ----


def remarks_missing(remarks: str) -> Refused | None:
    """A return says what is not done yet (1.9)."""
    return None if remarks.strip() else Refused("rectification.remarks-missing")


def return_date_not_ahead(due_on: date, today: date) -> Refused | None:
    """A return sets a new date (1.9), and a date that has come leaves no time."""
    if due_on > today:
        return None
    return Refused("rectification.return-date-not-ahead", due_on=due_on.isoformat(), today=today.isoformat())


def return_takes_time_away(due_on: date, duty: Duty) -> Refused | None:
    """The date the minutes print governs (2): a return may give time, it never shortens the term."""
    if due_on >= duty.due_on:
        return None
    return Refused(
        "rectification.return-takes-time-away", due_on=due_on.isoformat(), governing=duty.due_on.isoformat()
    )


# ---- extension ----


def extension_asked_too_late(today: date, duty: Duty) -> Refused | None:
    """Asked before the due date is over (2)."""
    if today <= duty.due_on:
        return None
    return Refused(
        "rectification.extension-asked-too-late", due_on=duty.due_on.isoformat(), today=today.isoformat()
    )


def extension_not_later(due_on: date, duty: Duty) -> Refused | None:
    """An extension is a later date (2), also where the date has moved since it was asked for."""
    if due_on > duty.due_on:
        return None
    return Refused(
        "rectification.extension-not-later", due_on=due_on.isoformat(), governing=duty.due_on.isoformat()
    )


def extension_too_long(due_on: date, duty: Duty, policy: Policy) -> Refused | None:
    """At most so many days beyond the date it extends (2), counted from the date before any extension."""
    latest = duty.extensible_from + timedelta(days=policy.extension_days_at_most)
    if due_on <= latest:
        return None
    return Refused(
        "rectification.extension-too-long",
        due_on=due_on.isoformat(),
        latest=latest.isoformat(),
        days_at_most=policy.extension_days_at_most,
    )


def extended_often_enough(duty: Duty, policy: Policy) -> Refused | None:
    """Once, or as often as policy says (2)."""
    if duty.extensions_granted < policy.extensions_at_most:
        return None
    return Refused("rectification.extended-often-enough", at_most=policy.extensions_at_most)


def extension_already_asked(case: Open) -> Refused | None:
    """One request at a time (2)."""
    if case.asked is None:
        return None
    return Refused("rectification.extension-already-asked", asked_on=case.asked.asked_on.isoformat())


# ---- suspension ----


def suspension_ends_before_it_begins(suspended_from: date, suspended_until: date) -> Refused | None:
    """A period has at least one day; both ends belong to it (2)."""
    if suspended_from <= suspended_until:
        return None
    return Refused(
        "rectification.suspension-without-days",
        suspended_from=suspended_from.isoformat(),
        suspended_until=suspended_until.isoformat(),
    )


def suspension_too_long(suspended_from: date, suspended_until: date, policy: Policy) -> Refused | None:
    """A stop of all work is for a time: one that lasts is decided again (2)."""
    days = (suspended_until - suspended_from).days + 1
    if days <= policy.suspension_days_at_most:
        return None
    return Refused(
        "rectification.suspension-too-long", days=days, days_at_most=policy.suspension_days_at_most
    )
