"""What a table says of a tenant's registry: every cell that is wrong, and the commands that make the registry say so.

A row is a post and its unit; a unit without posts has one row with an empty post. What a table does not say stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from services.scheduling.domain.policies.importing import (
    cell_malformed,
    cell_missing,
    cell_outside_the_columns,
    column_missing,
    column_twice,
    column_unknown,
    date_on_record_otherwise,
    dissolved_unit_in_the_table,
    fact_on_record_otherwise,
    name_of_another_unit,
    post_in_two_rows,
    rows_contradict,
)
from services.scheduling.domain.registry import Category, Office, Post
from services.scheduling.domain.unit import (
    AddPost,
    Closed,
    Command,
    HandOverPost,
    Registered,
    RegisterUnit,
    RenameUnit,
)
from shared.decider import Refused

COLUMNS: dict[str, tuple[str, ...]] = {
    "unit": ("单位标识", "单位编号"),
    "name": ("单位名称", "单位"),
    "category": ("类别", "单位类别"),
    "official_order": ("排序", "位次", "序号"),
    "houses_offices": ("办事机构", "所设办事机构"),
    "post": ("职务标识", "职务编号"),
    "title": ("职务", "职务名称"),
    "person": ("姓名", "任职人"),
    "valid_from": ("生效日期", "起始日期", "任职日期"),
}
"""Each column and the Chinese names by which it is understood too; the first is the one a template has."""
_NEEDED = ("unit", "name", "category", "official_order")
_OF_THE_UNIT = ("name", "category", "official_order", "houses_offices")

_CATEGORIES: dict[str, Category] = {
    "党委(群团)部门": "party_or_mass",
    "党委部门": "party_or_mass",
    "群团部门": "party_or_mass",
    "区政府工作部门": "government",
    "政府工作部门": "government",
    "政府部门": "government",
    "街镇": "town",
    "领导班子": "leadership",
    "内设机构": "section",
    "中层": "section",
    "村居": "village",
}
_OFFICES: dict[str, Office] = {
    "区委办": "party_office",
    "党委办公室": "party_office",
    "依法治区办": "law_office",
    "法治办": "law_office",
    "组织部": "organization_department",
    "督查室": "supervision_office",
}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ORDER = re.compile(r"[1-9][0-9]{0,8}")
_DATE = re.compile(r"([0-9]{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_LONGEST_ID = 60

Meaning = Literal["new", "post_added", "renamed", "handed_over", "same"]


@dataclass(frozen=True)
class WrongCell:
    """Why a row cannot be imported, and in which column the reason stands."""

    row: int
    column: str
    value: str
    refused: Refused


@dataclass(frozen=True)
class Step:
    """A command that a row asks for, and what it means."""

    row: int
    unit: str
    command: Command
    means: Meaning


@dataclass
class Imported:
    """What a table comes to: what each row means, the steps to take, every wrong cell, and what it does not mention."""

    rows: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Row → (unit, post)."""
    steps: list[Step] = field(default_factory=list)
    wrong: list[WrongCell] = field(default_factory=list)
    units_left_out: list[str] = field(default_factory=list)
    posts_left_out: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Row:
    number: int
    texts: Mapping[str, str]
    values: Mapping[str, Any]


def read_table(
    header: Sequence[str],
    lines: Sequence[tuple[int, Sequence[str]]],
    registry: Mapping[str, Registered | Closed],
    header_row: int = 1,
) -> Imported:
    """Hold a table against the registry. ``lines`` are the numbered rows below the header."""
    found = Imported()
    columns = _columns(header, header_row, found.wrong)
    if found.wrong:
        return found
    by_unit: dict[str, list[_Row]] = {}
    spoilt: set[str] = set()
    for number, cells in lines:
        row, wrong = _row(number, cells, columns, by_unit)
        of = row.texts["unit"]
        found.rows[number] = (of, row.texts["post"])
        by_unit.setdefault(of, []).append(row)
        if wrong:
            spoilt.add(of)
            found.wrong += wrong
    there = {id: unit for id, unit in registry.items() if isinstance(unit, Registered)}
    named = {unit.name.name: id for id, unit in there.items() if id not in by_unit}
    for id, rows in by_unit.items():
        if id not in spoilt:
            found.wrong += _of_unit(id, rows, registry.get(id), named, found.steps)
    for id, unit in there.items():
        if id not in by_unit:
            found.units_left_out.append(id)
        else:
            posts = {row.texts["post"] for row in by_unit[id]}
            found.posts_left_out += [(id, one.post) for one in unit.posts if one.post not in posts]
    found.wrong.sort(
        key=lambda one: (one.row, list(COLUMNS).index(one.column) if one.column in COLUMNS else 0)
    )
    return found


def _columns(header: Sequence[str], row: int, wrong: list[WrongCell]) -> list[str]:
    known = {name: column for column, names in COLUMNS.items() for name in (column, *names)}
    found: list[str] = []
    for name in header:
        column = known.get(name.strip().lower(), name)
        for refused in (column_unknown(column, COLUMNS), column_twice(column, found)):
            if refused is not None:
                wrong.append(WrongCell(row, name, name, refused))
        found.append(column)
    for column in _NEEDED:
        if (refused := column_missing(column, found)) is not None:
            wrong.append(WrongCell(row, column, "", refused))
    return found


def _row(
    number: int, cells: Sequence[str], columns: Sequence[str], by_unit: Mapping[str, list[_Row]]
) -> tuple[_Row, list[WrongCell]]:
    texts = dict.fromkeys(COLUMNS, "") | dict(zip(columns, cells, strict=False))
    values: dict[str, Any] = {}
    wrong: list[WrongCell] = []

    def complain(column: str, *refusals: Refused | None) -> bool:
        """The first of the refusals is told of the cell."""
        told = next((one for one in refusals if one is not None), None)
        if told is not None:
            wrong.append(WrongCell(number, column, texts.get(column, ""), told))
        return told is not None

    complain("unit", cell_outside_the_columns(cells, len(columns)))
    earlier = by_unit.get(texts["unit"], [])
    for column, (read, expected) in _READ.items():
        text = texts[column]
        if column in _OF_THE_UNIT and not text and earlier:
            values[column] = earlier[0].values.get(column)  # said in the unit's first row
            continue
        if column in _NEEDED and complain(column, cell_missing(column, text)):
            continue
        value = read(text)
        if complain(column, cell_malformed(column, not text or value is not None, expected)):
            continue
        values[column] = value
        if column in _OF_THE_UNIT and earlier and column in earlier[0].values:
            complain(column, rows_contradict(column, value, earlier[0].values[column], earlier[0].number))
    if texts["post"]:
        rows = {row.texts["post"]: row.number for row in earlier}
        complain("post", post_in_two_rows(texts["post"], rows))
        for column in ("title", "person"):
            complain(column, cell_missing(column, texts[column]))
    elif texts["title"] or texts["person"]:
        complain("post", cell_missing("post", ""))
    return _Row(number, texts, values), wrong


def _of_unit(
    id: str,
    rows: list[_Row],
    unit: Registered | Closed | None,
    named: dict[str, str],
    steps: list[Step],
) -> list[WrongCell]:
    """Add a unit's steps, or answer what is wrong with its rows."""
    first = rows[0]
    name = first.texts["name"]
    refused = dissolved_unit_in_the_table(id, isinstance(unit, Closed))
    if refused is not None:
        return [WrongCell(first.number, "unit", id, refused)]
    if (refused := name_of_another_unit(name, id, named)) is not None:
        return [WrongCell(first.number, "name", name, refused)]
    named[name] = id
    if isinstance(unit, Registered):
        return _known(id, rows, unit, steps)
    _new(id, rows, steps)
    return []


def _new(id: str, rows: list[_Row], steps: list[Step]) -> None:
    """The unit is entered as it was on its first day; a post that has its holder from a later day is added."""
    first = rows[0]
    days = [row.values["valid_from"] for row in rows if row.values["valid_from"] is not None]
    since = min(days, default=None)
    held = [row for row in rows if row.texts["post"]]
    at_first = [row for row in held if row.values["valid_from"] in (None, since)]
    register = RegisterUnit(
        first.texts["name"],
        first.values["category"],
        first.values["official_order"],
        first.values["houses_offices"] or (),
        tuple(Post(row.texts["post"], row.texts["title"], row.texts["person"]) for row in at_first),
        since,
    )
    steps.append(Step(first.number, id, register, "new"))
    steps += [_added(id, row, "new") for row in held if row not in at_first]


def _known(id: str, rows: list[_Row], unit: Registered, steps: list[Step]) -> list[WrongCell]:
    first, wrong, asked = rows[0], list[WrongCell](), list[Step]()
    name = first.texts["name"]
    days = {unit.valid_from, *(one.valid_from for one in unit.names)}
    if name != unit.name.name:
        days |= {first.values["valid_from"]} - {None}
        asked.append(Step(first.number, id, RenameUnit(name, first.values["valid_from"]), "renamed"))
    for column in ("category", "official_order", "houses_offices"):
        recorded = getattr(unit, column)
        said = first.values[column]
        if column == "houses_offices" and not first.texts[column]:
            continue
        if (refused := fact_on_record_otherwise(column, said, recorded)) is not None:
            wrong.append(WrongCell(first.number, column, first.texts[column], refused))
    for row in rows:
        wrong += _of_post(id, row, unit, days, asked)
    if not wrong:
        steps += asked
    return wrong


def _of_post(id: str, row: _Row, unit: Registered, days: set[date], asked: list[Step]) -> list[WrongCell]:
    """``days``: those on which the unit and its names begin."""
    post, person, day = row.texts["post"], row.texts["person"], row.values["valid_from"]
    if post:
        held = unit.held(post)
        if held is None:
            asked.append(_added(id, row, "post_added"))
            return []
        refused = fact_on_record_otherwise("title", row.texts["title"], held.title)
        if refused is not None:
            return [WrongCell(row.number, "title", row.texts["title"], refused)]
        if person != held.person:
            asked.append(Step(row.number, id, HandOverPost(post, person, day), "handed_over"))
            return []
        days = days | {held.since}
    if (refused := date_on_record_otherwise(day, days)) is not None:
        return [WrongCell(row.number, "valid_from", row.texts["valid_from"], refused)]
    return []


def _added(id: str, row: _Row, means: Meaning) -> Step:
    texts = row.texts
    add = AddPost(texts["post"], texts["title"], texts["person"], row.values["valid_from"])
    return Step(row.number, id, add, means)


_COLUMN_OF_CODE = {
    "scheduling.post-id-malformed": "post",
    "scheduling.post-listed-twice": "post",
    "scheduling.post-added-twice": "post",
    "scheduling.handover-in-the-future": "valid_from",
    "scheduling.handover-before-the-last": "valid_from",
    "scheduling.renaming-in-the-future": "valid_from",
    "scheduling.renaming-before-the-last": "valid_from",
    "scheduling.post-added-in-the-future": "valid_from",
    "scheduling.post-older-than-its-unit": "valid_from",
}


def column_of(refused: Refused) -> str:
    """The column in which the reason of a decider's refusal stands."""
    if refused.code == "scheduling.name-blank":
        return str(refused.data["field"])
    return _COLUMN_OF_CODE.get(refused.code, "unit")


# ---- cells ----


def _id(text: str) -> str | None:
    return text if _ID.fullmatch(text) and len(text) <= _LONGEST_ID else None


def _name(text: str) -> str | None:
    return text or None


def _category(text: str) -> str | None:
    plain = text.replace("（", "(").replace("）", ")")
    return _CATEGORIES.get(plain) or (text if text in _CATEGORIES.values() else None)


def _order(text: str) -> int | None:
    return int(text) if _ORDER.fullmatch(text) else None


def _offices(text: str) -> tuple[str, ...] | None:
    parts = [part for part in re.split(r"[;；、,，\s]+", text) if part]
    found = [_OFFICES.get(part) or (part if part in _OFFICES.values() else None) for part in parts]
    return tuple(one for one in found if one is not None) if None not in found else None


def _day(text: str) -> date | None:
    form = _DATE.fullmatch(text)
    if form is None:
        return None
    year, month, day = (int(part) for part in form.groups() if part)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _first_names(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each id with the first of its names."""
    found: dict[str, str] = {}
    for name, id in names.items():
        found.setdefault(id, name)
    return list(found.items())


_READ: dict[str, tuple[Callable[[str], Any], str]] = {
    "unit": (_id, "jiaotongwei, shili-ju"),
    "name": (_name, "区交通委"),
    "category": (_category, ", ".join(f"{id} ({name})" for id, name in _first_names(_CATEGORIES))),
    "official_order": (_order, "1, 2, 3 …"),
    "houses_offices": (_offices, ", ".join(f"{id} ({name})" for id, name in _first_names(_OFFICES))),
    "post": (_id, "head, deputy-head"),
    "title": (_name, "主任"),
    "person": (_name, "示例·甲"),
    "valid_from": (_day, "2021-03-01, 2021/3/1, 2021年3月1日"),
}
"""How each column's cell is read, None where it is not understood, and what it looks like where it is."""


def meanings(imported: Imported) -> Iterator[tuple[int, str, str, list[Meaning]]]:
    """Row, unit, post, and what the row means; nothing for a row that is wrong."""
    asked: dict[int, list[Meaning]] = {}
    for step in imported.steps:
        if step.means not in asked.setdefault(step.row, []):
            asked[step.row].append(step.means)
    new = {step.unit for step in imported.steps if step.means == "new"}
    wrong = {imported.rows[one.row][0] for one in imported.wrong if one.row in imported.rows}
    for row, (unit, post) in imported.rows.items():
        if unit not in wrong:
            yield row, unit, post, asked.get(row) or (["new"] if unit in new else ["same"])
