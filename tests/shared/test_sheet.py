"""Tables as people send them: encodings, delimiters, workbooks, and what is refused before it can do harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from shared.documents import sheet
from shared.documents.sheet import CSV, TSV, XLSX, Line, NotRead, Sheet, read_sheet, write_csv, write_workbook

TEXT = "单位,姓名\n区交通委,示例·甲\n\n廊下镇, 示例·乙 \n"
READ = Sheet(("单位", "姓名"), (Line(2, ("区交通委", "示例·甲")), Line(4, ("廊下镇", "示例·乙"))))


def instant(hour: int) -> datetime:
    return datetime(2021, 3, 2, hour)  # noqa: DTZ001  # a spreadsheet knows no zones


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_file_is_read_in_the_encodings_that_spreadsheets_write(encoding: str) -> None:
    assert read_sheet(TEXT.encode(encoding), CSV) == READ


def test_tabs_separate_too_and_so_do_line_ends_of_every_kind() -> None:
    assert read_sheet(TEXT.replace(",", "\t").encode(), CSV) == READ
    assert read_sheet(TEXT.replace(",", "\t").encode(), TSV) == READ
    assert read_sheet(TEXT.replace("\n", "\r\n").encode(), CSV) == READ


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    read = read_sheet(b'a,b\n"two\nlines",x\n,\nlast,y\n', CSV)
    assert [line.number for line in read.lines] == [2, 4]


def test_a_header_may_come_later() -> None:
    read = read_sheet(b"\n\na,b\n1,2\n", CSV)
    assert (read.header, read.header_row, read.lines) == (("a", "b"), 3, (Line(4, ("1", "2")),))


def test_a_workbook_is_read_with_dates_and_numbers_as_they_are_shown() -> None:
    content = workbook(
        ["a", "b", "c", "d", "e"],
        ["x", 3, 3.0, date(2021, 3, 1), instant(0)],
        [None, None],
        ["y", 1.5],
    )
    assert read_sheet(content, XLSX) == Sheet(
        ("a", "b", "c", "d", "e"),
        (Line(2, ("x", "3", "3", "2021-03-01", "2021-03-02")), Line(4, ("y", "1.5"))),
    )


def test_what_is_written_is_read_again() -> None:
    for write, kind in ((write_csv, CSV), (write_workbook, XLSX)):
        assert read_sheet(write(["单位", "姓名"], [["区交通委", "示例·甲"]]), kind) == Sheet(
            ("单位", "姓名"), (Line(2, ("区交通委", "示例·甲")),)
        )


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"", CSV, "empty"),
        (b"\n\n", CSV, "empty"),
        (b"a,b", "application/pdf", "unknown-type"),
        (b"\x81\xff,\xff", CSV, "encoding-unknown"),
        (b'a,"b\n', CSV, "not-csv"),
        (b"a,\x00", CSV, "cell-not-text"),
        (b"not a zip", XLSX, "not-a-workbook"),
        (workbook(["a"], ["=1+1"]), XLSX, "formula"),
        (workbook(["a"], [True]), XLSX, "cell-not-text"),
        (workbook(["a"], [instant(9)]), XLSX, "cell-not-text"),
        (workbook(["a"], ["#REF!"]), XLSX, "cell-not-text"),
        (b"a\n" + b"x" * (sheet.LONGEST_CELL + 1), CSV, "cell-not-text"),
        (b"a\n" + b"x\n" * sheet.MOST_ROWS, CSV, "too-many-rows"),
        (b"," * sheet.MOST_COLUMNS + b"x", CSV, "too-many-columns"),
        (b"x" * (sheet.LARGEST_FILE + 1), CSV, "too-large"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(content: bytes, kind: str, reason: str) -> None:
    with pytest.raises(NotRead) as refused:
        read_sheet(content, kind)
    assert refused.value.reason == reason


def test_a_formula_is_named_by_its_cell() -> None:
    with pytest.raises(NotRead) as refused:
        read_sheet(workbook(["a", "b"], ["x", "=A1"]), XLSX)
    assert refused.value.where == "row 2, column 2"


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = packed(sheet=b"0" * (sheet.LARGEST_UNPACKED + 1))
    assert len(bomb) < sheet.LARGEST_FILE
    with pytest.raises(NotRead, match="too-large-unpacked"):
        read_sheet(bomb, XLSX)
    with pytest.raises(NotRead, match="too-large-unpacked"):
        read_sheet(packed(**{f"p{n}": b"" for n in range(sheet.MOST_PARTS + 1)}), XLSX)


def test_a_workbook_whose_xml_declares_entities_is_refused() -> None:
    """One entity that stands for ten of another, ten times over, is a gigabyte of text in a few lines."""
    with zipfile.ZipFile(io.BytesIO(workbook(["a"], ["b"]))) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    evil = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
    for name, content in parts.items():
        if name.endswith("sheet1.xml"):
            parts[name] = (
                evil + content.partition(b"?>")[2] if content.startswith(b"<?xml") else evil + content
            )
    with pytest.raises(NotRead, match="not-a-workbook"):
        read_sheet(packed(**parts), XLSX)


def test_a_workbook_that_claims_a_million_rows_is_read_as_far_as_it_may_be() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"], book.active["A1048576"] = "a", "z"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(NotRead, match="too-many-rows"):
        read_sheet(out.getvalue(), XLSX)
