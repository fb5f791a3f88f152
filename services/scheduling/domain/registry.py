"""The words of the registry: tiers, reporting bodies, categories, offices, and a post with who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Tier = Literal["nation", "province", "city", "district", "bureau", "town", "village"]
Category = Literal["party_or_mass", "government", "town", "leadership", "section", "village"]
ReportingBody = Literal["standing_committee", "party_committee", "party_work_committee", "party_group"]
"""常委会, 党委, 党工委, 党组: the body of a tenant that hears reports and answers for its own."""
Office = Literal["party_office", "law_office", "organization_department", "supervision_office"]

BODIES_OF_A_TIER: dict[Tier, tuple[ReportingBody, ...]] = {
    "nation": ("standing_committee",),
    "province": ("standing_committee",),
    "city": ("standing_committee",),
    "district": ("standing_committee",),
    "bureau": ("party_group", "party_committee"),
    "town": ("party_committee", "party_work_committee"),
    "village": (),
}
"""What each tier may have as its reporting body (domain.md 1, full coverage)."""


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
    valid_until: date | None = None
    """The last day on which it exists, where it was dissolved."""

    def held(self, post: str) -> Post | None:
        """The post of that id, or None."""
        return next((one for one in self.posts if one.post == post), None)

    def posts_of(self, person: str) -> tuple[Post, ...]:
        """Every post of the unit that the person holds: more than one is 一肩挑."""
        return tuple(one for one in self.posts if one.person == person)
