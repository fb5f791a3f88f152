"""Every rule of a case that can refuse: a predicate named for the rule, answering why, or None.

The numbers are domain.md's: "1.8" is step 8 of its first section, "2" its table of open questions.
"""

from __future__ import annotations

from datetime import date, timedelta

from services.rectification.domain.situations import Duty, ExtensionAsked, FedBack, Item, Open
from shared.calendar import Calendar
from shared.decider import Actor, Refused
from shared.tenancy import Policy

# ---- opening ----


def nothing_is_asked(items: tuple[Item, ...]) -> Refused | None:
    """A comment with praise only makes no case (2)."""
    return None if items else Refused("rectification.no-items")


# ---- who ----


def not_own_unit(actor: Actor, duty: Duty) -> Refused | None:
    """A unit's feedback and requests come from the unit itself (1.7, 1.8)."""
    if actor.unit == duty.unit:
        return None
    return Refused("rectification.not-own-unit", unit=duty.unit, unit_name=duty.unit_name)


def not_the_verifying_office(actor: Actor, policy: Policy) -> Refused | None:
    """Only the office that policy names verifies (1.9)."""
    if policy.verifying_office in actor.roles:
        return None
    return Refused("rectification.not-verifying-office", office=policy.verifying_office)


def decided_by_the_unit_itself(actor: Actor, duty: Duty) -> Refused | None:
    """Nobody verifies, returns or extends their own item (1, conflict of interest)."""
    if actor.unit != duty.unit:
        return None
    return Refused("rectification.own-item", unit=duty.unit, unit_name=duty.unit_name)


def not_an_office_of_the_feedback(office: str, case: FedBack) -> Refused | None:
    """Receipts are given by the offices the feedback was sent to (1.8)."""
    if office in case.offices:
        return None
    return Refused("rectification.not-a-receipt-office", office=office, offices=list(case.offices))


def not_own_office(office: str, actor: Actor) -> Refused | None:
    """Each office receipts separately, for itself (1.8)."""
    return None if office in actor.roles else Refused("rectification.not-own-office", office=office)


# ---- feedback ----


def feedback_empty(text: str) -> Refused | None:
    """A feedback says something (1.8)."""
    return None if text.strip() else Refused("rectification.feedback-empty")


def signer_missing(signer: str) -> Refused | None:
    """A feedback is a report 报告 with its signer (1.8)."""
    return None if signer.strip() else Refused("rectification.signer-missing")


def sent_in_the_future(sent_on: date, today: date) -> Refused | None:
    """What has happened has a date that has come."""
    if sent_on <= today:
        return None
    return Refused("rectification.sent-in-future", sent_on=sent_on.isoformat(), today=today.isoformat())


def sent_before_it_was_asked(sent_on: date, case: Open) -> Refused | None:
    """A feedback answers the minutes, or the last return; it cannot be older than what it answers (1.6, 1.9)."""
    asked_on = case.returned_on or case.duty.minutes_sent_on
    if sent_on >= asked_on:
        return None
    return Refused(
        "rectification.sent-before-asked", sent_on=sent_on.isoformat(), asked_on=asked_on.isoformat()
    )


def already_receipted(office: str, case: FedBack) -> Refused | None:
    """One receipt an office (1.8)."""
    for receipt in case.receipts:
        if receipt.office == office:
            return Refused("rectification.already-receipted", office=office, on=receipt.on.isoformat())
    return None


def feedback_not_receipted_by_every_office(case: FedBack) -> Refused | None:
    """Verification, and a return is one, only when every office has receipted (1.9)."""
    missing = case.offices_missing
    return Refused("rectification.feedback-not-receipted", missing=missing) if missing else None


# ---- dates ----


def not_a_working_day(due_on: date, calendar: Calendar) -> Refused | None:
    """A last day is a working day (4). In a year whose calendar is not known nothing is guessed: the date stands,
    provisionally."""
    due = calendar.due(due_on)
    if due.provisional or due.on == due_on:
        return None
    return Refused("rectification.not-a-working-day", due_on=due_on.isoformat(), next=due.on.isoformat())


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


def reason_missing(reason: str) -> Refused | None:
    """An extension is asked, and refused, with a reason (2)."""
    return None if reason.strip() else Refused("rectification.reason-missing")


def extension_asked_too_late(today: date, duty: Duty) -> Refused | None:
    """Asked before the due date is over (2)."""
    if today <= duty.due_on:
        return None
    return Refused(
        "rectification.extension-asked-too-late", due_on=duty.due_on.isoformat(), today=today.isoformat()
    )


def extension_not_later(due_on: date, duty: Duty) -> Refused | None:
    """An extension is a later date (2)."""
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
    """One request at a time."""
    if case.asked is None:
        return None
    return Refused("rectification.extension-already-asked", asked_on=case.asked.asked_on.isoformat())


def no_extension_asked(asked: ExtensionAsked | None) -> Refused | None:
    """Only what was asked can be granted or refused."""
    return Refused("rectification.no-extension-asked") if asked is None else None
