"""The rules of the bulletin on the round before: told from one that was issued, left out only where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.review.domain.roster import Bulletin
from shared.decider import Refused

if TYPE_CHECKING:
    from services.review.domain.proceedings import Proceedings


def bulletin_left_out_without_reason(told: bool, reason: str | None) -> Refused | None:
    """No bulletin: not applicable, with the reason (domain.md 2, first round of a tenant)."""
    if not told and not (reason and reason.strip()):
        return Refused("review.bulletin-left-out-without-reason")
    return None


def bulletin_not_issued(told: bool, issued: Bulletin | None) -> Refused | None:
    """What is told is the bulletin that was issued for this session (domain.md 1, steps 5a and 10)."""
    if told and issued is None:
        return Refused("review.bulletin-not-issued")
    return None


def bulletin_is_due(told: bool, issued: Bulletin | None, round_before: str | None) -> Refused | None:
    """It does not apply to a first round or after one that is not in the system; else it is told (domain.md 2)."""
    about = issued.about_session if issued else round_before
    if not told and about is not None:
        return Refused("review.bulletin-is-due", about_session=about)
    return None


def bulletin_not_noted(proceedings: Proceedings) -> Refused | None:
    """A session ends with a word on the round before: told, or not applicable (domain.md 1, step 5a)."""
    if proceedings.bulletin is None:
        return Refused("review.bulletin-not-noted")
    return None
