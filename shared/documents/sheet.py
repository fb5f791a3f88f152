"""A table as people send it, CSV or a workbook, read into rows of text with the numbers a spreadsheet shows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

CSV = "text/csv"
TSV = "text/tab-separated-values"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {".csv": CSV, ".tsv": TSV, ".txt": CSV, ".xlsx": XLSX}
"""By the file's name."""

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 32 * 1024 * 1024
"""A workbook is a zip: what it says it unpacks to is looked at first, and no more than that is ever read."""
MOST_PARTS = 200
MOST_ROWS = 20_000
MOST_COLUMNS = 64
LONGEST_CELL = 2_000


class NotRead(Exception):
    """The file is no table that is read here. ``reason`` is a stable word, ``where`` a cell as in ``row 3, column
    2``, or empty."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{reason} ({where})" if where else reason)
        self.reason = reason
        self.where = where


@dataclass(frozen=True)
class Line:
    """One row: its number as a spreadsheet counts them, the header being 1 where it comes first; its cells as text."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """The first row that is not empty is the header; rows without any text are left out."""

    header: tuple[str, ...]
    lines: tuple[Line, ...]
    header_row: int = 1


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """A text for a cell: one that a spreadsheet would take for a formula is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def read_sheet(content: bytes, media_type: str) -> Sheet:
    """The first sheet of a workbook, or a CSV file (comma or tab; UTF-8 with or without its mark, UTF-16 with it, or
    GB18030). Raises NotRead."""
    if len(content) > LARGEST_FILE:
        raise NotRead("too-large")
    if media_type == XLSX:
        return _sheet(_of_workbook(content))
    if media_type in (CSV, TSV):
        return _sheet(_of_text(_decoded(content), media_type))
    raise NotRead("unknown-type")


def _sheet(rows: Iterator[Sequence[str]]) -> Sheet:
    header: Line | None = None
    lines: list[Line] = []
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise NotRead("too-many-rows")
        cells = tuple(cell.strip() for cell in row)
        while cells and not cells[-1]:
            cells = cells[:-1]
        if not cells:
            continue
        if len(cells) > MOST_COLUMNS:
            raise NotRead("too-many-columns", f"row {number}")
        for place, cell in enumerate(cells, start=1):
            if len(cell) > LONGEST_CELL or "\x00" in cell:
                raise NotRead("cell-not-text", f"row {number}, column {place}")
        if header is None:
            header = Line(number, cells)
        else:
            lines.append(Line(number, cells))
    if header is None:
        raise NotRead("empty")
    return Sheet(header.cells, tuple(lines), header.number)


def _decoded(content: bytes) -> str:
    """Excel writes UTF-16 with its mark, UTF-8 with its mark, or in China GB18030, which no text of another kind that
    is not UTF-8 is likely to be."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ("utf-16",) if marked else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotRead("encoding-unknown")


def _of_text(text: str, media_type: str) -> Iterator[Sequence[str]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = "\t" if media_type == TSV or first.count("\t") > first.count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise NotRead("not-csv", str(error)) from error


def _of_workbook(content: bytes) -> Iterator[Sequence[str]]:
    import openpyxl  # takes a quarter of a second, and most requests bring no workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            listed = parts.infolist()
            if len(listed) > MOST_PARTS or sum(one.file_size for one in listed) > LARGEST_UNPACKED:
                raise NotRead("too-large-unpacked")
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=False, keep_links=False, keep_vba=False
        )
        try:
            sheets = book.worksheets
            if not sheets:
                raise NotRead("empty")
            sheets[0].reset_dimensions()  # what it says of its own size may be anything
            for number, row in enumerate(sheets[0].iter_rows(max_col=MOST_COLUMNS + 1), start=1):
                if number > MOST_ROWS:
                    raise NotRead("too-many-rows")
                yield [_text(cell, number, place) for place, cell in enumerate(row, start=1)]
        finally:
            book.close()
    except (NotRead, GeneratorExit):
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError) as error:
        raise NotRead("not-a-workbook") from error
    except Exception as error:  # whatever a part of it that is no XML, or forbidden XML, raises
        raise NotRead("not-a-workbook", type(error).__name__) from error


def _text(cell: Any, row: int, column: int) -> str:
    """A cell as the person who typed it reads it: dates as dates, whole numbers without a point."""
    where = f"row {row}, column {column}"
    value = cell.value
    if cell.data_type == "f":
        raise NotRead("formula", where)
    match value:
        case None:
            return ""
        case bool():
            raise NotRead("cell-not-text", where)
        case datetime():
            if value.time() != time():
                raise NotRead("cell-not-text", where)
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case str() if cell.data_type != "e":
            return value
        case _:
            raise NotRead("cell-not-text", where)


def write_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table as CSV in UTF-8 with the mark by which Excel knows it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def write_workbook(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table as a workbook of one sheet, every cell as text."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("registry")
    for row in (header, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
