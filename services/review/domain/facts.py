"""What a session decides by that lies outside its own stream: drafts, the registry, the round before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.review.domain.unit import Known


@dataclass(frozen=True)
class Facts:
    """What is asked for depends on the command; what was not asked for is empty.

    ``drafts``: unit → the state of its draft; a unit without a draft is not in it. ``units``: the registry.
    ``round_before``: the session held last before this one, where its minutes were sent from here and asked something;
    else None.
    """

    drafts: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, Known] = field(default_factory=dict)
    round_before: str | None = None
