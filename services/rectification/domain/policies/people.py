"""Who may, beyond the role (which shared.security asks for): which office's step it is, and nobody's own item."""

from __future__ import annotations

from services.rectification.domain.offices import acting
from services.rectification.domain.situations import Duty, FedBack
from shared.decider import Actor, Decision, Refused
from shared.tenancy import Policy


def not_the_verifying_office(actor: Actor, duty: Duty, policy: Policy) -> Refused | None:
    """Only the office that policy names verifies, or the one that stands in for it (1.9, conflict of interest)."""
    office = acting(policy.verifying_office, duty, policy)
    return None if office in actor.roles else Refused("rectification.not-verifying-office", office=office)


def not_the_extending_office(actor: Actor, duty: Duty, policy: Policy) -> Refused | None:
    """A request for more time is answered by the office that policy names, or by the one that stands in (2)."""
    office = acting(policy.extending_office, duty, policy)
    return None if office in actor.roles else Refused("rectification.not-extending-office", office=office)


def not_the_supervising_office(actor: Actor, duty: Duty, policy: Policy) -> Refused | None:
    """Supervision is the supervision office's, which does not supervise the unit it sits in (1, supervise)."""
    office = acting(policy.supervising_office, duty, policy)
    return None if office in actor.roles else Refused("rectification.not-supervising-office", office=office)


def decided_by_the_unit_itself(actor: Actor, duty: Duty) -> Refused | None:
    """Nobody verifies, returns, extends, supervises or corrects their own item (1, conflict of interest)."""
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


def decision_without_name_or_reason(decision: Decision) -> Refused | None:
    """An override names the person and the reason (design, security)."""
    if decision.by.strip() and decision.title.strip() and decision.reason.strip():
        return None
    return Refused("rectification.decision-incomplete")
