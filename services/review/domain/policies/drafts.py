"""The rules of a draft: when it may be handed in, for whom, and what an approval is worth."""

from __future__ import annotations

from datetime import date

from shared.calendar import Calendar, YearNotPublished
from shared.decider import Refused
from shared.tenancy import Policy, draft_dates


def calendar_year_missing(calendar: Calendar, held_on: date, policy: Policy) -> Refused | None:
    """Lead times are working days; in a year without data they are refused, never guessed (domain.md 4)."""
    try:
        draft_dates(held_on, policy, calendar)
    except YearNotPublished as missing:
        return Refused("review.calendar-year-missing", year=missing.year)
    return None


def entered_for_somebody_else(entered_for: str | None, person: str) -> Refused | None:
    """The liaison enters, the rostered head answers for it (domain.md 2, who enters)."""
    if entered_for is not None and entered_for != person:
        return Refused("review.entered-for-somebody-else", entered_for=entered_for, person=person)
    return None


def agenda_already_confirmed(confirmed: bool, session: str) -> Refused | None:
    """An agenda holds approved drafts only, so none changes under a confirmed one (domain.md 1, step 4)."""
    if confirmed:
        return Refused("review.agenda-already-confirmed", session=session)
    return None


def not_the_current_revision(read: int | None, current: int) -> Refused | None:
    """What is approved is what was read last (domain.md 1, step 4)."""
    if read is not None and read != current:
        return Refused("review.not-the-current-revision", revision=read, current=current)
    return None


def approval_after_the_session(held_on: date, today: date) -> Refused | None:
    """A draft is approved before it is spoken (domain.md 1, step 4)."""
    if today > held_on:
        return Refused("review.approval-after-the-session", held_on=held_on.isoformat())
    return None
