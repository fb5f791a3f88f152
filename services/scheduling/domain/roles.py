"""The words of access: the roles that can be granted, a grant and its time, and the stream that is a person's."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

from shared.decider import replace

OFFICES = frozenset({"law_office", "party_office", "organization_department", "supervision_office"})
OF_A_UNIT = frozenset({"reporter", "liaison"})
REACHING_BELOW = frozenset({"tenant_admin", "operator", "auditor"})
INSPECTOR = "inspector"
"""查阅: reads the tenant's content and does nothing."""
GRANTABLE = OFFICES | OF_A_UNIT | REACHING_BELOW | {"leader", INSPECTOR}

_TOKEN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_UNIT, LONGEST_PERSON = 80, 64


def is_plain(text: str, longest: int) -> bool:
    """May the text be an id as it is?"""
    return len(text) <= longest and _TOKEN.fullmatch(text) is not None


def access_id(person: str) -> str:
    """The id of a person's stream: the token's ``sub`` where it can be one, else ``sub-`` and its SHA-256's
    beginning. No two persons have the same one."""
    if is_plain(person, LONGEST_PERSON) and not person.startswith("sub-"):
        return person
    return f"sub-{hashlib.sha256(person.encode()).hexdigest()[:40]}"


@dataclass(frozen=True)
class Held:
    """A role as it was granted: from ``begins`` until ``ends``, both days included; without an end for good."""

    role: str
    unit: str | None
    subtree: bool
    begins: date
    ends: date | None
    reason: str

    def ended(self, today: date) -> bool:
        """Is its last day over?"""
        return self.ends is not None and self.ends < today

    def is_what_is(self, asked: Held, today: date) -> bool:
        """Is the same asked for again? Whoever asks from today on means a grant that has begun, too."""
        begun = asked.begins == today and self.begins <= today
        same = self == (replace(asked, begins=self.begins) if begun else asked)
        return same and not self.ended(today)

    def overlaps(self, other: Held) -> bool:
        """Is there a day on which both are held?"""
        return self.begins <= (other.ends or date.max) and other.begins <= (self.ends or date.max)
