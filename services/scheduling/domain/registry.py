"""The words of the registry: tiers, categories, offices, and a post with the person who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["nation", "province", "city", "district", "bureau", "town", "village"]
Category = Literal["party_or_mass", "government", "town", "leadership", "section", "village"]
Office = Literal["party_office", "law_office", "organization_department", "supervision_office"]


@dataclass(frozen=True)
class Post:
    """A head's post in a unit and who holds it."""

    post: str
    title: str
    person: str


@dataclass(frozen=True)
class RegisteredUnit:
    """A unit of the tenant as its registry has it today."""

    unit: str
    name: str
    category: Category
    official_order: int
    posts: tuple[Post, ...]
    houses_offices: tuple[Office, ...] = ()

    def held(self, post: str) -> Post | None:
        """The post of that id, or None."""
        return next((one for one in self.posts if one.post == post), None)

    def posts_of(self, person: str) -> tuple[Post, ...]:
        """Every post of the unit that the person holds: more than one is 一肩挑."""
        return tuple(one for one in self.posts if one.person == person)
