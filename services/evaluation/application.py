"""Evaluation as the kernel sees it: its streams, the command open to people, its read models, its facts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.evaluation import published
from services.evaluation.domain import lines, sheet, unit
from services.evaluation.views.registered_units import REGISTERED_UNITS, registered_units
from services.evaluation.views.sheet_cases import SHEET_CASES
from services.evaluation.views.sheets import SHEETS_VIEW
from shared.eventstore import Aggregate, View

SERVICE = "evaluation"


async def _sheet_facts(
    connection: AsyncConnection, tenant: str, id: str, command: sheet.Command
) -> lines.Facts:
    """The sheet's unit as the registry has told of it. A sheet is ``<year>-<unit>``."""
    year, _, of = id.partition("-")
    known = sa.select(registered_units.c.name, registered_units.c.official_order).where(
        registered_units.c.tenant == tenant, registered_units.c.stream == f"unit-{of}"
    )
    row = (await connection.execute(known)).first()
    if row is None or not (year.isdecimal() and len(year) == 4):
        return lines.Facts(of or id)
    return lines.Facts(of, row.name, row.official_order)


UNITS = Aggregate(
    kind="unit",
    events=unit.Event,
    initial=unit.initial,
    decide=unit.decide,
    evolve=unit.evolve,
    views=(REGISTERED_UNITS,),
)
"""Streams ``unit-<unit>``."""

SHEETS = Aggregate(
    kind="sheet",
    events=sheet.Event,
    initial=sheet.initial,
    decide=sheet.decide,
    evolve=sheet.evolve,
    views=(SHEETS_VIEW, SHEET_CASES),
    publish=published.of_sheet,
    facts=_sheet_facts,
)
"""Streams ``sheet-<year>-<unit>``."""

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (UNITS, SHEETS)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = ((SHEETS, sheet.PublishEvaluation),)
"""What people may command over HTTP; who may, by role, is in shared.security."""

VIEWS: tuple[View, ...] = (REGISTERED_UNITS, SHEETS_VIEW)
"""What can be read over HTTP; ``sheet_cases`` is for reactions only."""
