"""The ``shufa`` command: one installation on this machine, from its start to its removal."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deploy.local import importing, ledgers, maintain, operate
from deploy.local.console import Commands, HomeOption, complain, print_table, say
from deploy.local.credentials import SERVICES
from deploy.local.home import Home, LocalError
from deploy.local.permissions import permissions
from deploy.local.subscribers import subscribers
from deploy.local.tenants import tenants

if TYPE_CHECKING:
    from deploy.local.cluster import Cluster
    from deploy.local.plan import Step


app = typer.Typer(
    cls=Commands,
    name="shufa",
    help="Shufa on one machine: embedded PostgreSQL and NATS, the services, and what an operator needs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.add_typer(operate.parked, name="parked")
app.add_typer(ledgers.ledger, name="ledger")
app.add_typer(tenants, name="tenants")
app.command()(permissions)
app.add_typer(subscribers, name="subscribers")
app.command()(operate.republish)
app.command()(maintain.rebuild)
app.command("import")(importing.import_registry)
ledgers.ledger.command("import")(maintain.import_history)

DayOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day of a simulated clock.")
]


@app.command()
def up(
    home: HomeOption = None,
    clock: Annotated[
        Literal["system", "simulated"],
        typer.Option(help="Whose day it is: the machine's, or one you advance."),
    ] = "system",
    today: DayOption = None,
    users: Annotated[
        Path | None, typer.Option(help="Who may have a token [default: the Jinshan example].")
    ] = None,
) -> None:
    """Start everything and leave it running."""
    from rich.console import Console

    from deploy.local.cluster import Cluster

    console = Console(stderr=True)
    with console.status("starting") as spinner:
        cluster = Cluster.start(
            home,
            clock=clock,
            today=today.date() if today else None,
            users=users,
            doing=lambda what: spinner.update(what),
        )
    _print_addresses(cluster)


def _print_addresses(cluster: Cluster) -> None:
    from deploy.local.supervisor import answers

    servers = {"postgres", "nats"}
    rows: list[tuple[object, ...]] = [("supervisor", None, cluster.state.supervisor.pid, None)]
    for name, process in cluster.state.processes.items():
        url = process.address if name in servers else cluster.service_url(name)
        rows.append((name, url, process.pid, None if name in servers else "/openapi.json"))
    print_table("Shufa is up", ("service", "address", "pid", "API"), rows)
    say(f"Home  {cluster.home.root}\nLogs  {cluster.home.log('').parent}")
    for service in SERVICES:
        if not answers(cluster.state.processes[service].address or "", "/readyz"):
            complain(f"{service} takes no commands: see shufa ledger fork {service}.")


@app.command()
def status(
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What runs, is it ready, what does it use. Exit status 1 if something is not ready."""
    from deploy.local.cluster import Cluster
    from deploy.local.status import status as look

    seen = look(Cluster.running(home))
    if as_json:
        say(json.dumps(asdict(seen), indent=1))
    else:
        rows = (
            (p.name, p.address, p.pid, "yes" if p.ready else "no", p.restarts, _megabytes(p.memory))
            for p in seen.processes
        )
        print_table(
            f"Shufa in {Home.at(home).root}",
            ("service", "address", "pid", "ready", "restarts", "memory"),
            rows,
        )
        used = ", ".join(f"{database} {count}" for database, count in seen.connections.items()) or "none"
        say(f"Memory in all  {_megabytes(seen.memory)}\nDatabase connections  {used}")
    if not seen.ready:
        raise typer.Exit(1)


def _megabytes(size: int | None) -> str:
    return "?" if size is None else f"{size / 1_000_000:.0f} MB"


@app.command()
def down(
    home: HomeOption = None,
    purge: Annotated[bool, typer.Option(help="Remove the data, secrets and logs as well.")] = False,
) -> None:
    """Stop everything; the data stays unless --purge."""
    from deploy.local.cluster import stop_home

    where = Home.at(home)
    stopped = stop_home(where, purge=purge)
    say(f"Stopped {where.root}." if stopped else f"Nothing was up in {where.root}.")
    if purge:
        say("Its data was removed.")


@app.command()
def migrate(home: HomeOption = None) -> None:
    """Bring the databases' tables to this version; `up` does it too."""
    from deploy.local.plan import MIGRATE

    _run_step(home, MIGRATE)


@app.command()
def provision(home: HomeOption = None) -> None:
    """Bring the broker's stream and consumers to this version; `up` does it too."""
    from deploy.local.plan import PROVISION

    _run_step(home, PROVISION)


def _run_step(home: Path | None, step: Step) -> None:
    from deploy.local.cluster import Cluster
    from deploy.local.plan import step_environment
    from deploy.local.processes import spawn, tail
    from deploy.local.supervisor import step_child

    cluster = Cluster.running(home)
    running = spawn(step_child(cluster.home, step, step_environment(cluster.servers)))
    if running.process.wait() != 0:
        raise LocalError(f"{step.name} failed.", tail=tail(running.child.log))
    say(f"{step.name}: done.")


@app.command()
def token(
    user: Annotated[str, typer.Argument(help="An id in the users file.")], home: HomeOption = None
) -> None:
    """Print a bearer token for an example user."""
    from deploy.local.tokens import mint

    say(mint(Home.at(home), user))


@app.command()
def demo(
    home: HomeOption = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write what was found there.")] = None,
    keep: Annotated[bool, typer.Option(help="Leave everything running at the end.")] = False,
    replace: Annotated[bool, typer.Option(help="Stop and remove what is in --home before.")] = False,
) -> None:
    """Play the whole story of two rounds on this machine, every step checked."""
    from deploy.local.demo.command import demo as play

    if replace and home is None:
        raise LocalError("--replace needs --home: what is to be replaced.")
    play(home, json_file, keep, replace=replace)
