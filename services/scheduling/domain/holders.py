"""Who held which post on a day, under the unit's name of that day (domain.md 2: names and handovers have dates)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.scheduling.domain.unit import Closed, HeldPost, Registered

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Holder:
    """Somebody held a post from ``since`` to ``until``, both days included; ``until`` is None while it is held."""

    post: str
    title: str
    person: str
    since: date
    until: date | None


def holders(unit: Registered | Closed) -> Iterator[Holder]:
    """Every holder of every post, post by post. The day of a handover is the new holder's first; of two handovers on
    one day the last holds, and who held the post for no day is left out."""
    registered, last_day = (
        (unit, None) if isinstance(unit, Registered) else (unit.registered, unit.valid_until)
    )
    by_post: dict[str, list[HeldPost]] = {}
    for term in registered.terms:
        by_post.setdefault(term.post, []).append(term)
    for terms in by_post.values():
        for term, following in zip(terms, [*terms[1:], None], strict=True):
            until = following.since - ONE_DAY if following is not None else last_day
            if until is None or until >= term.since:
                yield Holder(term.post, term.title, term.person, term.since, until)


def holders_on(unit: Registered | Closed, day: date) -> list[Holder]:
    """Who held the posts on that day: one for each post that was there."""
    return [one for one in holders(unit) if one.since <= day and (one.until is None or day <= one.until)]


def name_on(unit: Registered | Closed, day: date) -> str | None:
    """The name that the unit bore on that day; None where it was not there yet, or no more."""
    registered = unit if isinstance(unit, Registered) else unit.registered
    if isinstance(unit, Closed) and day > unit.valid_until:
        return None
    borne = [one.name for one in registered.names if one.valid_from <= day]
    return borne[-1] if borne else None
