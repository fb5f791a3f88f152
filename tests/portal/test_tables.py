"""Tables to take along: no cell is a formula, names that a workbook takes, a file under its Chinese name."""

from __future__ import annotations

import csv
import io
from datetime import date

import openpyxl
import pytest

from services.portal.web import tables
from services.portal.web.tables import Table, download, workbook
from shared.documents.sheet import XLSX

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")']


def table(*rows: tuple[tables.Cell, ...], name: str = "名单") -> Table:
    return Table(name, [("单位", 20), ("日期", 12), ("数", 6)], rows, ["金山区名单", "按机构序列排列"])


def test_a_workbook_has_the_rows_under_a_header_that_every_page_repeats() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([table(("廊下镇", date(2022, 1, 12), 3))])))
    [sheet] = book.worksheets
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][0] == "金山区名单"
    assert rows[2] == ["单位", "日期", "数"]
    assert rows[3][0] == "廊下镇"
    assert rows[3][2] == 3
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.page_setup.paperSize == int(sheet.PAPERSIZE_A4)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_a_workbook(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([table((text, None, 0))])))
    cell = book.worksheets[0]["A4"]
    assert cell.data_type == "s"
    assert cell.value == text


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_csv(text: str) -> None:
    _, row = csv.reader(io.StringIO(tables.csv(table((text, None, 0))).decode("utf-8-sig"), newline=""))
    assert row == [f"'{text}", "", "0"]


def test_sheets_of_a_workbook_have_names_that_it_takes_and_no_two_the_same() -> None:
    long = "上海市金山区/关于[述法]的:名单?" * 3
    book = openpyxl.load_workbook(io.BytesIO(workbook([table(name=long), table(name=long), table(name="")])))
    assert len(set(book.sheetnames)) == 3
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in book.sheetnames)


def test_a_file_keeps_its_chinese_name() -> None:
    answer = download(b"x", "名单.csv")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%E5%90%8D%E5%8D%95.csv"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert download(b"x", "名单.xlsx").headers["content-type"] == XLSX
