"""``shufa import``: a table of units, posts and holders into the registry of one tenant or of many."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.local.asking import client_of, post, problem_of, reason_of
from deploy.local.console import HomeOption, print_table, progress_bar, say
from deploy.local.home import LocalError
from shared.documents.sheet import (
    CSV,
    MEDIA_TYPES,
    XLSX,
    NotRead,
    Sheet,
    read_sheet,
    write_csv,
    write_workbook,
)
from shared.tenancy import is_tenant

_TENANT = ("tenant", "层级路径")
_HEADER = (
    "unit",
    "name",
    "category",
    "official_order",
    "houses_offices",
    "post",
    "title",
    "person",
    "valid_from",
)
_SHOWN = 40


@dataclass(frozen=True)
class Part:
    """One tenant's rows of the file, as they are sent; ``rows`` are the file's numbers of what is sent as rows 2, 3,
    …, empty where the file is sent as it is."""

    tenant: str
    content: bytes
    kind: str
    rows: tuple[int, ...] = ()

    def row(self, sent: int) -> int:
        """The row of the file that was sent as this one."""
        return self.rows[sent - 2] if self.rows and sent >= 2 else sent


@dataclass(frozen=True)
class Wrong:
    """A cell of the file that is to be put right."""

    tenant: str
    row: int
    column: str
    value: str
    what: str


def import_registry(
    file: Annotated[
        Path, typer.Argument(help="CSV (UTF-8 or GB18030; comma or tab) or XLSX, a row for each post.")
    ],
    tenant: Annotated[
        str | None, typer.Option(help="Whose registry, where the file has no column tenant.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what it would do, and do nothing.")] = False,
    user: Annotated[str, typer.Option("--as", help="Who imports: tenant_admin.")] = "admin",
    template: Annotated[
        bool, typer.Option("--template", help="Write an empty table with the columns to FILE instead.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Import units, posts and who holds them. Nothing is imported when any row is wrong; what the file does not list
    stays; importing it again changes nothing."""
    from deploy.local.cluster import Cluster

    if template:
        _write_template(file)
        return
    parts = parts_of(file, tenant)
    cluster = Cluster.running(home)
    scheduling, token = cluster.service_url("scheduling"), cluster.token(user)

    def send(what: str, *, trial: bool) -> list[tuple[Part, dict[str, Any] | list[Wrong]]]:
        with progress_bar(what, len(parts)) as advance:
            return asyncio.run(_send(scheduling, token, parts, trial, advance))

    tried = send("preview", trial=True)
    wrong = [one for _, said in tried for one in _wrong(said)]
    if wrong:
        _show_wrong(wrong, many=len(parts) > 1)
        rows = len({(one.tenant, one.row) for one in wrong})
        raise LocalError(f"{file}: {len(wrong)} cells in {rows} rows to put right; nothing was imported.")
    _show(tried)
    if preview:
        say(f"{file}: nothing was imported, this was a preview.")
        return
    done = send("import", trial=False)
    refused = [one for _, said in done for one in _wrong(said)]
    if refused:  # somebody changed the registry since the preview
        _show_wrong(refused, many=len(parts) > 1)
        left = sorted({one.tenant for one in refused})
        raise LocalError(
            f"{file}: not imported for {', '.join(left)}; run it again, the others stay as they are."
        )
    counts = _counted(done)
    changes = ", ".join(
        f"{number} {means.replace('_', ' ')}" for means, number in counts.items() if means != "same"
    )
    say(f"{file}: imported, {changes or 'nothing is new'}.")


def parts_of(file: Path, tenant: str | None) -> list[Part]:
    """The file by tenant. Raises LocalError where it cannot be read or does not say whose rows they are."""
    kind = MEDIA_TYPES.get(file.suffix.lower())
    if kind is None:
        raise LocalError(f"{file}: {', '.join(MEDIA_TYPES)} are read.")
    try:
        content = file.read_bytes()
        sheet = read_sheet(content, kind)
    except OSError as error:
        raise LocalError(f"{file} cannot be read: {error.strerror}.") from error
    except NotRead as error:
        raise LocalError(f"{file} cannot be read as a table: {error}.") from error
    place = next((n for n, name in enumerate(sheet.header) if name.lower() in _TENANT), None)
    if place is None:
        if tenant is None:
            raise LocalError(f"{file} has no column tenant: say --tenant.")
        return [Part(tenant, content, kind)]
    if tenant is not None:
        raise LocalError(f"{file} has a column tenant of its own: leave --tenant out.")
    return _by_tenant(file, sheet, place)


def _by_tenant(file: Path, sheet: Sheet, place: int) -> list[Part]:
    rows: dict[str, list[tuple[int, list[str]]]] = {}
    told = []
    for line in sheet.lines:
        cells = list(line.cells) + [""] * (len(sheet.header) - len(line.cells))
        tenant = cells.pop(place)
        if not is_tenant(tenant):
            told.append(f"row {line.number}, tenant: {tenant!r} is no path of a-z and 0-9 joined by dots")
        rows.setdefault(tenant, []).append((line.number, cells))
    if told:
        raise LocalError(
            f"{file}: {len(told)} to put right; nothing was imported.", tail=tuple(told[:_SHOWN])
        )
    header = [name for n, name in enumerate(sheet.header) if n != place]
    return [
        Part(tenant, write_csv(header, [cells for _, cells in own]), CSV, tuple(number for number, _ in own))
        for tenant, own in rows.items()
    ]


async def _send(
    scheduling: str, token: str, parts: Sequence[Part], trial: bool, advance: Callable[[], None]
) -> list[tuple[Part, dict[str, Any] | list[Wrong]]]:
    """Each part with what the service said of it: an answer, or what is wrong."""
    params, run = ({"preview": "true"} if trial else {}), secrets.token_hex(8)
    said: list[tuple[Part, dict[str, Any] | list[Wrong]]] = []
    async with client_of(scheduling, token, timeout=300.0) as client:
        for part in parts:
            path = f"/tenants/{part.tenant}/registry/import"
            answer = await post(client, path, part.content, part.kind, params, run)
            if answer.status_code == 200:
                body = answer.json()
                said.append((part, _told(part, body["errors"]) or body))
            else:
                first = part.rows[0] if part.rows else 1
                listed = _told(part, problem_of(answer).get("errors", []))
                said.append((part, listed or [Wrong(part.tenant, first, "–", "", reason_of(answer))]))
            advance()
    return said


def _told(part: Part, errors: Sequence[Mapping[str, Any]]) -> list[Wrong]:
    words = "detail_zh" if os.environ.get("LANG", "").startswith("zh") else "detail"
    return [
        Wrong(part.tenant, part.row(one["row"]), one["column"], one["value"], one[words]) for one in errors
    ]


def _wrong(said: dict[str, Any] | list[Wrong]) -> list[Wrong]:
    return said if isinstance(said, list) else []


def _show_wrong(wrong: Sequence[Wrong], *, many: bool) -> None:
    columns = (*(("tenant",) if many else ()), "row", "column", "value", "what is wrong")
    rows = ((*((one.tenant,) if many else ()), one.row, one.column, one.value, one.what) for one in wrong)
    print_table("To put right", columns, rows)


def _show(tried: Sequence[tuple[Part, dict[str, Any] | list[Wrong]]]) -> None:
    """What changes, row by row, what stays, and what the file does not list."""
    many = len(tried) > 1
    changed = [
        (
            part.tenant,
            part.row(row["row"]),
            row["unit"],
            row["post"],
            ", ".join(row["means"]).replace("_", " "),
        )
        for part, said in tried
        if isinstance(said, dict)
        for row in said["rows"]
        if row["means"] != ["same"]
    ]
    if changed:
        columns = ("tenant", "row", "unit", "post", "what it means")
        start = 0 if many else 1
        print_table("What the file changes", columns[start:], (row[start:] for row in changed[:_SHOWN]))
        if len(changed) > _SHOWN:
            say(f"and {len(changed) - _SHOWN} more rows")
    counts = _counted(tried)
    say(
        "Rows: "
        + (", ".join(f"{number} {means.replace('_', ' ')}" for means, number in counts.items()) or "none")
    )
    for part, said in tried:
        if isinstance(said, dict):
            _show_left_out(part.tenant if many else "", said)


def _show_left_out(tenant: str, said: Mapping[str, Any]) -> None:
    left = [*said["units_not_in_the_table"]]
    left += [f"{one['unit']}/{one['post']}" for one in said["posts_not_in_the_table"]]
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        say(
            f"Not in the file, and stays{f' in {tenant}' if tenant else ''}: {', '.join(left[:_SHOWN])}{more}"
        )


def _counted(said: Sequence[tuple[Part, dict[str, Any] | list[Wrong]]]) -> Counter[str]:
    return sum((Counter(one["counts"]) for _, one in said if isinstance(one, dict)), Counter())


def _write_template(file: Path) -> None:
    if file.exists():
        raise LocalError(f"{file} is there already.")
    kind = MEDIA_TYPES.get(file.suffix.lower())
    if kind not in (CSV, XLSX):
        raise LocalError(f"{file}: a template is .csv or .xlsx.")
    header = list(_HEADER)
    file.write_bytes(write_workbook(header, []) if kind == XLSX else write_csv(header, []))
    say(f"{file} has the columns of a registry; a unit without posts has one row with an empty post.")
