"""A file of tenants, read strictly: every wrong row is named with its column before anything is sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from deploy.local.home import LocalError
from shared.contracts.scheduling import Tier
from shared.tenancy import is_tenant, parent

COLUMNS = ("tenant", "name", "tier", "division_code", "official_order")
TIERS: tuple[str, ...] = get_args(Tier)
_BESIDE = {"bureau": TIERS.index("town")}
"""A bureau stands where a town does."""
_CODE = re.compile(r"[0-9]{2,12}")
_ORDER = re.compile(r"[1-9][0-9]{0,8}")
_SHOWN = 20


@dataclass(frozen=True)
class Branch:
    """One tenant of the file; ``division_code`` is None where the area has none."""

    row: int
    tenant: str
    name: str
    tier: str
    division_code: str | None
    official_order: int

    @property
    def depth(self) -> int:
        return self.tenant.count(".")


def read_tree(path: Path) -> list[Branch]:
    """The tenants of a CSV file, in its order: one root, and everything else below a tenant of the file.

    Columns: tenant (full path), name, tier, division_code (may be empty), official_order among siblings. Raises
    LocalError with every complaint as ``row N, column: what is wrong`` (rows as a spreadsheet counts them).
    """
    rows = _rows(path)
    complaints = [*_malformed(rows), *_contradictions(rows)]
    if complaints:
        said = [f"row {row}, {column}: {what}" for row, column, what in sorted(set(complaints))]
        more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
        raise LocalError(f"{path}: {len(said)} to put right; nothing was sent.", tail=(*said[:_SHOWN], *more))
    return [
        Branch(
            number,
            row["tenant"],
            row["name"],
            row["tier"],
            row["division_code"] or None,
            int(row["official_order"]),
        )
        for number, row in rows
    ]


Row = tuple[int, Mapping[str, str]]
Complaint = tuple[int, str, str]


def _rows(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise LocalError(f"{path} must have the columns {','.join(COLUMNS)}, in its first row.")
            rows: list[Row] = [
                (reader.line_num, {name: str(cell).strip() for name, cell in row.items()}) for row in reader
            ]
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LocalError(f"{path} is not UTF-8 text; save it as CSV UTF-8.") from error
    if not rows:
        raise LocalError(f"{path} has no tenants.")
    return rows


def _malformed(rows: Sequence[Row]) -> Iterator[Complaint]:
    for number, row in rows:
        if row.get("", "") != "":
            yield number, "row", f"more than {len(COLUMNS)} cells"
        if not is_tenant(row["tenant"]):
            yield number, "tenant", f"{row['tenant']!r} is no path of a-z and 0-9 joined by dots"
        if not row["name"]:
            yield number, "name", "is empty"
        if row["tier"] not in TIERS:
            yield number, "tier", f"{row['tier']!r} is none of {', '.join(TIERS)}"
        if row["division_code"] and not _CODE.fullmatch(row["division_code"]):
            yield number, "division_code", f"{row['division_code']!r} is not 2 to 12 digits"
        if not _ORDER.fullmatch(row["official_order"]):
            yield number, "official_order", f"{row['official_order']!r} is not 1, 2, 3, …"


def _contradictions(rows: Sequence[Row]) -> Iterator[Complaint]:
    first: dict[tuple[str, str], int] = {}
    by_tenant: dict[str, Mapping[str, str]] = {}
    for number, row in rows:
        siblings = f"{parent(row['tenant'])}/{row['official_order']}"
        unique = {"tenant": row["tenant"], "division_code": row["division_code"], "official_order": siblings}
        for column, value in unique.items():
            before = first.setdefault((column, value), number)
            if before != number and row[column]:
                yield number, column, f"{row[column]} is row {before}'s already"
        by_tenant.setdefault(row["tenant"], row)
    root = rows[0][1]["tenant"]
    for number, row in rows[1:]:
        above = by_tenant.get(parent(row["tenant"]) or "")
        if above is None:
            yield number, "tenant", f"what {row['tenant']} is below is not in the file (its root is {root})"
        elif not _below(row["tier"], above["tier"]):
            yield number, "tier", f"a {row['tier']} is not below a {above['tier']}"


def _below(tier: str, above: str) -> bool:
    """May one stand below the other? A tier that does not exist has a complaint of its own."""
    if tier not in TIERS or above not in TIERS:
        return True
    rank, rank_above = (_BESIDE.get(one, TIERS.index(one)) for one in (tier, above))
    return rank > rank_above
