"""``shufa tenants``: registers a whole tree of tenants from a file, as often as you like with the same result."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.console import HomeOption, print_table, say
from deploy.local.home import LocalError
from deploy.local.waiting import until

if TYPE_CHECKING:
    import httpx

    from deploy.local.tree import Branch

tenants = typer.Typer(help="The tenants of this installation.", no_args_is_help=True)

AT_ONCE = 8
"""Requests under way at the same time: a service has three connections that decide."""
ATTEMPTS = 5
FIRST_PAUSE = 0.2
"""Seconds, doubled with each attempt."""
_HEARD_WITHIN = 120.0
_SHOWN = 20


@dataclass(frozen=True)
class NotOpened:
    """A tenant that was refused, with the rule's own words."""

    branch: Branch
    reason: str


@tenants.callback()
def _group() -> None:
    """Keeps `open` a command of its own while it is the only one."""


@tenants.command("open")
def open_tenants(
    file: Annotated[Path, typer.Option("--from", help="CSV: tenant,name,tier,division_code,official_order.")],
    policy: Annotated[
        Path | None, typer.Option(help="YAML with holds_from and values: what the topmost tenant adopts.")
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(help="Wait until evaluation has heard of all, and show that year's coverage."),
    ] = None,
    admin: Annotated[str, typer.Option(help="Who registers: tenant_admin of the subtree.")] = "admin",
    clerk: Annotated[str, typer.Option(help="Who adopts the policy: law_office of the top.")] = "law-clerk",
    home: HomeOption = None,
) -> None:
    """Register every tenant of a file, those above before those below. Running it again changes nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from deploy.local.cluster import Cluster
    from deploy.local.tree import read_tree

    tree = read_tree(file)
    values = _policy(policy) if policy is not None else None
    cluster = Cluster.running(home)
    scheduling = cluster.service_url("scheduling")
    with Progress(
        TextColumn("opening"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("opening", total=len(tree))
        refused = asyncio.run(_open(scheduling, cluster.token(admin), tree, lambda: bar.advance(task)))
    if refused:
        told = [f"row {one.branch.row}, {one.branch.tenant}: {one.reason}" for one in refused]
        raise LocalError(
            f"{len(refused)} of {len(tree)} tenants were refused; the others are open.",
            tail=tuple(told[:_SHOWN]),
        )
    say(f"{len(tree)} tenants are open, from {tree[0].tenant} down.")
    if values is not None:
        asyncio.run(_adopt(scheduling, cluster.token(clerk), tree[0].tenant, values))
        say(f"{tree[0].tenant} has adopted the policy of {policy}; the tenants below inherit it.")
    if year is not None:
        _show_coverage(cluster.service_url("evaluation"), cluster.token(admin), tree, year)


async def open_tree(
    client: httpx.AsyncClient, tree: Sequence[Branch], opened: Callable[[], None] = lambda: None
) -> list[NotOpened]:
    """Register the tenants level by level, some at once, and answer those that a rule refuses.

    ``client`` speaks to scheduling in the name of a tenant_admin of the subtree; ``opened`` is called after each.
    Raises LocalError where no tenant could be registered at all: nobody may, or nobody answers.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(branch: Branch) -> NotOpened | None:
        body = {
            "name": branch.name,
            "tier": branch.tier,
            "official_order": branch.official_order,
            "division_code": branch.division_code,
        }
        async with gate:
            answer = await _post(client, f"/tenants/{branch.tenant}/tenant/self/register-tenant", body)
        opened()
        return None if answer.status_code == 200 else NotOpened(branch, _reason(answer))

    found: list[NotOpened | None] = []
    for depth in sorted({branch.depth for branch in tree}):
        found += await asyncio.gather(*(one(branch) for branch in tree if branch.depth == depth))
    return [refused for refused in found if refused is not None]


async def _open(
    scheduling: str, token: str, tree: Sequence[Branch], opened: Callable[[], None]
) -> list[NotOpened]:
    async with _client(scheduling, token) as client:
        return await open_tree(client, tree, opened)


async def _adopt(scheduling: str, token: str, tenant: str, body: Mapping[str, Any]) -> None:
    async with _client(scheduling, token) as client:
        answer = await _post(client, f"/tenants/{tenant}/policy/self/adopt-policy", body)
    if answer.status_code != 200:
        raise LocalError(f"The policy was not adopted: {_reason(answer)}")


def _client(service: str, token: str) -> httpx.AsyncClient:
    import httpx

    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=service, headers=headers, timeout=30.0, trust_env=False)


async def _post(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> httpx.Response:
    """A command whose key follows from what is asked: asked again it is answered again and writes nothing."""
    import httpx

    key = hashlib.sha256(json.dumps([path, body], sort_keys=True).encode()).hexdigest()
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)
        try:
            answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError as error:
            problem = str(error) or type(error).__name__
            continue
        if answer.status_code in (401, 403):
            raise LocalError(f"{_reason(answer)} ({path})")
        if answer.status_code < 500:
            return answer
        problem = _reason(answer)
    raise LocalError(f"{client.base_url}{path.lstrip('/')} does not answer: {problem}.")


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _policy(path: Path) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text("utf-8"))
        return {"holds_from": read["holds_from"].isoformat(), "values": dict(read["values"])}
    except OSError as error:
        raise LocalError(f"The policy {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise LocalError(f"The policy {path} is not YAML with holds_from (a date) and values.") from error


def _show_coverage(evaluation: str, token: str, tree: Sequence[Branch], year: int) -> None:
    import httpx

    def heard() -> list[dict[str, Any]] | None:
        answer = client.get(f"/tenants/{tree[0].tenant}/coverage", params={"year": year})
        if answer.status_code not in (200, 404):
            raise LocalError(_reason(answer))
        rows: list[dict[str, Any]] = answer.json().get("tiers", [])
        return rows if sum(row["tenants"] for row in rows) >= len(tree) else None

    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=evaluation, headers=headers, timeout=30.0, trust_env=False) as client:
        rows = until(heard, within=_HEARD_WITHIN, what="Evaluation has not heard of every tenant")
    columns = ("tier", "tenants", "covered", "heads", "heard")
    print_table(
        f"Coverage of {tree[0].tenant} in {year}",
        columns,
        ([row[name] for name in columns] for row in rows),
    )
