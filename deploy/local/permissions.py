"""``shufa permissions``: who may do and read what; ``python -m deploy.local.permissions write`` makes it a page."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deploy.local.console import say
from deploy.local.home import PROJECT, LocalError
from shared.contracts import PUBLISHERS

if TYPE_CHECKING:
    from shared.security.permissions import Permitted

PAGE = Path("docs/permissions.md")
WIDTH = 120

MEANING = {
    "law_office": "依法治区办, in a town 司法所",
    "party_office": "区委办, in a town 党政办",
    "supervision_office": "督查室",
    "organization_department": "组织部, in a town 党群办",
    "leader": "区领导",
    "reporter": "述法对象, the head of a unit",
    "liaison": "联络员, who enters for the unit",
    "tenant_admin": "管理员: the registry, and who holds which role",
    "auditor": "审计: the ledger, and who holds which role",
    "operator": "运维: whether all runs",
    "inspector": "查阅: looks at a tenant's content for a time and with a reason; by a grant only, no token gives it",
    "service": "a service's own account; nobody's",
}
EVERYBODY = "every role but inspector"

Kind = Literal["command", "read", "operation"]


@dataclass(frozen=True)
class Line:
    """One line of the table: what it is about, and who may."""

    service: str
    kind: Kind
    what: str
    permitted: Permitted

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What, and who in the own tenant, for the own unit, and from a tier above."""
        line = self.permitted
        return (self.what, _named(line.tenant), _named(line.own_unit), _named(line.subtree))

    def reach(self, role: str) -> str | None:
        """How far a role reaches by this line; None where it is not named."""
        reaches = (
            ("own tenant", self.permitted.tenant),
            ("own unit", self.permitted.own_unit),
            ("subtree", self.permitted.subtree),
        )
        return ", ".join(word for word, roles in reaches if role in roles) or None


def lines() -> Iterator[Line]:
    """The whole table: of each service its commands and everything that can be read, then the services themselves."""
    from shared.security.permissions import COMMANDS, OPERATIONS, READS, reading

    for service in PUBLISHERS:
        for (of, what), permitted in COMMANDS.items():
            if of == service:
                yield Line(service, "command", what, permitted)
        views = {
            view.name.replace("_", "-"): view.tier
            for view in import_module(f"services.{service}.application").VIEWS
        }
        for what, tier in views.items():
            yield Line(service, "read", what, reading(service, what, tier))
        for what in dict.fromkeys(what for of, what in READS if of in (service, "*") and what not in views):
            yield Line(service, "read", what, reading(service, what, "private"))
    for what in ("clock", "parked"):
        yield Line("runtime", "operation", what, OPERATIONS)


def _named(roles: frozenset[str]) -> str:
    everybody = roles == frozenset(MEANING) - {"inspector"}
    return EVERYBODY if everybody else ", ".join(role for role in MEANING if role in roles)


def permissions(
    role: Annotated[str | None, typer.Option(help="Only what this role may, and how far.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print who may do and read what: role, command, scope."""
    if role is not None and role not in MEANING:
        raise LocalError(f"There is no role {role!r}; known: {', '.join(MEANING)}.")
    table = [line for line in lines() if role is None or line.reach(role)]
    if as_json:
        say(json.dumps([_plain(line) for line in table], ensure_ascii=False, indent=1))
    elif role is None:
        _print(table, ("", "own tenant", "own unit", "from a tier above"), lambda line: line.cells)
    else:
        _print(table, ("", f"{role} reaches"), lambda line: (line.what, line.reach(role) or ""))


def _plain(line: Line) -> dict[str, object]:
    return {
        "service": line.service,
        "kind": line.kind,
        "what": line.what,
        "tenant": sorted(line.permitted.tenant),
        "own_unit": sorted(line.permitted.own_unit),
        "subtree": sorted(line.permitted.subtree),
    }


def _print(table: Sequence[Line], columns: Sequence[str], cells: Callable[[Line], Iterable[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal or console.width > WIDTH:
        console = Console(width=WIDTH)
    for (service, kind), group in _grouped(table):
        shown = Table(title=f"{service}: {kind}s", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
        for n, column in enumerate(columns):
            shown.add_column(column, no_wrap=n == 0, overflow="fold")
        for line in group:
            shown.add_row(*cells(line))
        console.print(shown)


def _grouped(table: Iterable[Line]) -> Iterator[tuple[tuple[str, Kind], list[Line]]]:
    for key, group in groupby(table, key=lambda line: (line.service, line.kind)):
        yield key, list(group)


_INTRODUCTION = """\
Written by `make rules` from `shared/security/permissions.py`, where it is enforced; `shufa permissions` prints it.

A role is held in a tenant, by the token's claims or by a grant that scheduling keeps as an event. It reaches the
*own tenant*, or there the *own unit* alone. A grant that says `subtree` lets the roles of the last column act *from a
tier above*, and no other role: a tier enters, audits and looks after what is below it; it neither decides nor reads
texts there. What has no line is not permitted. Rules about who is whose (nobody verifies their own item, a liaison
enters for the own unit) are the domain's: [rules](rules.md).
"""


def page() -> str:
    """docs/permissions.md, from the code."""
    text = [
        "# Who may do and read what",
        "",
        *_INTRODUCTION.splitlines(),
        "",
        "| role | |",
        "|---|---|",
        *(f"| `{role}` | {meaning} |" for role, meaning in MEANING.items()),
    ]
    for (service, kind), group in _grouped(lines()):
        text += [
            "",
            f"## {service}: {kind}s",
            "",
            "| | own tenant | own unit | from a tier above |",
            "|---|---|---|---|",
        ]
        for line in group:
            what, *reach = line.cells
            text.append(f"| `{what}` | {' | '.join(cell or '—' for cell in reach)} |")
    return "\n".join(text) + "\n"


def _main(arguments: Sequence[str]) -> int:
    path = PROJECT / PAGE
    match arguments:
        case ["write"]:
            path.write_text(page(), "utf-8")
            return 0
        case ["check"]:
            if path.is_file() and path.read_text("utf-8") == page():
                return 0
            print(f"{PAGE} is out of date: make rules", file=sys.stderr)
            return 1
        case _:
            print("usage: python -m deploy.local.permissions write|check", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
