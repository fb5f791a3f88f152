"""The rules of the room: the record may be wrong or too early, but nothing that is said there is refused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from services.review.domain.roster import MATTERS, Matter, Reporter, Roster
from shared.decider import Refused
from shared.tenancy import Policy

if TYPE_CHECKING:
    from services.review.domain.proceedings import Proceedings


def before_the_session_day(held_on: date, today: date) -> Refused | None:
    """Nothing is recorded before it happened; what was forgotten is supplied later (domain.md 1, chair decides)."""
    if today < held_on:
        return Refused("review.before-the-session-day", held_on=held_on.isoformat())
    return None


def unit_not_rostered(unit: str, roster: Roster) -> Refused | None:
    """Speech, supplement and comment are about this session's reporters (domain.md 1, steps 5b to 5d)."""
    if unit not in roster.units:
        return Refused("review.unit-not-rostered", unit=unit, rostered=list(roster.units))
    return None


def deputy_may_not_read(person: str, reporter: Reporter) -> Refused | None:
    """The head reports in person (domain.md 1, step 5b)."""
    if person != reporter.person:
        return Refused(
            "review.deputy-may-not-read",
            unit=reporter.unit,
            unit_name=reporter.unit_name,
            person=person,
            rostered=reporter.person,
        )
    return None


def already_spoken(unit: str, proceedings: Proceedings) -> Refused | None:
    """One oral report a reporter (domain.md 1, step 5b)."""
    if proceedings.took_place(unit, "speech"):
        return Refused("review.already-spoken", unit=unit)
    return None


def without_spoken_time(spoken_seconds: int) -> Refused | None:
    """The real time is recorded (domain.md 1, step 5b; over the limit is recorded too, domain.md 2)."""
    if spoken_seconds <= 0:
        return Refused("review.without-spoken-time", spoken_seconds=spoken_seconds)
    return None


def lead_report_not_supplemented(unit: str, roster: Roster, policy: Policy) -> Refused | None:
    """A lead report 带头述法 is not supplemented by subordinates, unless policy opens it (domain.md 1, lead
    reporters)."""
    if unit in roster.leads and not policy.leads_answered_below:
        return Refused("review.lead-report-not-supplemented", unit=unit)
    return None


def lead_report_not_commented(unit: str, roster: Roster, policy: Policy) -> Refused | None:
    """Nor is it commented on by them: the tier above does that, and not here (domain.md 1, lead reporters)."""
    if unit in roster.leads and not policy.leads_answered_below:
        return Refused("review.lead-report-not-commented", unit=unit)
    return None


def words_already_confirmed(comment: str, proceedings: Proceedings) -> Refused | None:
    """A leader's confirmed words are not rewritten (domain.md 1, step 6)."""
    if comment in proceedings.confirmed:
        return Refused("review.words-already-confirmed", comment=comment)
    return None


def not_a_named_observer(unit: str, roster: Roster) -> Refused | None:
    """Observers are the next round's provisional reporters (domain.md 1, step 5e)."""
    named = [observer.unit for observer in roster.observers]
    if unit not in named:
        return Refused("review.not-a-named-observer", unit=unit, named=named)
    return None


def absent_without_reason(attended: bool, reason: str | None) -> Refused | None:
    """An absence is recorded with its reason (domain.md 2, observer absent)."""
    if not attended and not (reason and reason.strip()):
        return Refused("review.absent-without-reason")
    return None


def was_held(unit: str, what: Matter, proceedings: Proceedings) -> Refused | None:
    """未进行 is said only of what did not take place (domain.md 1, chair decides)."""
    if proceedings.took_place(unit, what):
        return Refused("review.was-held", unit=unit, what=what, what_zh=MATTERS[what])
    return None
