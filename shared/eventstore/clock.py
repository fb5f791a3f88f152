"""The business clock: which day it is in Asia/Shanghai, or which day is being simulated.

The system clock (tokens, leases, back-off) is never simulated and is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def today_in_shanghai() -> date:
    """The civil date in Asia/Shanghai now (no daylight saving since 1991)."""
    return datetime.now(UTC).astimezone(SHANGHAI).date()


@dataclass(frozen=True)
class BusinessClock:
    """``simulated``: the day is the one kept in the database (``business_day``); otherwise it is today."""

    simulated: bool = False

    def today(self, kept: date | None) -> date:
        """Today, given the day kept in the database."""
        if not self.simulated:
            return today_in_shanghai()
        if kept is None:
            raise LookupError("the clock is simulated, but no day was set")
        return kept
