"""The timeline: every public event of the tenant, as one line each, by what it is about."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts import Contract, contracts_of
from shared.eventstore.projection import Cause, Projection
from shared.messaging.topology import LISTENS_TO

timeline = sa.Table(
    "timeline",
    sa.MetaData(),
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("source", sa.Text(collation="C"), primary_key=True),
    sa.Column("ledger_sequence", sa.BigInteger, primary_key=True),
    sa.Column("event", sa.Text(collation="C"), primary_key=True),
    sa.Column("key", sa.Text(collation="C"), primary_key=True),
    sa.Column("session", sa.Text(collation="C")),
    sa.Column("unit", sa.Text(collation="C")),
    sa.Column("case", sa.Text(collation="C")),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("data", JSONB, nullable=False),
)
"""``key`` tells the several public events of one ledger event apart; ``data`` is the contract's."""


def _line(event: Contract, cause: Cause) -> dict[str, Any]:
    source, _, sequence = cause.citation.partition(":")
    data = event.model_dump(mode="json")
    session, unit, case = (data.get(name) for name in ("session", "unit", "case"))
    # Of an observer the unit lies deeper; one ledger event names several.
    unit = unit or (data.get("observer") or {}).get("unit")
    return {
        "source": source,
        "ledger_sequence": int(sequence.rpartition("#")[2]),
        "event": type(event).__name__,
        "key": "/".join(
            str(one or "") for one in (session, unit, case, data.get("comment"), data.get("guest"))
        ),
        "session": session if isinstance(session, str) else None,
        "unit": unit if isinstance(unit, str) else None,
        "case": case if isinstance(case, str) else None,
        "on": cause.business_date,
        "recorded_at": cause.recorded_at,
        "data": data,
    }


EVERY_CONTRACT = tuple(
    dict.fromkeys(contract for source in LISTENS_TO["portal"] for contract in contracts_of(source))
)

TIMELINE = Projection(timeline, EVERY_CONTRACT, _line, tier="private")
