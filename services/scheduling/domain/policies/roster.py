"""The rules of a roster: who may be asked to report, with whom, and who observes (domain.md 1, steps 2 and 5e)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from services.scheduling.domain.registry import RegisteredUnit
from services.scheduling.domain.roster import Absence, Facts, Reporter, RosterEntry, round_of
from shared.decider import Refused
from shared.tenancy import Policy

DISTRICT = "district"


def session_named_otherwise(session: str, plan_year: int, number: int) -> Refused | None:
    """A session's id says its plan year and its number in it."""
    if round_of(session) == (plan_year, number):
        return None
    return Refused("scheduling.session-named-otherwise", session=session, plan_year=plan_year, number=number)


def entry_listed_twice(entries: Sequence[RosterEntry]) -> Refused | None:
    """A unit stands on a roster once: a town has two heads, one of them per appearance (domain.md 2)."""
    twice = [unit for unit, times in Counter(entry.unit for entry in entries).items() if times > 1]
    return Refused("scheduling.entry-listed-twice", units=twice) if twice else None


def unit_not_registered(
    entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit]
) -> Refused | None:
    """Only a unit of the tenant's registry can be rostered."""
    unknown = [entry.unit for entry in entries if entry.unit not in units]
    return Refused("scheduling.unit-not-registered", units=unknown) if unknown else None


def post_not_registered(
    entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit]
) -> Refused | None:
    """Only the holder of a post that the unit has can be rostered."""
    unknown = [
        f"{entry.unit}/{entry.post}"
        for entry in entries
        if entry.unit in units and units[entry.unit].held(entry.post) is None
    ]
    return Refused("scheduling.post-not-registered", posts=unknown) if unknown else None


def unit_dissolved(entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit]) -> Refused | None:
    """A unit that was dissolved is not rostered (domain.md 2: what a unit is called has dates, and so has the unit)."""
    gone = [
        entry.unit for entry in entries if entry.unit in units and units[entry.unit].valid_until is not None
    ]
    return Refused("scheduling.unit-dissolved", units=gone) if gone else None


def roster_quota_missed(entries: Sequence[RosterEntry], policy: Policy) -> Refused | None:
    """A roster has as many reporters as policy says; lead reports 带头述法 are outside the quota (domain.md 1)."""
    quota = policy.reporters_per_session
    if len(entries) == quota:
        return None
    return Refused("scheduling.roster-quota-missed", quota=quota, listed=len(entries))


def category_missing(
    entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit], tier: str | None, policy: Policy
) -> Refused | None:
    """A district's roster has one of each category that policy names: party or mass organisation, government
    department, town. A bureau's or a town's own round has a quota and no rule about categories."""
    if tier != DISTRICT:
        return None
    present = {units[entry.unit].category for entry in entries if entry.unit in units}
    missing = [category for category in policy.roster_categories if category not in present]
    return Refused("scheduling.category-missing", missing=missing) if missing else None


def observed_for_no_later_round(for_session: str, plan_year: int, number: int) -> Refused | None:
    """Observers are those of a round that comes after this session."""
    observed_for = round_of(for_session)
    if observed_for is not None and observed_for > (plan_year, number):
        return None
    return Refused("scheduling.observed-for-no-later-round", for_session=for_session)


def next_roster_missing(for_session: str, facts: Facts) -> Refused | None:
    """The next round's roster exists, provisionally, before this session: its people observe it."""
    if facts.other(for_session) is not None:
        return None
    return Refused("scheduling.next-roster-missing", for_session=for_session)


def observers_are_not_the_next_roster(
    observers: Iterable[RosterEntry], for_session: str, facts: Facts
) -> Refused | None:
    """The observers are the people of the next round's roster, all of them and nobody else (domain.md 1, step 5e)."""
    next_round = facts.other(for_session)
    expected = {(entry.unit, entry.post) for entry in next_round.roster} if next_round else set()
    named = {(entry.unit, entry.post) for entry in observers}
    if named == expected:
        return None
    return Refused(
        "scheduling.observers-are-not-the-next-roster",
        for_session=for_session,
        missing=[f"{unit}/{post}" for unit, post in sorted(expected - named)],
        extra=[f"{unit}/{post}" for unit, post in sorted(named - expected)],
    )


def moved_unit_left_out(entries: Iterable[RosterEntry], facts: Facts) -> Refused | None:
    """A unit whose head did not report in person moves to the next round (domain.md 1, step 5b): that round's
    roster has it."""
    rostered = {entry.unit for entry in entries}
    missing = [unit for unit in facts.moved_here if unit not in rostered]
    return Refused("scheduling.moved-unit-left-out", units=missing) if missing else None


def absent_observer_not_waived(
    reporters: Iterable[Reporter], absences: Iterable[Absence], policy: Policy
) -> Refused | None:
    """Policy may say that who did not come to observe is not called unless waived by name (domain.md 2).

    It is about the person: whoever took the post since, or was rostered later, was not absent.
    """
    if not policy.observer_absence_blocks:
        return None
    absent = {(one.unit, one.person) for one in absences if one.waived is None}
    blocked = [one.unit for one in reporters if (one.unit, one.person) in absent]
    return Refused("scheduling.absent-observer-not-waived", units=blocked) if blocked else None


def no_absence_recorded(unit: str, absences: Iterable[Absence]) -> Refused | None:
    """Only an absence that is on record can be waived."""
    if any(one.unit == unit for one in absences):
        return None
    return Refused("scheduling.no-absence-recorded", unit=unit)
