"""The rules of a table for the registry: what is wrong with a row or a cell (domain.md 1, full coverage)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from shared.decider import Refused


def column_unknown(column: str, known: Collection[str]) -> Refused | None:
    """A column that is not understood is not passed over: what stands in it would be lost."""
    return None if column in known else Refused("scheduling.column-unknown", column=column)


def column_twice(column: str, before: Collection[str]) -> Refused | None:
    """Each column is there once: of two nobody knows which one holds."""
    return Refused("scheduling.column-twice", column=column) if column in before else None


def column_missing(column: str, header: Collection[str]) -> Refused | None:
    """A unit has an id, a name, a category and a place in the official order."""
    return None if column in header else Refused("scheduling.column-missing", column=column)


def cell_outside_the_columns(cells: Sequence[str], columns: int) -> Refused | None:
    """A row has no more cells than the header has columns."""
    return Refused("scheduling.cell-outside-the-columns", columns=columns) if any(cells[columns:]) else None


def cell_missing(column: str, value: str) -> Refused | None:
    """What a row must say is not empty."""
    return None if value else Refused("scheduling.cell-missing", column=column)


def cell_malformed(column: str, understood: bool, expected: str) -> Refused | None:
    """A cell is what its column holds; ``expected`` shows it."""
    return None if understood else Refused("scheduling.cell-malformed", column=column, expected=expected)


def rows_contradict(column: str, value: object, before: object, row: int) -> Refused | None:
    """The rows of one unit, one for each post, say the same of the unit."""
    if value == before:
        return None
    return Refused("scheduling.rows-contradict", column=column, row=row)


def post_in_two_rows(post: str, rows: dict[str, int]) -> Refused | None:
    """A post has one row: it has one holder."""
    return Refused("scheduling.post-in-two-rows", post=post, row=rows[post]) if post in rows else None


def name_of_another_unit(name: str, unit: str, named: dict[str, str]) -> Refused | None:
    """Another id is another unit: the same name twice is a unit entered twice (domain.md 2, unit names)."""
    other = named.get(name, unit)
    return None if other == unit else Refused("scheduling.name-of-another-unit", name=name, unit=other)


def dissolved_unit_in_the_table(unit: str, dissolved: bool) -> Refused | None:
    """A unit that was dissolved is not entered again under its id: its duties and reports are keyed to it."""
    return Refused("scheduling.dissolved-unit-in-the-table", unit=unit) if dissolved else None


def fact_on_record_otherwise(column: str, value: object, recorded: object) -> Refused | None:
    """A table renames and hands over; what else is on record of a unit it does not overwrite."""
    if value == recorded:
        return None
    shown = "、".join(map(str, recorded)) if isinstance(recorded, tuple) else str(recorded)
    return Refused("scheduling.fact-on-record-otherwise", column=column, recorded=shown)


def date_on_record_otherwise(valid_from: date | None, recorded: Collection[date]) -> Refused | None:
    """Who held which post when is kept (domain.md 2, dates of validity): a table that changes neither name nor holder
    does not move the day."""
    if valid_from is None or valid_from in recorded:
        return None
    return Refused(
        "scheduling.date-on-record-otherwise", recorded=[day.isoformat() for day in sorted(recorded)]
    )
