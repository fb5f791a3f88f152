"""Evaluation as the kernel sees it: its streams, the commands open to people, its read models, its facts."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.evaluation import published
from services.evaluation.domain import annual_report, lines, outcome, session, sheet, tenant, unit
from services.evaluation.views.annual_reports import ANNUAL_REPORTS_VIEW
from services.evaluation.views.coverage_heads import COVERAGE_HEADS
from services.evaluation.views.coverage_reports import COVERAGE_REPORTS
from services.evaluation.views.coverage_sessions import COVERAGE_SESSIONS
from services.evaluation.views.coverage_tenants import COVERAGE_TENANTS
from services.evaluation.views.outcomes import OUTCOMES_VIEW
from services.evaluation.views.registered_units import REGISTERED_UNITS, registered_units
from services.evaluation.views.sheet_cases import SHEET_CASES
from services.evaluation.views.sheets import SHEETS_VIEW
from shared.eventstore import Aggregate, View

SERVICE = "evaluation"


async def _sheet_facts(
    connection: AsyncConnection, tenant: str, id: str, command: sheet.Command
) -> lines.Facts:
    """The sheet's unit as the registry has told of it. A sheet is ``<year>-<unit>``."""
    year, of = _year_and_unit(id)
    row = await _registered(connection, tenant, of)
    if row is None or year is None:
        return lines.Facts(of, year=year)
    names = tuple(unit.Name(date.fromisoformat(one["valid_from"]), one["name"]) for one in row.names)
    return lines.Facts(of, names, row.official_order, row.category, year)


async def _annual_report_facts(
    connection: AsyncConnection, tenant: str, id: str, command: annual_report.Command
) -> annual_report.Facts:
    """Who holds or held a post of the register's unit. A register is ``<year>-<unit>``."""
    year, of = _year_and_unit(id)
    row = await _registered(connection, tenant, of)
    heads = frozenset([*(post["person"] for post in row.posts), *row.former_heads]) if row else frozenset()
    return annual_report.Facts(of, year, heads)


async def _outcome_facts(
    connection: AsyncConnection, tenant: str, id: str, command: outcome.Command
) -> outcome.Facts:
    """The units of the registry."""
    known = sa.select(registered_units.c.unit).where(registered_units.c.tenant == tenant)
    return outcome.Facts(frozenset((await connection.scalars(known)).all()))


async def _registered(connection: AsyncConnection, tenant: str, of: str) -> sa.Row[Any] | None:
    known = sa.select(registered_units).where(
        registered_units.c.tenant == tenant, registered_units.c.stream == f"unit-{of}"
    )
    return (await connection.execute(known)).first()


def _year_and_unit(id: str) -> tuple[int | None, str]:
    year, _, of = id.partition("-")
    return (int(year), of) if year.isdecimal() and len(year) == 4 and of else (None, id)


TENANTS = Aggregate(
    kind="tenant",
    events=tenant.Event,
    initial=tenant.initial,
    decide=tenant.decide,
    evolve=tenant.evolve,
    views=(COVERAGE_TENANTS,),
)
"""Stream ``tenant-self``."""

UNITS = Aggregate(
    kind="unit",
    events=unit.Event,
    initial=unit.initial,
    decide=unit.decide,
    evolve=unit.evolve,
    views=(REGISTERED_UNITS, COVERAGE_HEADS),
)
"""Streams ``unit-<unit>``."""

SESSIONS = Aggregate(
    kind="session",
    events=session.Event,
    initial=session.initial,
    decide=session.decide,
    evolve=session.evolve,
    views=(COVERAGE_SESSIONS,),
)
"""Streams ``session-<session>``."""

SHEETS = Aggregate(
    kind="sheet",
    events=sheet.Event,
    initial=sheet.initial,
    decide=sheet.decide,
    evolve=sheet.evolve,
    views=(SHEETS_VIEW, SHEET_CASES, COVERAGE_REPORTS),
    publish=published.of_sheet,
    facts=_sheet_facts,
)
"""Streams ``sheet-<year>-<unit>``."""

OUTCOMES = Aggregate(
    kind="outcome",
    events=outcome.Event,
    initial=outcome.initial,
    decide=outcome.decide,
    evolve=outcome.evolve,
    views=(OUTCOMES_VIEW,),
    publish=published.of_outcome,
    facts=_outcome_facts,
)
"""Streams ``outcome-<id>``, an id of the caller's choice such as 2021-langxia-1."""

ANNUAL_REPORTS = Aggregate(
    kind="yearend",
    events=annual_report.Event,
    initial=annual_report.initial,
    decide=annual_report.decide,
    evolve=annual_report.evolve,
    views=(ANNUAL_REPORTS_VIEW,),
    facts=_annual_report_facts,
)
"""Streams ``yearend-<year>-<unit>``."""

AGGREGATES: tuple[Aggregate[Any, Any, Any, Any], ...] = (
    TENANTS,
    UNITS,
    SESSIONS,
    SHEETS,
    OUTCOMES,
    ANNUAL_REPORTS,
)

COMMANDS: tuple[tuple[Aggregate[Any, Any, Any, Any], type[Any]], ...] = (
    (SHEETS, sheet.PublishEvaluation),
    (OUTCOMES, outcome.RecordOutcome),
    (ANNUAL_REPORTS, annual_report.RegisterAnnualReport),
)
"""What people may command over HTTP; who may, by role, is in shared.security."""

VIEWS: tuple[View, ...] = (REGISTERED_UNITS, SHEETS_VIEW, OUTCOMES_VIEW, ANNUAL_REPORTS_VIEW)
"""What can be read over HTTP by tenant; ``sheet_cases`` is for reactions only, and what coverage is counted from is
read by its own routes (api.py)."""
