"""The words of a roster: who is asked to report, and what the law office has in front of it when it decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.scheduling.domain.registry import Category, RegisteredUnit
from shared.decider import Decision

_SESSION = re.compile(r"([0-9]{4})-([1-9][0-9]*)")


@dataclass(frozen=True)
class RosterEntry:
    """A unit and the post in it whose holder is meant: rotation is keyed to both."""

    unit: str
    post: str


@dataclass(frozen=True)
class Reporter:
    """A roster entry with everything said of it later: the person is the one who holds the post on that day.

    ``title`` names every post of the unit that the person holds, the rostered one first. ``lead``: a lead report
    带头述法, outside the quota.
    """

    unit: str
    unit_name: str
    category: Category
    official_order: int
    post: str
    title: str
    person: str
    lead: bool = False
    houses_offices: tuple[str, ...] = ()

    @property
    def entry(self) -> RosterEntry:
        """What the person was rostered by."""
        return RosterEntry(self.unit, self.post)


@dataclass(frozen=True)
class Absence:
    """Somebody of a roster did not come to observe ``session``, and why; ``waived`` by whom, if it was."""

    unit: str
    person: str
    session: str
    reason: str | None
    waived: Decision | None = None


@dataclass(frozen=True)
class OtherSession:
    """Another session of the tenant that was not cancelled, as far as a roster has to know of it.

    ``roster`` is without lead reports. ``held_on`` is None while it is only drafted; ``moved`` are the units that
    did not report there in person.
    """

    session: str
    roster: tuple[RosterEntry, ...]
    held_on: date | None = None
    minutes_sent_on: date | None = None
    moved: tuple[str, ...] = ()

    def has(self, unit: str) -> bool:
        """Does the unit stand on its roster?"""
        return any(entry.unit == unit for entry in self.roster)

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the order of rounds; an id of another form comes first."""
        return round_of(self.session) or (0, 0)


@dataclass(frozen=True)
class Facts:
    """What the tenant has on record besides the session in hand: ``session`` is the id of the one in hand,
    ``rounds`` the planned dates of its year by number, None while no plan is adopted."""

    session: str
    units: Mapping[str, RegisteredUnit] = field(default_factory=dict)
    sessions: tuple[OtherSession, ...] = ()
    rounds: Mapping[int, date] | None = None

    def other(self, session: str) -> OtherSession | None:
        """The session of that id, or None."""
        return next((one for one in self.sessions if one.session == session), None)

    @property
    def next_drafted(self) -> OtherSession | None:
        """The first later round that has a roster and whose people are not called yet."""
        here = round_of(self.session) or (0, 0)
        later = [one for one in self.sessions if one.held_on is None and one.place > here]
        return min(later, key=lambda one: one.place, default=None)

    @property
    def moved_here(self) -> list[str]:
        """Units that moved out of an earlier round and stand on no roster since: their turn is the round in hand."""
        here = round_of(self.session) or (0, 0)
        return [
            unit
            for earlier in sorted(self.sessions, key=lambda one: one.place)
            if earlier.place < here
            for unit in earlier.moved
            if not any(later.place > earlier.place and later.has(unit) for later in self.sessions)
        ]


def once_each(entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit]) -> tuple[RosterEntry, ...]:
    """One person holding several posts of a unit 一肩挑 reports once: of such entries the first stays. The same entry
    listed again is no second post but a mistake, and stays for a predicate to refuse."""
    found: list[RosterEntry] = []
    first_by: dict[tuple[str, str], RosterEntry] = {}
    for entry in entries:
        unit = units.get(entry.unit)
        post = unit.held(entry.post) if unit else None
        # A post that is not registered stays by its own name: a predicate refuses it.
        first = first_by.setdefault((entry.unit, post.person if post else entry.post), entry)
        if first == entry:
            found.append(entry)
    return tuple(found)


def reporters(
    entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit], leads: Iterable[RosterEntry] = ()
) -> tuple[Reporter, ...]:
    """The entries with what the registry says of them today, in the official order of units.

    Every entry must be in the registry: the predicates on unknown units and posts come first.
    """
    found = [_reporter(entry, units, lead=False) for entry in entries]
    found += [_reporter(entry, units, lead=True) for entry in leads]
    return in_official_order(found)


def in_official_order(found: Iterable[Reporter]) -> tuple[Reporter, ...]:
    """Lists are in the official order of units (domain.md 2, limits)."""
    return tuple(sorted(found, key=lambda reporter: (reporter.official_order, reporter.unit, reporter.post)))


def _reporter(entry: RosterEntry, units: Mapping[str, RegisteredUnit], lead: bool) -> Reporter:
    unit = units[entry.unit]
    post = unit.held(entry.post)
    if post is None:
        raise KeyError(entry)
    others = [one.title for one in unit.posts_of(post.person) if one.post != post.post]
    return Reporter(
        unit.unit,
        unit.name,
        unit.category,
        unit.official_order,
        post.post,
        "、".join([post.title, *others]),
        post.person,
        lead,
        unit.houses_offices,
    )


def round_of(session: str) -> tuple[int, int] | None:
    """``2021-2`` → (2021, 2): the plan year and the number in it; None when the id is not of that form."""
    form = _SESSION.fullmatch(session)
    return (int(form[1]), int(form[2])) if form else None
