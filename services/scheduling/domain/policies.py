"""The rules of scheduling that refuse: each a predicate named for its rule, saying why it refuses or None."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from services.scheduling.domain.registry import CATEGORIES_OF_A_ROSTER, Post, RegisteredUnit, Tier
from services.scheduling.domain.roster import Facts, RosterEntry, round_of
from shared.calendar import Calendar, YearNotPublished
from shared.decider import Refused
from shared.tenancy import Policy, stricter_only, unknown_values

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
JANUARY = 1


# The registry (domain.md 1, full coverage)


def name_is_blank(**names: str) -> Refused | None:
    """A tenant, unit, title or person has a name; ``field`` says which is missing."""
    blank = sorted(field for field, name in names.items() if not name.strip())
    return Refused("scheduling.name-blank", field=blank[0]) if blank else None


def post_id_malformed(posts: Iterable[Post]) -> Refused | None:
    """A post's id stands in other services' keys: lower-case letters, digits and single hyphens."""
    wrong = [post.post for post in posts if _ID.fullmatch(post.post) is None]
    return Refused("scheduling.post-id-malformed", post=wrong[0]) if wrong else None


def post_listed_twice(posts: Iterable[Post]) -> Refused | None:
    """A unit has each post once: a duty is keyed to unit and post (domain.md 2)."""
    twice = [post for post, times in Counter(post.post for post in posts).items() if times > 1]
    return Refused("scheduling.post-listed-twice", post=twice[0]) if twice else None


def post_unknown_in_unit(post: str, known: Iterable[str]) -> Refused | None:
    """A handover names a post that the unit has."""
    known = list(known)
    return None if post in known else Refused("scheduling.post-unknown", post=post, known=known)


def post_already_held(person: str, holder: str) -> Refused | None:
    """A handover changes the person (domain.md 2: the duty stays with unit and post, a handover is recorded)."""
    return Refused("scheduling.post-already-held", person=person) if person == holder else None


def handover_in_the_future(effective_on: date, today: date) -> Refused | None:
    """A handover is recorded when it has happened: until then the holder answers for the post."""
    if effective_on <= today:
        return None
    return Refused(
        "scheduling.handover-in-the-future", effective_on=effective_on.isoformat(), today=today.isoformat()
    )


def handover_before_the_last(effective_on: date, held_since: date) -> Refused | None:
    """Who held which post when has no overlaps: a handover is not dated before the one before it."""
    if effective_on >= held_since:
        return None
    return Refused(
        "scheduling.handover-before-the-last",
        effective_on=effective_on.isoformat(),
        held_since=held_since.isoformat(),
    )


# Policy (domain.md 2, sub-tiers' numbers)


def policy_value_unknown(values: Mapping[str, object]) -> Refused | None:
    """Only values that the software knows, each of its own type, can be adopted."""
    unknown = unknown_values(values)
    return Refused("scheduling.policy-value-unknown", unknown=unknown) if unknown else None


def policy_value_out_of_range(values: Mapping[str, object]) -> Refused | None:
    """No number is negative, and a list of offices names one at least: a rule cannot be emptied by its value."""
    wrong = [
        name
        for name, value in values.items()
        if (isinstance(value, int) and value < 0) or (isinstance(value, str | tuple | list) and not value)
    ]
    return Refused("scheduling.policy-value-out-of-range", values=wrong) if wrong else None


def policy_laxer_than_above(above: Policy, values: Mapping[str, object]) -> Refused | None:
    """Inherited from the tier above, may be made stricter, never laxer (domain.md 2).

    ``above`` without a version means that no tier above has adopted anything: then this one sets the values.
    """
    laxer = stricter_only(above, values) if above.versions else []
    return Refused("scheduling.policy-laxer-than-above", laxer=laxer) if laxer else None


def policy_holds_too_early(holds_from: date, today: date, first: bool) -> Refused | None:
    """A new version never changes what was decided under the old one; only the first may reach back."""
    if first or holds_from >= today:
        return None
    return Refused(
        "scheduling.policy-holds-too-early", holds_from=holds_from.isoformat(), today=today.isoformat()
    )


# The year's plan (domain.md 1, step 1)


def plan_year_malformed(year: int | None) -> Refused | None:
    """A plan is the plan of a year of four digits."""
    return Refused("scheduling.plan-year-malformed") if year is None else None


def rounds_not_numbered_in_order(numbers: Sequence[int]) -> Refused | None:
    """A plan has one round at least, and they are numbered 1, 2, … in the order of their dates."""
    if numbers and list(numbers) == list(range(1, len(numbers) + 1)):
        return None
    return Refused("scheduling.rounds-not-numbered-in-order", numbers=list(numbers))


def date_outside_plan_year(day: date, plan_year: int) -> Refused | None:
    """A session of a plan year is held in it or in the January after (domain.md 2: 2021/2 was in January 2022)."""
    if day.year == plan_year or (day.year, day.month) == (plan_year + 1, JANUARY):
        return None
    return Refused("scheduling.date-outside-plan-year", date=day.isoformat(), plan_year=plan_year)


# The roster (domain.md 1, step 2)


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


def roster_quota_missed(entries: Sequence[RosterEntry], policy: Policy) -> Refused | None:
    """A roster has as many reporters as policy says."""
    quota = policy.reporters_per_session
    if len(entries) == quota:
        return None
    return Refused("scheduling.roster-quota-missed", quota=quota, listed=len(entries))


def category_missing(
    entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit], tier: Tier | None
) -> Refused | None:
    """A district's roster has one of each: party or mass organisation, government department, town."""
    needed = CATEGORIES_OF_A_ROSTER.get(tier, ()) if tier else ()
    present = {units[entry.unit].category for entry in entries if entry.unit in units}
    missing = [category for category in needed if category not in present]
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


# The session's date (domain.md 1, steps 1 and 2; section 4)


def roster_still_provisional(provisional: bool) -> Refused | None:
    """People are called by a roster that is settled; a provisional one (拟参加) is drafted again as settled first."""
    return Refused("scheduling.roster-still-provisional") if provisional else None


def observers_not_named(observers: Sequence[object]) -> Refused | None:
    """A session is scheduled when its observers are named: then the next round's roster exists."""
    return None if observers else Refused("scheduling.observers-not-named")


def round_not_planned(number: int, plan_year: int, rounds: Mapping[int, date] | None) -> Refused | None:
    """A session is a round of the year's adopted plan."""
    if rounds is not None and number in rounds:
        return None
    return Refused(
        "scheduling.round-not-planned", plan_year=plan_year, number=number, planned=sorted(rounds or ())
    )


def session_in_the_past(held_on: date, today: date) -> Refused | None:
    """A session is scheduled for today or a later day."""
    if held_on >= today:
        return None
    return Refused("scheduling.session-in-the-past", held_on=held_on.isoformat(), today=today.isoformat())


def calendar_year_missing(calendar: Calendar, held_on: date, policy: Policy) -> Refused | None:
    """The drafts' dates are counted in working days: never a guess in a year without holidays (domain.md 4).

    Refused here, where somebody can answer, and not in review, which only hears that the session is scheduled.
    """
    try:
        calendar.working_days_before(held_on, policy.draft_due_working_days)
        calendar.working_days_before(held_on, policy.approval_due_working_days)
    except YearNotPublished as missing:
        return Refused("scheduling.calendar-year-missing", year=missing.year)
    return None
