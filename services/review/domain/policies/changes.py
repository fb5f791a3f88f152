"""The rules of what scheduling changes about a session: possible until it has begun, and not of one that is off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from shared.decider import Refused


def session_has_begun(units_heard: Sequence[str]) -> Refused | None:
    """A session at which somebody reported is neither moved nor called off (domain.md 1, step 5b)."""
    if units_heard:
        return Refused("review.session-has-begun", units_heard=list(units_heard))
    return None


def substituted_after_the_speech(unit_out: str, units_heard: Sequence[str]) -> Refused | None:
    """Who has reported is not substituted (domain.md 1, step 5b)."""
    if unit_out in units_heard:
        return Refused("review.substituted-after-the-speech", unit=unit_out)
    return None


def session_cancelled(reason: str, cancelled_on: date) -> Refused:
    """Nothing is recorded of a session that was called off (domain.md 1, step 1)."""
    return Refused("review.session-cancelled", reason=reason, cancelled_on=cancelled_on.isoformat())
