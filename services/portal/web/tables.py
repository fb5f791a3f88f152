"""A table that somebody takes along: a workbook that prints on A4, or CSV; no cell of it is ever a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from fastapi.responses import Response

from shared.documents.sheet import CSV, XLSX, write_csv

Cell = str | int | date | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORBIDDEN = str.maketrans("[]:*?/\\", "（）：＊？／＼")
LONGEST_NAME = 31


@dataclass(frozen=True)
class Table:
    """One sheet: its name, what stands above the table, the header with the width of each column in characters."""

    name: str
    columns: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[Cell]]
    above: Sequence[str] = ()


def workbook(tables: Sequence[Table]) -> bytes:
    """Each table as a sheet: header on every page, as wide as the paper."""
    import openpyxl  # takes a quarter of a second, and most requests want no workbook
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    line = Side(style="thin")
    for table in tables:
        sheet = book.create_sheet(_sheet_name(table.name, book.sheetnames))
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        for number, text in enumerate(table.above, start=1):
            _put(sheet.cell(number, 1), text)
            sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=len(table.columns))
            sheet.cell(number, 1).font = Font(bold=number == 1, size=14 if number == 1 else 11)
        head = len(table.above) + 1
        for row, cells in enumerate([[name for name, _ in table.columns], *table.rows], start=head):
            for column, value in enumerate(cells, start=1):
                cell = sheet.cell(row, column)
                _put(cell, value)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.border = Border(left=line, right=line, top=line, bottom=line)
                cell.font = Font(bold=row == head)
        for column, (_, width) in enumerate(table.columns, start=1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.freeze_panes = sheet.cell(head + 1, 1)
        sheet.print_title_rows = f"{head}:{head}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(table: Table) -> bytes:
    """The header and the rows. What a spreadsheet would take for a formula is marked as text."""
    texts = [["" if cell is None else _text(cell) for cell in row] for row in table.rows]
    return write_csv(
        [name for name, _ in table.columns],
        [[f"'{text}" if text.startswith(_FORMULA) else text for text in row] for row in texts],
    )


def download(content: bytes, name: str) -> Response:
    """The file under its Chinese name, by whose end its type is known."""
    return Response(
        content,
        media_type=XLSX if name.endswith(".xlsx") else f"{CSV}; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Cache-Control": "no-store",
        },
    )


def _put(cell: Any, value: Cell) -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # openpyxl takes what begins with = for a formula
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"


def _text(cell: str | int | date) -> str:
    return cell if isinstance(cell, str) else str(cell)


def _sheet_name(name: str, taken: Sequence[str]) -> str:
    """What a workbook takes for a sheet's name: 31 characters, some not allowed, none twice."""
    wanted = name.translate(_FORBIDDEN)[:LONGEST_NAME] or "1"
    number, found = 2, wanted
    while found in taken:
        found = f"{wanted[: LONGEST_NAME - len(str(number)) - 1]}-{number}"
        number += 1
    return found
