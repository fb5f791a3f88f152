"""The figures of cases by tier that an operator sees."""

from __future__ import annotations

from datetime import date

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from services.rectification.progress import Counts, counted_by_tier
from shared.runtime.figures import Figures

GAUGES = {
    "open": Gauge("shufa_cases_open", "Cases whose unit has to act.", ["tier"]),
    "near_due": Gauge("shufa_cases_near_due", "Of these, those whose date comes near.", ["tier"]),
    "overdue": Gauge("shufa_cases_overdue", "Of these, those whose date has passed.", ["tier"]),
    "suspended": Gauge("shufa_cases_suspended", "Of these, those that stand still.", ["tier"]),
    "unverified": Gauge("shufa_cases_unverified", "Cases fed back and not yet verified.", ["tier"]),
    "completed": Gauge("shufa_cases_completed", "Cases verified.", ["tier"]),
}


async def count(connection: AsyncConnection, root: str, today: date) -> dict[str, dict[str, int]]:
    """The cases of a subtree."""
    return {tier: _shown(counts) for tier, counts in (await counted_by_tier(connection, root, today)).items()}


def _shown(counts: Counts) -> dict[str, int]:
    return {
        "open": counts["open"],
        "near_due": counts["yellow"] + counts["orange"],
        "overdue": counts["overdue"],
        "suspended": counts["suspended"],
        "unverified": counts["awaiting_receipt"] + counts["awaiting_verification"],
        "completed": counts["completed"],
    }


FIGURES = Figures(GAUGES, count)
