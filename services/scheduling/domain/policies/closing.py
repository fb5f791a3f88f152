"""The rules of an ending: what comes before a tenant is closed or a unit dissolved (domain.md 1, full coverage)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from shared.decider import Refused


def cases_still_open(cases: Sequence[str]) -> Refused | None:
    """Every link of the chain is kept (domain.md 1): what was told to be put right is verified before its tenant is
    closed or its unit dissolved."""
    return Refused("scheduling.cases-still-open", cases=list(cases)) if cases else None


def sessions_still_running(sessions: Sequence[str]) -> Refused | None:
    """A session whose people are called is held and its minutes are sent, or it is called off, before its tenant is
    closed (domain.md 1, step 6: sending starts the clock)."""
    return Refused("scheduling.sessions-still-running", sessions=list(sessions)) if sessions else None


def tenants_below_still_open(tenants: Sequence[str], more: int) -> Refused | None:
    """A tier is closed from below: nobody reports to a tenant that is closed. ``more`` are open beside those named."""
    return (
        Refused("scheduling.tenants-below-still-open", tenants=list(tenants), more=more) if tenants else None
    )


def tier_above_closed(above: str | None) -> Refused | None:
    """No tenant is opened below one that is closed."""
    return Refused("scheduling.tier-above-closed", above=above) if above is not None else None


def unit_on_a_coming_roster(sessions: Sequence[str]) -> Refused | None:
    """Who is to report or to observe is not dissolved away: the roster is drafted anew or the reporter replaced
    first (domain.md 1, step 2)."""
    return Refused("scheduling.unit-on-a-coming-roster", sessions=list(sessions)) if sessions else None


def dissolved_in_the_future(valid_until: date, today: date) -> Refused | None:
    """A dissolution is entered when it has happened: until then the unit answers for itself."""
    if valid_until <= today:
        return None
    return Refused(
        "scheduling.dissolved-in-the-future", valid_until=valid_until.isoformat(), today=today.isoformat()
    )


def dissolved_before_its_last_change(valid_until: date, changed_on: date) -> Refused | None:
    """A unit's last day is not before a name or a holder that is on record (domain.md 2, dates of validity)."""
    if valid_until >= changed_on:
        return None
    return Refused(
        "scheduling.dissolved-before-its-last-change",
        valid_until=valid_until.isoformat(),
        changed_on=changed_on.isoformat(),
    )
