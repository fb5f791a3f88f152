"""What every entry must be: filled in, of a possible date, with an id that can be cited."""

from __future__ import annotations

import re
from datetime import date

from shared.decider import Decision, Refused

_TOKEN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TOKEN_CHARACTERS_AT_MOST = 80


def text_missing(name: str, text: str | None) -> Refused | None:
    """A text, a name or a reason is not left blank (domain.md 2, bad input)."""
    if text is None or not text.strip():
        return Refused("review.text-missing", field=name)
    return None


def classified_text_not_stored(text: str) -> Refused | None:
    """Of a classified session only task lines and receipts are recorded, the paper governs (domain.md 1 and 2)."""
    if text.strip():
        return Refused("review.classified-text-not-stored")
    return None


def decision_incomplete(decision: Decision | None) -> Refused | None:
    """Whoever passes over a rule is named, with title and reason (domain.md 1, chair decides)."""
    if decision is None:
        return None
    missing = [name for name in ("by", "title", "reason") if not getattr(decision, name).strip()]
    return Refused("review.decision-incomplete", missing=missing) if missing else None


def id_not_a_token(name: str, token: str) -> Refused | None:
    """Ids are cited in minutes and in subjects: lower-case letters, digits, hyphens (docs/design.md 4)."""
    if not _TOKEN.fullmatch(token) or len(token) > _TOKEN_CHARACTERS_AT_MOST:
        return Refused("review.id-not-a-token", field=name, id=token)
    return None


def date_in_the_future(name: str, on: date, today: date) -> Refused | None:
    """A date on paper has been, or is today."""
    if on > today:
        return Refused("review.date-in-the-future", field=name, on=on.isoformat(), today=today.isoformat())
    return None


def date_before_the_step_before(name: str, on: date, step_before: date) -> Refused | None:
    """The steps of the minutes follow each other (domain.md 1, step 6)."""
    if on < step_before:
        return Refused(
            "review.date-before-the-step-before",
            field=name,
            on=on.isoformat(),
            step_before=step_before.isoformat(),
        )
    return None
