"""The rules of what people decide by name: a reason is given, and a decision says who, as what and why."""

from __future__ import annotations

from shared.decider import Decision, Refused


def reason_missing(reason: str) -> Refused | None:
    """What changes after people were called is explained to them (domain.md 1, the chair decides on the day)."""
    return None if reason.strip() else Refused("scheduling.reason-missing")


def decision_incomplete(decision: Decision | None) -> Refused | None:
    """Who passes over a rule does so by name, by title and with a reason (domain.md 1, the chair decides)."""
    if decision is None:
        return None
    words = {"by": decision.by, "title": decision.title, "reason": decision.reason}
    missing = [name for name, word in words.items() if not word.strip()]
    return Refused("scheduling.decision-incomplete", missing=missing) if missing else None


def unless(decision: Decision | None, *reasons: Refused | None) -> Refused | None:
    """The first of the refusals, unless somebody decided otherwise by name."""
    if decision is not None:
        return None
    return next((reason for reason in reasons if reason is not None), None)
