"""The figures of full coverage 全覆盖 by tier that an operator sees, of the plan year that the day lies in."""

from __future__ import annotations

from datetime import date

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from services.evaluation.coverage import by_tier
from shared.runtime.figures import Figures

GAUGES = {
    "tenants": Gauge("shufa_coverage_tenants", "Tenants that should hold a session this year.", ["tier"]),
    "covered": Gauge("shufa_coverage_tenants_covered", "Of these, those that have.", ["tier"]),
    "heads": Gauge("shufa_coverage_heads", "Registered heads who should report this year.", ["tier"]),
    "heard": Gauge("shufa_coverage_heads_heard", "Of these, those who have.", ["tier"]),
}


async def count(connection: AsyncConnection, root: str, today: date) -> dict[str, dict[str, int]]:
    """The coverage of a subtree, in the year of the day."""
    rows = await by_tier(connection, today.year)
    return {row["tier"]: {name: row[name] for name in GAUGES} for row in rows}


FIGURES = Figures(GAUGES, count)
