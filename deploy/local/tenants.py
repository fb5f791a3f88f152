"""``shufa tenants``: opens a whole tree of tenants from a file, as often as you like with the same result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.asking import AT_ONCE, client_of, post, reason_of
from deploy.local.console import HomeOption, print_table, progress_bar, say
from deploy.local.home import LocalError
from deploy.local.waiting import until

if TYPE_CHECKING:
    import httpx

    from deploy.local.openings import Opening
    from deploy.local.tree import Branch

tenants = typer.Typer(help="The tenants of this installation.", no_args_is_help=True)

_HEARD_WITHIN = 600.0
_SHOWN = 20


@dataclass(frozen=True)
class NotOpened:
    """A tenant that was refused, with the rule's own words."""

    branch: Branch
    reason: str


@dataclass
class Opened:
    """What came of opening a tree: what was written, what was there already, and who was refused."""

    tenants_new: int = 0
    units_new: int = 0
    units_kept: int = 0
    policies_new: int = 0
    plans_new: int = 0
    refused: list[NotOpened] = field(default_factory=list)

    def count(self, answer: Mapping[str, Any]) -> None:
        """Add one tenant's answer."""
        self.tenants_new += answer["registration"] == "new"
        self.units_new += len(answer["units_new"])
        self.units_kept += len(answer["units_kept"])
        self.policies_new += answer["policy"] == "new"
        self.plans_new += answer["plan"] == "new"

    @property
    def in_words(self) -> str:
        return (
            f"{self.tenants_new} tenants, {self.units_new} units, {self.policies_new} policies and"
            f" {self.plans_new} plans are new"
        )


@tenants.command("open")
def open_tenants(
    file: Annotated[
        Path,
        typer.Option(
            "--from", help="CSV: tenant,name,tier,division_code,official_order[,parent][,reporting_body]."
        ),
    ],
    opening: Annotated[
        Path | None,
        typer.Option("--with", help="YAML: by tier the offices, the first policy and the first plan."),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(help="Wait until evaluation has heard of all, and show that year's coverage."),
    ] = None,
    admin: Annotated[str, typer.Option(help="Who opens: tenant_admin of the subtree.")] = "admin",
    home: HomeOption = None,
) -> None:
    """Open every tenant of a file with its units, policy and first plan, those above before those below. Running it
    again changes nothing."""
    from deploy.local.cluster import Cluster
    from deploy.local.openings import openings, read_opening
    from deploy.local.tree import read_tree

    of_tiers = read_opening(opening)
    tree = read_tree(file, lambda above: _registered(Cluster.running(home), admin, above))
    cluster = Cluster.running(home)
    asked = openings(tree, of_tiers)
    with progress_bar("opening", len(tree)) as advance:
        opened = asyncio.run(_open(cluster.service_url("scheduling"), cluster.token(admin), asked, advance))
    if opened.refused:
        told = [f"row {one.branch.row}, {one.branch.tenant}: {one.reason}" for one in opened.refused]
        raise LocalError(
            f"{len(opened.refused)} of {len(tree)} tenants were refused; the others are open.",
            tail=tuple(told[:_SHOWN]),
        )
    top = min(tree, key=lambda branch: branch.depth).tenant
    say(f"{len(tree)} tenants are open, from {top} down: {opened.in_words}.")
    if year is not None:
        _show_coverage(cluster.service_url("evaluation"), cluster.token(admin), top, len(tree), year)


@tenants.command("tree")
def write_tree(
    file: Annotated[Path, typer.Option("--from", help="CSV or CSV.GZ of divisions: code,name,tier,parent.")],
    root: Annotated[str, typer.Option(help="The code of the division to begin with.")],
    path: Annotated[
        str | None, typer.Option("--as", help="The tenant it is to be [default: t and the code].")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Where to write [default: standard output].")
    ] = None,
) -> None:
    """Write a tree of tenants from a table of statistical divisions."""
    from deploy.local.divisions import tree_of

    lines = tree_of(file, root, path)
    text = "\n".join(lines) + "\n"
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, "utf-8")
        say(f"{len(lines) - 1} tenants are in {to}.")


async def open_tree(
    client: httpx.AsyncClient, asked: Sequence[Opening], opened: Callable[[], None] = lambda: None
) -> Opened:
    """Open the tenants level by level, some at once, and answer what came of it and whom a rule refuses.

    ``client`` speaks to scheduling in the name of a tenant_admin of the subtree; ``opened`` is called after each.
    Raises LocalError where no tenant could be opened at all: nobody may, or nobody answers.
    """
    found = Opened()
    for depth in sorted({one.branch.depth for one in asked}):
        level = [one for one in asked if one.branch.depth == depth]
        coming = iter(level)

        async def some(coming: Any = coming) -> None:
            for one in coming:
                body = json.dumps(one.body, ensure_ascii=False).encode()
                answer = await post(client, f"/tenants/{one.branch.tenant}/opening", body)
                opened()
                if answer.status_code == 200:
                    found.count(answer.json())
                else:
                    found.refused.append(NotOpened(one.branch, reason_of(answer)))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, len(level))):
                    group.create_task(some())
        except ExceptionGroup as errors:  # of several that nobody answers one is told
            raise errors.exceptions[0] from None
    return found


async def _open(scheduling: str, token: str, asked: Sequence[Opening], opened: Callable[[], None]) -> Opened:
    async with client_of(scheduling, token) as client:
        return await open_tree(client, asked, opened)


def _registered(cluster: Any, admin: str, tenants: Collection[str]) -> dict[str, str]:
    """The tiers of those of the tenants that are registered and open."""
    import httpx

    headers = {"Authorization": f"Bearer {cluster.token(admin)}"}
    found = {}
    with httpx.Client(base_url=cluster.service_url("scheduling"), headers=headers, trust_env=False) as client:
        for tenant in sorted(tenants):
            answer = client.get(f"/tenants/{tenant}/registered-tenants/tenant-self")
            if answer.status_code == 200 and answer.json()["closed_on"] is None:
                found[tenant] = str(answer.json()["tier"])
    return found


def _show_coverage(evaluation: str, token: str, top: str, tenants: int, year: int) -> None:
    import httpx

    def heard() -> list[dict[str, Any]] | None:
        answer = client.get(f"/tenants/{top}/coverage", params={"year": year})
        if answer.status_code not in (200, 404):
            raise LocalError(reason_of(answer))
        rows: list[dict[str, Any]] = answer.json().get("tiers", [])
        return rows if sum(row["tenants"] for row in rows) >= tenants else None

    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=evaluation, headers=headers, timeout=30.0, trust_env=False) as client:
        rows = until(heard, within=_HEARD_WITHIN, what="Evaluation has not heard of every tenant")
    columns = ("tier", "tenants", "covered", "heads", "heard")
    print_table(
        f"Coverage of {top} in {year}",
        columns,
        ([row[name] for name in columns] for row in rows),
    )
