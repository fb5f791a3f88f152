"""The rules of the registry: names, bodies, posts, and who held which when (domain.md 1, full coverage)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from services.scheduling.domain.registry import BODIES_OF_A_TIER, Post, ReportingBody, Tier
from shared.decider import Refused

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def name_is_blank(**names: str) -> Refused | None:
    """A tenant, unit, title or person has a name; ``field`` says which is missing."""
    blank = sorted(field for field, name in names.items() if not name.strip())
    return Refused("scheduling.name-blank", field=blank[0]) if blank else None


def village_has_a_reporting_body(tier: Tier, body: ReportingBody | None) -> Refused | None:
    """A village has no reporting body: its heads report to the town's (domain.md 1, full coverage)."""
    if body is None or BODIES_OF_A_TIER[tier]:
        return None
    return Refused("scheduling.village-has-no-reporting-body", body=body)


def reporting_body_of_another_tier(tier: Tier, body: ReportingBody | None) -> Refused | None:
    """A bureau has a 党组 or a 党委, a town a 党委 or a 党工委, a district a 常委会 (domain.md 1, full coverage)."""
    allowed = BODIES_OF_A_TIER[tier]
    if body is None or not allowed or body in allowed:
        return None
    return Refused("scheduling.reporting-body-of-another-tier", tier=tier, body=body, allowed=list(allowed))


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


def name_already_borne(name: str, borne: str) -> Refused | None:
    """A renaming changes the name."""
    return Refused("scheduling.name-already-borne", name=name) if name == borne else None


def renaming_in_the_future(valid_from: date, today: date) -> Refused | None:
    """A new name is entered when it is borne: what is written until then says the old one."""
    if valid_from <= today:
        return None
    return Refused(
        "scheduling.renaming-in-the-future", valid_from=valid_from.isoformat(), today=today.isoformat()
    )


def renaming_before_the_last(valid_from: date, borne_since: date) -> Refused | None:
    """Names have dates of validity (domain.md 2) without overlaps: a day has one name."""
    if valid_from > borne_since:
        return None
    return Refused(
        "scheduling.renaming-before-the-last",
        valid_from=valid_from.isoformat(),
        borne_since=borne_since.isoformat(),
    )


def post_added_twice(post: str, known: Iterable[str]) -> Refused | None:
    """A post that the unit has is handed over, not added again (domain.md 2: a duty is keyed to unit and post)."""
    return Refused("scheduling.post-added-twice", post=post) if post in set(known) else None


def post_added_in_the_future(since: date, today: date) -> Refused | None:
    """A post is entered when somebody holds it: until then nobody answers for it."""
    if since <= today:
        return None
    return Refused("scheduling.post-added-in-the-future", since=since.isoformat(), today=today.isoformat())


def post_older_than_its_unit(since: date, valid_from: date) -> Refused | None:
    """Nobody holds a post of a unit before the unit is there."""
    if since >= valid_from:
        return None
    return Refused(
        "scheduling.post-older-than-its-unit", since=since.isoformat(), valid_from=valid_from.isoformat()
    )
