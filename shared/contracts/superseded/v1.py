"""Version 1 of what has a newer version, each as it was published, with what it becomes in version 2."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from shared.contracts.base import Contract, EventClass, Token


class RectificationVerified(Contract):
    """``counts_in`` is the year of the evaluation: the year the rectification was due."""

    service: ClassVar[str] = "rectification"
    event_class: ClassVar[EventClass] = "progress"
    case: Token
    unit: Token
    session: Token
    plan_year: int
    original_due_on: date
    due_on: date
    fed_back_on: date
    verified_on: date
    by_office: str
    outcome: Literal["passed", "partly"]
    on_time: bool
    counts_in: int


def rectification_verified_1_to_2(data: dict[str, Any]) -> dict[str, Any]:
    """Which items were not done: none where the case passed; where it passed in part, version 1 did not say."""
    return {**data, "unfinished": [] if data["outcome"] == "passed" else None}
