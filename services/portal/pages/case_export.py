"""The register as a workbook or as CSV: the same selection as the page, every row of it, in little memory."""

import asyncio
import csv
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, time
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from services.portal.domain.saying import Saying
from services.portal.pages.cases import Asked
from services.portal.site import Site
from services.portal.web import case_words
from services.portal.web.visit import Visit
from services.portal.web.words import role_name
from shared.documents.sheet import CSV, XLSX, harmless

Row = dict[str, Any]
Cell = str | int | date | None
MOST_AT_ONCE = 200


def _date(name: str) -> Callable[[Row, Visit], Cell]:
    return lambda row, visit: date.fromisoformat(row[name]) if row[name] else None


def _yes(value: bool | None) -> str:
    return "" if value is None else "是" if value else "否"


_CHINESE = Saying(office=str, day=str)

COLUMNS: tuple[tuple[str, Callable[[Row, Visit], Cell]], ...] = (
    ("层级", lambda row, visit: row["tenant"]),
    ("案号", lambda row, visit: row["stream"].removeprefix("case-")),
    ("轮次", lambda row, visit: _CHINESE.round(row["session"])),
    ("年度", lambda row, visit: row["plan_year"]),
    ("单位", lambda row, visit: row["unit_name"]),
    ("单位类别", lambda row, visit: case_words.CATEGORIES.get(row["category"], row["category"])),
    ("职务", lambda row, visit: row["title"]),
    ("责任人", lambda row, visit: row["person"]),
    ("整改事项数", lambda row, visit: row["items"]),
    ("状态", lambda row, visit: row["state_zh"]),
    ("期限提示", lambda row, visit: row["text_zh"]),
    ("纪要印发日期", _date("minutes_sent_on")),
    ("原期限", _date("original_due_on")),
    ("现期限", _date("due_on")),
    ("期限暂定", lambda row, visit: _yes(row["due_provisional"])),
    ("反馈日期", _date("fed_back_on")),
    ("已签收", lambda row, visit: _offices([one["office"] for one in row["receipts"]], visit)),
    ("待签收", lambda row, visit: _offices(row["offices_missing"], visit)),
    ("退回日期", _date("returned_on")),
    ("核查日期", _date("verified_on")),
    ("核查结果", lambda row, visit: {"passed": "完成", "partly": "部分完成"}.get(row["outcome"], "")),
    ("按期", lambda row, visit: _yes(row["on_time"])),
    ("督办通知单", lambda row, visit: row["notice_number"]),
    ("涉密", lambda row, visit: _yes(row["classified"])),
)
"""A column's name and what stands in it."""


def _offices(offices: list[str], visit: Visit) -> str:
    return "、".join(role_name(office, visit.place.tier) for office in offices)


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/cases.xlsx`` and ``/t/{tenant}/cases.csv``."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/cases.csv")
    async def as_csv(visit: Visiting) -> Response:
        visit.require("rectification", "case-register", tier="progress")
        rows = await _begun(_rows(visit))
        return StreamingResponse(
            _lines(rows), media_type=f"{CSV}; charset=utf-8", headers=_named(visit, "csv")
        )

    @router.get("/t/{tenant}/cases.xlsx")
    async def as_workbook(visit: Visiting) -> Response:
        visit.require("rectification", "case-register", tier="progress")
        path = await _workbook(_rows(visit))
        return FileResponse(
            path, media_type=XLSX, headers=_named(visit, "xlsx"), background=BackgroundTask(os.unlink, path)
        )

    return router


async def _rows(visit: Visit) -> AsyncIterator[list[Cell]]:
    """The head, then every row of the selection, page after page."""
    asked = Asked.of(visit.request.query_params)
    yield [name for name, _ in COLUMNS]
    after: str | None = None
    while True:
        page = await visit.get(
            "rectification", "case-register", limit=MOST_AT_ONCE, after=after, **asked.query
        )
        for row in page["items"]:
            yield [of(row, visit) for _, of in COLUMNS]
        after = page["next"]
        if after is None:
            return


async def _begun(rows: AsyncIterator[list[Cell]]) -> AsyncIterator[list[Cell]]:
    """The same rows, of which two have been asked for: what is refused is refused before an answer begins."""
    first = [row async for row in _first(rows, 2)]

    async def all_of_them() -> AsyncIterator[list[Cell]]:
        for row in first:
            yield row
        async for row in rows:
            yield row

    return all_of_them()


async def _first(rows: AsyncIterator[list[Cell]], count: int) -> AsyncIterator[list[Cell]]:
    for _ in range(count):
        try:
            yield await anext(rows)
        except StopAsyncIteration:
            return


async def _lines(rows: AsyncIterator[list[Cell]]) -> AsyncIterator[str]:
    """CSV that a spreadsheet opens as what it is: with its mark, dates as 2022-01-12."""
    line, mark = io.StringIO(), "\ufeff"
    writer = csv.writer(line)
    async for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
        yield mark + line.getvalue()
        mark = ""
        line.seek(0)
        line.truncate()


async def _workbook(rows: AsyncIterator[list[Cell]]) -> str:
    """The path of a new workbook, which whoever sends it removes."""
    from openpyxl import Workbook  # takes 20 MB, and few want a workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("整改台账")
    sheet.freeze_panes = "A2"
    head = True
    async for row in rows:
        cells = []
        for cell in row:
            if isinstance(cell, date):
                made = WriteOnlyCell(sheet, datetime.combine(cell, time()))
                made.number_format = "yyyy-mm-dd"
            else:
                made = WriteOnlyCell(sheet, harmless(cell) if isinstance(cell, str) else cell)
            if head:
                made.font = Font(bold=True)
            cells.append(made)
        sheet.append(cells)
        head = False
    handle, path = tempfile.mkstemp(suffix=".xlsx")
    os.close(handle)
    await asyncio.to_thread(book.save, path)
    return path


def _named(visit: Visit, kind: str) -> dict[str, str]:
    name = f"整改台账-{visit.place.name}-{visit.today.isoformat()}.{kind}"
    return {
        "Content-Disposition": f"attachment; filename=cases.{kind}; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }
