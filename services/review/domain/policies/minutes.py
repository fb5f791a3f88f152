"""The rules of the minutes: whole, in the leaders' own words, and numbered before they are sent."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from services.review.domain.roster import MATTERS, Matter, Reporter
from shared.decider import Actor, Refused
from shared.tenancy import Policy

if TYPE_CHECKING:
    from services.review.domain.proceedings import CommentRecorded, Proceedings

_DOCUMENT_NUMBER = re.compile(r".{2,20}〔[0-9]{4}〕[1-9][0-9]{0,3}号")


def something_is_missing(proceedings: Proceedings, policy: Policy) -> Refused | None:
    """What is missing is supplied or marked 未进行 before the minutes are signed (domain.md 1, chair decides)."""
    missing = [
        (reporter, what)
        for reporter in proceedings.reporters
        for what in expected_of(reporter, proceedings.not_held, policy)
        if not proceedings.took_place(reporter.unit, what)
    ]
    if missing:
        return Refused(
            "review.something-is-missing",
            missing=[f"{what}:{reporter.unit}" for reporter, what in missing],
            missing_zh=[reporter.unit_name + MATTERS[what] for reporter, what in missing],
        )
    return None


def expected_of(reporter: Reporter, not_held: Collection[tuple[str, Matter]], policy: Policy) -> list[Matter]:
    """What a session expects for a reporter, less what is marked 未进行 (domain.md 1, steps 5b to 5d).

    Whoever did not speak is neither supplemented nor commented on, and lead reporters never are.
    """
    expected: list[Matter] = ["speech"]
    if not reporter.lead and (reporter.unit, "speech") not in not_held:
        expected += ["supplement"] if policy.supplement_expected else []
        expected += ["comment"] if policy.comment_expected else []
    return [what for what in expected if (reporter.unit, what) not in not_held]


def words_not_confirmed(proceedings: Proceedings) -> Refused | None:
    """Each leader confirms their own words before the chair signs (domain.md 1, step 6)."""
    waiting = [one for one in proceedings.comments if one.comment not in proceedings.confirmed]
    if waiting:
        return Refused(
            "review.words-not-confirmed",
            comments=[one.comment for one in waiting],
            leaders=list(dict.fromkeys(one.by for one in waiting)),
        )
    return None


def comment_unknown(comment: str, proceedings: Proceedings) -> Refused | None:
    """Only words that were taken down are confirmed (domain.md 1, step 6)."""
    if comment not in proceedings.words:
        return Refused("review.comment-unknown", comment=comment)
    return None


def words_of_another(comment: CommentRecorded, entered_for: str | None, actor: Actor) -> Refused | None:
    """A leader confirms own words; the Party office enters it only in that leader's name (domain.md 2, who enters)."""
    by = comment.by
    themselves = "leader" in actor.roles and actor.name == by and entered_for in (None, by)
    on_their_behalf = "party_office" in actor.roles and entered_for == by
    if not themselves and not on_their_behalf:
        return Refused("review.words-of-another", comment=comment.comment, by=by, entered_for=entered_for)
    return None


def document_number_malformed(document_number: str) -> Refused | None:
    """``×委办〔2022〕3号``: issuer, year in hexagonal brackets, no zero padding (GB/T 9704-2012; domain.md 6)."""
    if not _DOCUMENT_NUMBER.fullmatch(document_number):
        return Refused(
            "review.document-number-malformed", document_number=document_number, rule="GB/T 9704-2012"
        )
    return None


def number_missing() -> Refused:
    """Unnumbered minutes are not sent (domain.md 1, step 6)."""
    return Refused("review.number-missing")
