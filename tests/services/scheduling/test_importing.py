"""A table held against a registry: what each row means, and every wrong cell by row, column and rule."""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import Any

import pytest

from services.scheduling.domain.importing import COLUMNS, Imported, column_of, meanings, read_table
from services.scheduling.domain.registry import Post
from services.scheduling.domain.unit import (
    AddPost,
    Closed,
    Event,
    HandOverPost,
    PostHandedOver,
    Registered,
    RegisterUnit,
    RenameUnit,
    Unit,
    UnitClosed,
    UnitRegistered,
    UnitRenamed,
    evolve,
    initial,
)
from shared.decider import Refused

HEADER = tuple(COLUMNS)
CHINESE = tuple(names[0] for names in COLUMNS.values())
SINCE = date(2021, 1, 4)
REGISTERED = UnitRegistered(
    "区交通委", "government", 32, (), (Post("head", "主任", "示例·甲"),), valid_from=SINCE, on=SINCE
)
HEAD = "jiaotongwei,区交通委,government,32,,head,主任,示例·甲,"


def unit_after(*events: Event) -> Registered | Closed:
    unit: Unit = reduce(evolve, events, initial)
    assert isinstance(unit, Registered | Closed)
    return unit


KNOWN = {"jiaotongwei": unit_after(REGISTERED)}


def table(
    *lines: str, header: tuple[str, ...] = HEADER, registry: dict[str, Registered | Closed] | None = None
) -> Imported:
    """What lines of cells come to, the first of them being row 2."""
    rows = [(number, line.split(",")) for number, line in enumerate(lines, start=2)]
    return read_table(header, rows, registry or {})


def commands(imported: Imported) -> list[tuple[int, str, Any]]:
    assert imported.wrong == []
    return [(step.row, step.unit, step.command) for step in imported.steps]


def means(imported: Imported) -> list[tuple[int, list[str]]]:
    return [(row, list(meant)) for row, _, _, meant in meanings(imported)]


# ---- what is new ----


def test_a_unit_is_registered_with_the_posts_of_its_first_day_and_the_others_are_added() -> None:
    imported = table(
        "jiaotongwei,区交通委,government,32,,head,主任,示例·甲,2021-01-04",
        "jiaotongwei,,,,,deputy,副主任,示例·乙,2021/3/1",
        "jiaotongwei,,,,,second,副主任,示例·丙,",
    )
    posts = (Post("head", "主任", "示例·甲"), Post("second", "副主任", "示例·丙"))
    assert commands(imported) == [
        (2, "jiaotongwei", RegisterUnit("区交通委", "government", 32, (), posts, SINCE)),
        (3, "jiaotongwei", AddPost("deputy", "副主任", "示例·乙", date(2021, 3, 1))),
    ]
    assert means(imported) == [(2, ["new"]), (3, ["new"]), (4, ["new"])]


def test_a_unit_without_posts_has_an_empty_post() -> None:
    assert commands(table("sifaju,区司法局,government,31,law_office,,,,")) == [
        (2, "sifaju", RegisterUnit("区司法局", "government", 31, ("law_office",), (), None))
    ]


@pytest.mark.parametrize("header", [HEADER, CHINESE, tuple(name.upper() for name in HEADER)])
def test_columns_go_by_english_and_by_chinese_names(header: tuple[str, ...]) -> None:
    assert len(commands(table(HEAD, header=header))) == 1


def test_categories_offices_and_dates_are_read_as_people_write_them() -> None:
    line = "danzhengban,党政办,党委（群团）部门,10,区委办、督查室,head,主任,示例·甲,2021年3月1日"
    [(_, _, command)] = commands(table(line))
    assert command == RegisterUnit(
        "党政办",
        "party_or_mass",
        10,
        ("party_office", "supervision_office"),
        (Post("head", "主任", "示例·甲"),),
        date(2021, 3, 1),
    )


# ---- what is known ----


def test_what_is_on_record_is_the_same_with_its_day_and_without() -> None:
    for day in ("", "2021-01-04"):
        imported = table(HEAD + day, registry=KNOWN)
        assert commands(imported) == []
        assert means(imported) == [(2, ["same"])]


def test_another_person_takes_the_post_over_and_another_name_is_borne() -> None:
    line = "jiaotongwei,区交通运输委,government,32,,head,主任,示例·乙,2021-03-01"
    imported = table(line, registry=KNOWN)
    assert commands(imported) == [
        (2, "jiaotongwei", RenameUnit("区交通运输委", date(2021, 3, 1))),
        (2, "jiaotongwei", HandOverPost("head", "示例·乙", date(2021, 3, 1))),
    ]
    assert means(imported) == [(2, ["renamed", "handed_over"])]


def test_after_a_renaming_and_a_handover_the_table_is_the_same_again() -> None:
    changed = unit_after(
        REGISTERED,
        UnitRenamed("区交通委", "区交通运输委", date(2021, 3, 1), on=date(2021, 3, 1)),
        PostHandedOver("head", "主任", "示例·甲", "示例·乙", date(2021, 5, 6), on=date(2021, 5, 6)),
    )
    for day in ("2021-01-04", "2021-03-01", "2021-05-06", ""):
        line = f"jiaotongwei,区交通运输委,government,32,,head,主任,示例·乙,{day}"
        assert commands(table(line, registry={"jiaotongwei": changed})) == []


def test_a_post_that_the_unit_has_not_is_added() -> None:
    imported = table(HEAD, "jiaotongwei,,,,,deputy,副主任,示例·乙,2021-03-01", registry=KNOWN)
    assert commands(imported) == [
        (3, "jiaotongwei", AddPost("deputy", "副主任", "示例·乙", date(2021, 3, 1)))
    ]
    assert means(imported) == [(2, ["same"]), (3, ["post_added"])]


def test_what_the_table_does_not_list_stays_and_is_said() -> None:
    gone = unit_after(REGISTERED, UnitClosed("改革", date(2021, 3, 1), on=date(2021, 3, 1)))
    registry = {**KNOWN, "jiu": gone, "shiliju": unit_after(REGISTERED)}
    imported = table(
        "jiaotongwei,区交通委,government,32,,,,,", "xin,新局,government,33,,,,,", registry=registry
    )
    assert (imported.units_left_out, imported.posts_left_out) == (["shiliju"], [("jiaotongwei", "head")])
    assert [step.unit for step in imported.steps] == ["xin"]


# ---- what is wrong ----


def wrong(*lines: str, **more: Any) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.refused.code) for one in table(*lines, **more).wrong]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("Jiao,区交通委,government,32,,,,,", "unit", "scheduling.cell-malformed"),
        (",区交通委,government,32,,,,,", "unit", "scheduling.cell-missing"),
        ("a" * 61 + ",区交通委,government,32,,,,,", "unit", "scheduling.cell-malformed"),
        ("jiao,,government,32,,,,,", "name", "scheduling.cell-missing"),
        ("jiao,区交通委,处室,32,,,,,", "category", "scheduling.cell-malformed"),
        ("jiao,区交通委,,32,,,,,", "category", "scheduling.cell-missing"),
        ("jiao,区交通委,government,第三,,,,,", "official_order", "scheduling.cell-malformed"),
        ("jiao,区交通委,government,0,,,,,", "official_order", "scheduling.cell-malformed"),
        ("jiao,区交通委,government,32,law_office;大办,,,,", "houses_offices", "scheduling.cell-malformed"),
        ("jiao,区交通委,government,32,,Head,主任,示例·甲,", "post", "scheduling.cell-malformed"),
        ("jiao,区交通委,government,32,,,主任,示例·甲,", "post", "scheduling.cell-missing"),
        ("jiao,区交通委,government,32,,head,,示例·甲,", "title", "scheduling.cell-missing"),
        ("jiao,区交通委,government,32,,head,主任,,", "person", "scheduling.cell-missing"),
        (
            "jiao,区交通委,government,32,,head,主任,示例·甲,2021-02-30",
            "valid_from",
            "scheduling.cell-malformed",
        ),
        ("jiao,区交通委,government,32,,head,主任,示例·甲,去年", "valid_from", "scheduling.cell-malformed"),
        (
            "jiao,区交通委,government,32,,head,主任,示例·甲,,多余",
            "unit",
            "scheduling.cell-outside-the-columns",
        ),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(line: str, column: str, code: str) -> None:
    assert wrong(line) == [(2, column, code)]


def test_every_wrong_cell_is_told_and_right_rows_beside_them_are_read_too() -> None:
    imported = table("Jiao,,x,y,,,,,", HEAD, "sifaju,区司法局,government,31,,head,局长,,")
    assert [(one.row, one.column, one.value) for one in imported.wrong] == [
        (2, "unit", "Jiao"),
        (2, "name", ""),
        (2, "category", "x"),
        (2, "official_order", "y"),
        (4, "person", ""),
    ]
    assert [step.unit for step in imported.steps] == ["jiaotongwei"]
    assert means(imported) == [(3, ["new"])]


def test_the_rows_of_a_unit_agree_and_each_post_has_one() -> None:
    assert wrong(HEAD, "jiaotongwei,区交通局,government,33,,head,主任,示例·乙,") == [
        (3, "name", "scheduling.rows-contradict"),
        (3, "official_order", "scheduling.rows-contradict"),
        (3, "post", "scheduling.post-in-two-rows"),
    ]


def test_a_name_is_one_units() -> None:
    other = "jiaowei,区交通委,government,33,,,,,"
    assert wrong(HEAD, other) == [(3, "name", "scheduling.name-of-another-unit")]
    assert wrong(other, registry=KNOWN) == [(2, "name", "scheduling.name-of-another-unit")]
    assert wrong(other, HEAD.replace("区交通委", "区交通局"), registry=KNOWN) == []


def test_a_dissolved_unit_is_not_entered_again() -> None:
    gone = unit_after(REGISTERED, UnitClosed("改革", date(2021, 3, 1), on=date(2021, 3, 1)))
    assert wrong(HEAD, registry={"jiaotongwei": gone}) == [
        (2, "unit", "scheduling.dissolved-unit-in-the-table")
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("jiaotongwei,区交通委,town,32,,head,主任,示例·甲,", "category"),
        ("jiaotongwei,区交通委,government,33,,head,主任,示例·甲,", "official_order"),
        ("jiaotongwei,区交通委,government,32,law_office,head,主任,示例·甲,", "houses_offices"),
        ("jiaotongwei,区交通委,government,32,,head,局长,示例·甲,", "title"),
    ],
)
def test_what_else_is_on_record_is_not_overwritten(line: str, column: str) -> None:
    assert wrong(line, registry=KNOWN) == [(2, column, "scheduling.fact-on-record-otherwise")]


def test_a_day_on_record_is_not_moved() -> None:
    assert wrong(HEAD + "2021-02-01", registry=KNOWN) == [
        (2, "valid_from", "scheduling.date-on-record-otherwise")
    ]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ((*HEADER, "备注"), [(1, "备注", "scheduling.column-unknown")]),
        ((*HEADER, "unit"), [(1, "unit", "scheduling.column-twice")]),
        (("unit", "单位标识", *HEADER[1:]), [(1, "单位标识", "scheduling.column-twice")]),
        (HEADER[2:], [(1, "unit", "scheduling.column-missing"), (1, "name", "scheduling.column-missing")]),
    ],
)
def test_a_header_is_understood_as_a_whole_or_not_at_all(
    header: tuple[str, ...], told: list[tuple[int, str, str]]
) -> None:
    assert wrong(HEAD, header=header) == told


def test_a_deciders_refusal_stands_in_the_column_it_is_about() -> None:
    assert column_of(Refused("scheduling.handover-in-the-future")) == "valid_from"
    assert column_of(Refused("scheduling.name-blank", field="person")) == "person"
    assert column_of(Refused("scheduling.not-allowed-now")) == "unit"
