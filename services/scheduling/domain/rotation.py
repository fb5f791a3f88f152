"""Whose turn it is: the heads of the registry, the longest unreported first (domain.md 2, same unit again)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.scheduling.domain.registry import Category, Post, RegisteredUnit
from services.scheduling.domain.roster import OtherSession


@dataclass(frozen=True)
class Turn:
    """A head and when they last reported for that unit and post; None where no session says so.

    Somebody who holds several posts of a unit 一肩挑 has one turn. ``called_for`` is the coming session that has
    the unit on its roster.
    """

    unit: str
    unit_name: str
    category: Category
    official_order: int
    posts: tuple[Post, ...]
    last_session: str | None
    last_reported_on: date | None
    called_for: str | None


def turns(units: Iterable[RegisteredUnit], sessions: Iterable[OtherSession], today: date) -> list[Turn]:
    """Every head's turn, of the units that are still there.

    Never reported first, then the longest ago, then in the official order of units.
    """
    sessions = sorted(sessions, key=lambda one: one.place)
    found = [
        _turn(unit, unit.posts_of(person), sessions, today)
        for unit in units
        if unit.valid_until is None
        for person in dict.fromkeys(post.person for post in unit.posts)
    ]
    return sorted(
        found,
        key=lambda turn: (
            turn.last_reported_on or date.min,
            turn.official_order,
            turn.unit,
            turn.posts[0].post,
        ),
    )


def _turn(unit: RegisteredUnit, posts: tuple[Post, ...], sessions: list[OtherSession], today: date) -> Turn:
    ids = {post.post for post in posts}
    of_the_posts = [
        one for one in sessions if any(entry.unit == unit.unit and entry.post in ids for entry in one.roster)
    ]
    last = max(
        (one for one in of_the_posts if one.held_on is not None and one.held_on <= today),
        key=lambda one: (one.held_on or date.min, one.place),
        default=None,
    )
    coming = [one for one in of_the_posts if one.held_on is None or one.held_on > today]
    return Turn(
        unit.unit,
        unit.name,
        unit.category,
        unit.official_order,
        posts,
        last.session if last is not None else None,
        last.held_on if last is not None else None,
        coming[0].session if coming else None,
    )
