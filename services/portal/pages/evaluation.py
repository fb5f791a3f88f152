"""年度考评: the annual sheets, each line with what it rests on; to the organisation department and the unit alone."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import RedirectResponse, Response

from services.portal.site import Site
from services.portal.web import tables
from services.portal.web.evidence import KINDS, STATES, Evidence, evidence_of
from services.portal.web.visit import Visit
from services.portal.web.words import translations
from shared.decider import Refused

Year = Annotated[int, Path(ge=2000, le=2999)]
AskedYear = Annotated[int | None, Query(ge=2000, le=2999)]
NO_SHEET: dict[str, Any] = {
    "status": "open",
    "published_on": None,
    "changed_since": False,
    "lines": [],
    "handovers": [],
    "published_lines": None,
    "version": 0,
}
"""The sheet of a unit of which nothing has been noted in the year."""


def subject_of(line: Mapping[str, Any], language: str) -> str:
    """What a line is about: the session, or the rectification that followed from it."""
    _ = translations(language).gettext
    year, _dash, rest = (line["subject"] or "").partition("-")
    number = rest.partition("-")[0]
    if not number.isdecimal():
        return _("本年度无此项")
    session = _("%(year)s年度第%(number)s次述法会") % {"year": year, "number": number}
    if line["kind"] == "report":
        return session
    return _("%(session)s工作要求的整改") % {"session": session}


def in_order(
    sheets: Sequence[Mapping[str, Any]], units: Iterable[Mapping[str, Any]], year: int
) -> list[dict[str, Any]]:
    """The sheets of a year with a place for every unit that has none yet, in the official order of units."""
    rows = {
        unit["unit"]: {
            **NO_SHEET,
            "unit": unit["unit"],
            "unit_name": unit["name"],
            "official_order": unit["official_order"],
            "year": year,
            "category": unit["category"],
        }
        for unit in units
    }
    for sheet in sheets:
        named = {"unit_name": sheet["unit_name"] or sheet["unit"]}
        rows[sheet["unit"]] = {"category": None, **rows.get(sheet["unit"], {}), **sheet, **named}
    return sorted(rows.values(), key=lambda row: (row["official_order"], row["unit"]))


def routes(site: Site) -> APIRouter:
    """The list of a year, a sheet, and both as workbooks."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    async def of_year(visit: Visit, year: int) -> list[dict[str, Any]]:
        sheets, units = await asyncio.gather(
            visit.all("evaluation", "sheets", year=year), visit.all("evaluation", "registered-units")
        )
        only = visit.only_unit("evaluation", "sheets")
        return in_order(sheets, [unit for unit in units if only in (None, unit["unit"])], year)

    async def one(visit: Visit, year: int, unit: str) -> dict[str, Any]:
        visit.require("evaluation", "sheets", unit=unit)
        row, units = await asyncio.gather(
            visit.row("evaluation", f"sheets/sheet-{year}-{unit}"),
            visit.all("evaluation", "registered-units"),
        )
        known = [one for one in units if one["unit"] == unit]
        if row is None and not known:
            raise Refused("http.not-found", what=unit)
        [found] = in_order([row] if row else [], known, year)
        return found

    @router.get("/t/{tenant}/evaluation")
    async def sheets(visit: Visiting, year: AskedYear = None) -> Response:
        if not visit.may_see("evaluation", "sheets") and visit.may_see("evaluation", "annual-reports"):
            return RedirectResponse(visit.url("evaluation", "reports"), 303)
        visit.require("evaluation", "sheets")
        asked, years = await _year(visit, year)
        return site.page(
            visit,
            "evaluation/list.html",
            year=asked,
            years=years,
            rows=await of_year(visit, asked),
            states=STATES,
            cutoff=await _cutoff(visit, asked),
        )

    @router.get("/t/{tenant}/evaluation/{year}/sheets.xlsx")
    async def sheets_taken(visit: Visiting, year: Year) -> Response:
        visit.require("evaluation", "sheets")
        rows = await of_year(visit, year)
        evidence = await evidence_of(visit, [line for row in rows for line in row["lines"]])
        title = f"{visit.place.name}{year}年度考评表"
        table = _table(title, title, rows, evidence, visit)
        return tables.download(tables.workbook([table]), f"{title}.xlsx")

    @router.get("/t/{tenant}/evaluation/{year}/{unit}/sheet.xlsx")
    async def sheet_taken(visit: Visiting, year: Year, unit: str) -> Response:
        row = await one(visit, year, unit)
        evidence = await evidence_of(visit, row["lines"])
        title = f"{row['unit_name']}{year}年度考评表"
        table = _table(row["unit_name"], title, [row], evidence, visit)
        return tables.download(tables.workbook([table]), f"{title}.xlsx")

    @router.get("/t/{tenant}/evaluation/{year}/{unit}")
    async def sheet(visit: Visiting, year: Year, unit: str, open: str = "") -> Response:
        row = await one(visit, year, unit)
        published = row["published_lines"] or []
        evidence, outcomes, honours, reports, cutoff = await asyncio.gather(
            evidence_of(visit, [*row["lines"], *published]),
            visit.all("evaluation", "outcomes", unit=unit),
            visit.all("evaluation", "outcomes", honour="true"),
            visit.all("evaluation", "annual-reports", year=year, unit=unit),
            _cutoff(visit, year),
        )
        # What is published has a line for each kind; until then what is not there is not told of.
        current = published if row["status"] == "published" and not row["changed_since"] else row["lines"]
        return site.page(
            visit,
            "evaluation/sheet.html",
            row=row,
            lines=current,
            before=published if row["changed_since"] else [],
            evidence=evidence,
            outcomes=outcomes,
            honours=honours,
            reports=reports,
            cutoff=cutoff,
            opened=open == "all",
            states=STATES,
            kinds=KINDS,
            subject_of=subject_of,
        )

    return router


async def _year(visit: Visit, asked: int | None) -> tuple[int, list[int]]:
    """The year asked for, else the latest of which there is a sheet that is published, else this one; with the
    years to choose from."""
    since = (await visit.governing()).policy.annual_reports_since
    published = await visit.all("evaluation", "sheets", status="published") if asked is None else []
    latest = max((row["year"] for row in published), default=visit.today.year)
    chosen = asked or latest
    return chosen, sorted({*range(since, visit.today.year + 1), chosen})


async def _cutoff(visit: Visit, year: int) -> str:
    """The last day on which what falls due counts in the year."""
    return f"{year}-{(await visit.governing()).policy.evaluation_cutoff}"


def _table(
    name: str, title: str, rows: Sequence[Mapping[str, Any]], evidence: Mapping[str, Evidence], visit: Visit
) -> tables.Table:
    """Sheets as one table to take along: a row for each event that a line rests on."""
    _ = translations(visit.language).gettext
    columns = [
        (_("单位"), 18),
        (_("项目"), 8),
        (_("事项"), 30),
        (_("情况"), 10),
        (_("责任人"), 14),
        (_("日期"), 12),
        (_("依据"), 52),
        (_("台账编号"), 34),
    ]
    cells: list[Sequence[tables.Cell]] = []
    for row in rows:
        for line in row["lines"]:
            state = _(STATES[line["state"]][1])
            marks = [_("带头述法")] * line["lead"] + [_("记录已更正")] * line["corrected"]
            head = [
                row["unit_name"],
                _(KINDS[line["kind"]]),
                subject_of(line, visit.language),
                f"{state}（{'、'.join(marks)}）" if marks else state,
                line["person"],
            ]
            for fact in line["facts"]:
                told = evidence[fact["event"]]
                cells.append([*head, told.on, told.sentence, told.citation])
        if not row["lines"]:
            cells.append([row["unit_name"], "", _("本年度无述法和整改事项，不适用"), *[""] * 5])
    return tables.Table(name, columns, cells, [title, _("按机构序列排列，不打分、不排名。")])
