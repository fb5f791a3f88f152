"""Rules of feedback: what it says, when it was sent, who receipts it, until when it may be taken back."""

from __future__ import annotations

from datetime import date

from services.rectification.domain.situations import Duty, FedBack, Outcome
from shared.decider import Actor, Refused
from shared.tenancy import Policy


def feedback_empty(text: str) -> Refused | None:
    """A feedback says something (1.8)."""
    return None if text.strip() else Refused("rectification.feedback-empty")


def paper_not_named(document_number: str | None) -> Refused | None:
    """A classified feedback is on paper: the record names it (1, 2)."""
    if document_number is not None and document_number.strip():
        return None
    return Refused("rectification.document-number-missing")


def signer_missing(signer: str) -> Refused | None:
    """A feedback is a report 报告 with its signer (1.8)."""
    return None if signer.strip() else Refused("rectification.signer-missing")


def short_form_not_open(policy: Policy) -> Refused | None:
    """Where policy has closed the short form a village reports like any unit (1, full coverage)."""
    return None if policy.village_short_form else Refused("rectification.short-form-not-open")


def not_an_entering_office(actor: Actor, policy: Policy) -> Refused | None:
    """For a village the offices enter that policy names (1, full coverage)."""
    if actor.roles & {*policy.village_entry_offices}:
        return None
    return Refused("rectification.not-an-entering-office", offices=list(policy.village_entry_offices))


def not_a_village(duty: Duty) -> Refused | None:
    """The one short form is for villages; every other unit sends its report (1, full coverage)."""
    if duty.in_village:
        return None
    return Refused("rectification.not-a-village", unit=duty.unit, unit_name=duty.unit_name)


def entered_for_nobody(entered_for: str) -> Refused | None:
    """What the town enters it enters on somebody's behalf: "entered by, for" shows (2)."""
    return None if entered_for.strip() else Refused("rectification.entered-for-missing")


def sent_in_the_future(sent_on: date, today: date) -> Refused | None:
    """What was sent was sent on a day that has come (1.8)."""
    if sent_on <= today:
        return None
    return Refused("rectification.sent-in-future", sent_on=sent_on.isoformat(), today=today.isoformat())


def sent_before_it_was_asked(sent_on: date, asked_on: date) -> Refused | None:
    """A feedback answers the minutes, or the last return; it cannot be older than what it answers (1.6, 1.9)."""
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


def outcome_contradicts_the_items(outcome: Outcome, unfinished: tuple[str, ...]) -> Refused | None:
    """What passed in part names the items that are not done, what passed leaves none (1.9)."""
    if (outcome == "partly") == bool(unfinished):
        return None
    return Refused("rectification.outcome-contradicts-items", outcome=outcome, unfinished=list(unfinished))


def withdrawn_by_somebody_else(actor: Actor, duty: Duty, policy: Policy) -> Refused | None:
    """Who sends takes back: the unit itself, for a village the office that enters for it (2)."""
    if actor.unit == duty.unit or (duty.in_village and actor.roles & {*policy.village_entry_offices}):
        return None
    return Refused("rectification.not-own-unit", unit=duty.unit, unit_name=duty.unit_name)


def receipted_before_it_was_withdrawn(case: FedBack) -> Refused | None:
    """A feedback sent in error may be withdrawn before the first receipt (2)."""
    for receipt in case.receipts:
        return Refused(
            "rectification.receipted-before-withdrawal", office=receipt.office, on=receipt.on.isoformat()
        )
    return None
