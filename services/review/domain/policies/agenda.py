"""The rules of an agenda: it calls exactly the reporters, and each with an approved draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from services.review.domain.roster import Reporter, Roster
from shared.decider import Refused


def agenda_is_not_the_roster(order: Sequence[str], rostered: Sequence[str]) -> Refused | None:
    """Every rostered unit is called once, and nobody else (domain.md 1, steps 2 and 5b)."""
    missing = [unit for unit in rostered if unit not in order]
    strangers = [unit for unit in order if unit not in rostered]
    twice = [unit for unit, times in Counter(order).items() if times > 1]
    if missing or strangers or twice:
        return Refused("review.agenda-is-not-the-roster", missing=missing, strangers=strangers, twice=twice)
    return None


def draft_not_approved(roster: Roster, drafts: Mapping[str, str]) -> Refused | None:
    """The agenda cannot be confirmed with an unapproved draft (domain.md 1, step 4); the chair may pass it over.

    How long before the session it was approved is for the chair to weigh.
    """
    if unapproved := not_approved(roster, drafts):
        return Refused(
            "review.draft-not-approved",
            units=[one.unit for one in unapproved],
            unit_names=[one.unit_name for one in unapproved],
        )
    return None


def not_approved(roster: Roster, drafts: Mapping[str, str]) -> list[Reporter]:
    """The reporters whose draft is owed and not approved: not the leads', nor a village's that was not asked for."""
    return [
        one
        for one in roster.reporters
        if not one.lead
        and (one.category != "village" or one.unit in drafts)
        and drafts.get(one.unit) != "approved"
    ]


def session_day_passed(held_on: date, today: date) -> Refused | None:
    """An agenda is made for a day that is still to come (domain.md 1, step 4); the chair may have it entered later."""
    if today > held_on:
        return Refused("review.session-day-passed", held_on=held_on.isoformat())
    return None


def agenda_not_confirmed() -> Refused:
    """Nobody speaks before the agenda stands (domain.md 1, step 4)."""
    return Refused("review.agenda-not-confirmed")
