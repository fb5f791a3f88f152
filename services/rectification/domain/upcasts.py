"""Events as older versions told them, in today's shape. What an event did not say then is not made up now."""

from __future__ import annotations

from typing import Any


def rectification_verified_1_to_2(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not name what was left: nothing where the case passed, unknown where it passed in part."""
    return {**data, "unfinished": [] if data["outcome"] == "passed" else None}


UPCASTS = {("RectificationVerified", 1): rectification_verified_1_to_2}
