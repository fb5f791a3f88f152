"""The words of a roster: who is asked to report, and what the law office has in front of it when it decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.scheduling.domain.registry import Category, RegisteredUnit, Tier

_SESSION = re.compile(r"([0-9]{4})-([1-9][0-9]*)")


@dataclass(frozen=True)
class RosterEntry:
    """A unit and the post in it whose holder is meant: rotation is keyed to both."""

    unit: str
    post: str


@dataclass(frozen=True)
class Reporter:
    """A roster entry with everything said of it later: the person is the one who holds the post on that day."""

    unit: str
    unit_name: str
    category: Category
    official_order: int
    post: str
    title: str
    person: str

    @property
    def entry(self) -> RosterEntry:
        """What the person was rostered by."""
        return RosterEntry(self.unit, self.post)


@dataclass(frozen=True)
class OtherSession:
    """Another session of the tenant, as far as a roster has to know of it."""

    session: str
    roster: tuple[RosterEntry, ...]
    held_on: date | None = None
    minutes_sent_on: date | None = None


@dataclass(frozen=True)
class Facts:
    """What the tenant has on record besides the session in hand: ``session`` is the id of the one in hand,
    ``rounds`` the planned dates of its year by number, None while no plan is adopted."""

    session: str
    tier: Tier | None = None
    units: Mapping[str, RegisteredUnit] = field(default_factory=dict)
    sessions: tuple[OtherSession, ...] = ()
    rounds: Mapping[int, date] | None = None

    def other(self, session: str) -> OtherSession | None:
        """The session of that id, or None."""
        return next((one for one in self.sessions if one.session == session), None)


def reporters(entries: Iterable[RosterEntry], units: Mapping[str, RegisteredUnit]) -> tuple[Reporter, ...]:
    """The entries with what the registry says of them today, in the official order of units.

    Every entry must be in the registry: the predicates on unknown units and posts come first.
    """
    found = []
    for entry in entries:
        unit = units[entry.unit]
        post = unit.held(entry.post)
        if post is None:
            raise KeyError(entry)
        found.append(
            Reporter(
                unit.unit,
                unit.name,
                unit.category,
                unit.official_order,
                post.post,
                post.title,
                post.person,
            )
        )
    return tuple(sorted(found, key=lambda reporter: (reporter.official_order, reporter.unit, reporter.post)))


def round_of(session: str) -> tuple[int, int] | None:
    """``2021-2`` → (2021, 2): the plan year and the number in it; None when the id is not of that form."""
    form = _SESSION.fullmatch(session)
    return (int(form[1]), int(form[2])) if form else None
