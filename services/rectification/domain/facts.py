"""What a case's decision needs to know of the tenant's other cases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """``notice_taken_by`` is the case that has a notice with the number that a new one is to have."""

    notice_taken_by: str | None = None
