"""A file of tenants, read strictly: every wrong row is named with its column before anything is sent."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from deploy.local.home import LocalError
from shared.contracts.scheduling import ReportingBody, Tier
from shared.tenancy import is_tenant, parent

COLUMNS = ("tenant", "name", "tier", "division_code", "official_order")
BESIDES = ("parent", "reporting_body")
"""Columns that may be there as well. With ``parent``, ``tenant`` is the last token of the path alone."""
TIERS: tuple[str, ...] = get_args(Tier)
BODIES: tuple[str, ...] = get_args(ReportingBody)
_BESIDE = {"bureau": TIERS.index("town")}
"""A bureau stands where a town does."""
_CODE = re.compile(r"[0-9]{2,12}")
_ORDER = re.compile(r"[1-9][0-9]{0,8}")
_SHOWN = 20

Registered = Callable[[Collection[str]], Mapping[str, str]]
"""Of these tenants, those that the system knows to be open, and their tiers."""


@dataclass(frozen=True)
class Branch:
    """One tenant of the file; ``division_code`` is None where the area has none."""

    row: int
    tenant: str
    name: str
    tier: str
    division_code: str | None
    official_order: int
    reporting_body: str | None = None

    @property
    def depth(self) -> int:
        return self.tenant.count(".")

    @property
    def token(self) -> str:
        """The last part of its path: the id by which the tier above registers it as a unit."""
        return self.tenant.rpartition(".")[2]


def read_tree(path: Path, registered: Registered = lambda tenants: {}) -> list[Branch]:
    """The tenants of a CSV file, in its order: everything is below a tenant of the file or of the system, but for the
    first that is not, with which a tree may begin.

    Columns: tenant (full path), name, tier, division_code (may be empty), official_order among siblings; besides them
    reporting_body, and parent (the code or the path of the tier above), with which tenant is one token. Raises
    LocalError with every complaint as ``row N, column: what is wrong`` (rows as a spreadsheet counts them).
    """
    rows = _rows(path)
    looped = _find_paths(rows) if "parent" in rows[0].cells else []
    complaints = [*looped, *_malformed(rows), *_contradictions(rows)]
    if not complaints:
        complaints += _rootless(rows, registered)
    if complaints:
        said = [f"row {row}, {column}: {what}" for row, column, what in sorted(set(complaints))]
        more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
        raise LocalError(f"{path}: {len(said)} to put right; nothing was sent.", tail=(*said[:_SHOWN], *more))
    return [
        Branch(
            row.number,
            row.path,
            row["name"],
            row["tier"],
            row["division_code"] or None,
            int(row["official_order"]),
            row["reporting_body"] or None,
        )
        for row in rows
    ]


@dataclass
class _Row:
    """A row's cells by column; ``path`` is the tenant's, empty while it is not known."""

    number: int
    cells: Mapping[str, str]
    path: str

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


Complaint = tuple[int, str, str]


def _rows(path: Path) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            header = tuple(reader.fieldnames or ())
            beside = header[len(COLUMNS) :]
            if (
                header[: len(COLUMNS)] != COLUMNS
                or len(set(beside)) < len(beside)
                or set(beside) - {*BESIDES}
            ):
                raise LocalError(
                    f"{path} must have the columns {','.join(COLUMNS)}, in its first row"
                    f" (and may have {' and '.join(BESIDES)} after them)."
                )
            rows = []
            for row in reader:
                cells = {name: str(cell).strip() for name, cell in row.items()}
                rows.append(_Row(reader.line_num, cells, cells["tenant"]))
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LocalError(f"{path} is not UTF-8 text; save it as CSV UTF-8.") from error
    if not rows:
        raise LocalError(f"{path} has no tenants.")
    return rows


def _find_paths(rows: Sequence[_Row]) -> list[Complaint]:
    """Each row's path from the tier above it; what stands in a loop, or nowhere, has none and is told."""
    by_name: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        for name in {row["tenant"], row["division_code"]} - {""}:
            by_name[name].append(row)
    above: dict[int, _Row] = {}
    complaints: list[Complaint] = []
    for row in rows:
        row.path = ""
        name = row["parent"]
        named = by_name.get(name, [])
        if len(named) > 1:
            where = " and ".join(str(one.number) for one in named[:3])
            complaints.append((row.number, "parent", f"{name} is rows {where}: say its code or its path"))
        elif named:
            above[row.number] = named[0]
        elif name and not is_tenant(name):
            complaints.append((row.number, "parent", f"{name!r} is no code and no path"))
        elif "." in row["tenant"]:
            complaints.append((row.number, "tenant", f"{row['tenant']!r} is a path beside a parent"))
        else:
            row.path = f"{name}.{row['tenant']}" if name else row["tenant"]
    in_a_loop: set[int] = set()
    for row in rows:
        walk: list[_Row] = []
        while not row.path and row.number in above and row not in walk:
            walk.append(row)
            row = above[row.number]
        if row in walk and not row.path:
            loop = walk[walk.index(row) :]
            if not in_a_loop & {one.number for one in loop}:
                in_a_loop |= {one.number for one in loop}
                told = " → ".join(f"{one['tenant']} (row {one.number})" for one in [*loop, loop[0]])
                complaints.append((loop[0].number, "parent", f"the tree runs in a circle: {told}"))
            continue
        for below in reversed(walk):
            if above[below.number].path:
                below.path = f"{above[below.number].path}.{below['tenant']}"
    return complaints


def _malformed(rows: Sequence[_Row]) -> Iterator[Complaint]:
    for row in rows:
        number = row.number
        if row[""] != "":
            yield number, "row", "more cells than columns"
        if (row.path or "parent" not in row.cells) and not is_tenant(row.path):
            yield number, "tenant", f"{row.path!r} is no path of a-z and 0-9 joined by dots"
        if not row["name"]:
            yield number, "name", "is empty"
        if row["tier"] not in TIERS:
            yield number, "tier", f"{row['tier']!r} is none of {', '.join(TIERS)}"
        if row["division_code"] and not _CODE.fullmatch(row["division_code"]):
            yield number, "division_code", f"{row['division_code']!r} is not 2 to 12 digits"
        if not _ORDER.fullmatch(row["official_order"]):
            yield number, "official_order", f"{row['official_order']!r} is not 1, 2, 3, …"
        if row["reporting_body"] and row["reporting_body"] not in BODIES:
            yield number, "reporting_body", f"{row['reporting_body']!r} is none of {', '.join(BODIES)}"


def _contradictions(rows: Sequence[_Row]) -> Iterator[Complaint]:
    first: dict[tuple[str, str], int] = {}
    by_path = {row.path: row for row in reversed(rows) if row.path}
    for row in rows:
        if not row.path:
            continue
        siblings = f"{parent(row.path)}/{row['official_order']}"
        unique = {"tenant": row.path, "division_code": row["division_code"], "official_order": siblings}
        for column, value in unique.items():
            before = first.setdefault((column, value), row.number)
            if before != row.number and row[column]:
                yield row.number, column, f"{row[column]} is row {before}'s already"
        above = by_path.get(parent(row.path) or "")
        if above is not None and not _below(row["tier"], above["tier"]):
            yield row.number, "tier", f"a {row['tier']} is not below a {above['tier']}"


def _rootless(rows: Sequence[_Row], registered: Registered) -> Iterator[Complaint]:
    """What is below neither a tenant of the file nor one of the system, or below one that is not above it."""
    in_file = {row.path for row in rows}
    outside = {above for row in rows if (above := parent(row.path)) is not None and above not in in_file}
    tiers = registered(outside) if outside else {}
    begins: _Row | None = None
    for row in rows:
        above = parent(row.path) or ""
        if above in tiers and not _below(row["tier"], tiers[above]):
            yield row.number, "tier", f"a {row['tier']} is not below a {tiers[above]}"
        if above in in_file or above in tiers:
            continue
        if begins is None:
            begins = row
            continue
        what = f"what {row.path} is below is not in the file and not registered (the tree begins with {begins.path})"
        yield row.number, "tenant", what


def _below(tier: str, above: str) -> bool:
    """May one stand below the other? A tier that does not exist has a complaint of its own."""
    if tier not in TIERS or above not in TIERS:
        return True
    rank, rank_above = (_BESIDE.get(one, TIERS.index(one)) for one in (tier, above))
    return rank > rank_above
