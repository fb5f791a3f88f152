"""The timeline: no public event of a ledger's is lost among the others of the same entry."""

from __future__ import annotations

from datetime import UTC, date, datetime

from services.portal.views.timeline import TIMELINE
from shared.contracts.envelope import Cause
from shared.contracts.scheduling import ObserverNamed, Reporter


def line(unit: str) -> dict[str, object]:
    observer = Reporter(
        unit=unit, unit_name=unit.upper(), category="town", post="head", title="主任", person="甲"
    )
    cause = Cause(
        id="e9",
        tenant="shanghai.jinshan",
        citation="scheduling:shanghai.jinshan#9",
        business_date=date(2022, 1, 4),
        recorded_at=datetime(2022, 1, 4, tzinfo=UTC),
    )
    row = TIMELINE.change(ObserverNamed(session="2021-2", observer=observer), cause)
    assert isinstance(row, dict)
    return row


def test_observers_that_one_entry_names_are_lines_of_their_own() -> None:
    key = [column.name for column in TIMELINE.table.primary_key.columns if column.name != "tenant"]
    first, other = line("shanyang"), line("xinfangban")
    assert [first[name] for name in key] != [other[name] for name in key]
    assert (first["unit"], other["unit"]) == ("shanyang", "xinfangban")
