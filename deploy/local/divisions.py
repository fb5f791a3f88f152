"""A table of statistical divisions (code, name, tier, parent) as the file of a tree of tenants."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.local.home import LocalError
from deploy.local.tree import COLUMNS
from shared.tenancy import is_tenant

_COLUMNS = ("code", "name", "tier", "parent")


def tree_of(file: Path, root: str, path: str | None = None) -> list[str]:
    """The lines of a tree file, header first: the division ``root`` and all below it, those above before those below.

    A tenant's token is t and its code; ``path`` is the root's. The order among siblings is that of the codes. A name
    is the division's; the table's own tiers are those of tenants.
    """
    rows = _read(file)
    below: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        below[row["parent"]].append(row)
    top = next((row for row in rows if row["code"] == root), None)
    if top is None:
        raise LocalError(f"{file} has no division {root}.")
    if path is not None and not is_tenant(path):
        raise LocalError(f"{path!r} is no path of a-z and 0-9 joined by dots.")
    lines = [",".join(COLUMNS)]
    level = [(path or f"t{root}", top, 1)]
    while level:
        lines += [
            f"{tenant},{row['name']},{row['tier']},{row['code']},{order}" for tenant, row, order in level
        ]
        level = [
            (f"{tenant}.t{row['code']}", row, order)
            for tenant, above, _ in level
            for order, row in enumerate(_in_order(below[above["code"]]), start=1)
        ]
    return lines


def _in_order(rows: Sequence[dict[str, str]]) -> Iterator[dict[str, str]]:
    yield from sorted(rows, key=lambda row: row["code"])


def _read(file: Path) -> list[dict[str, str]]:
    try:
        packed = file.suffix == ".gz"
        with gzip.open(file, "rt", encoding="utf-8") if packed else file.open(encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise LocalError(f"{file} must have the columns {','.join(_COLUMNS)}, in its first row.")
            return list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{file} cannot be read: {error}.") from error
