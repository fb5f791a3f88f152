"""The cases of the tenant as rectification tells of them: which duty runs, which was verified. A tenant with a running
one is not closed, a unit not dissolved."""

from __future__ import annotations

from typing import Any, assert_never

import sqlalchemy as sa

from shared.contracts.rectification import RectificationDue, RectificationVerified
from shared.eventstore.projection import Cause, Projection

cases_heard = sa.Table(
    "cases_heard",
    sa.MetaData(),
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("case_id", sa.Text(collation="C"), primary_key=True),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("verified_on", sa.Date),
)


def _row(event: RectificationDue | RectificationVerified, cause: Cause) -> dict[str, Any]:
    """Verified as passed or as partly: in both a case is closed (services/rectification)."""
    match event:
        case RectificationDue():
            verified_on = None
        case RectificationVerified():
            verified_on = event.verified_on
        case _ as unreachable:
            assert_never(unreachable)
    return {"case_id": event.case, "unit": event.unit, "verified_on": verified_on}


CASES_HEARD = Projection(cases_heard, (RectificationDue, RectificationVerified), _row)
