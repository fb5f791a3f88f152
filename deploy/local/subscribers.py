"""``shufa subscribers``: who outside this installation hears the events of a tenant; no restart is needed."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import typer

from deploy.local.accounts import API, USER, Subscriber, read_subscribers, write_subscribers
from deploy.local.console import HomeOption, print_table, say
from deploy.local.home import Home, LocalError
from deploy.local.nats import Nats
from deploy.local.servers import Servers
from deploy.local.state import read_state

subscribers = typer.Typer(
    help="Who outside hears a tenant's events: progress of its subtree, content of its own.",
    no_args_is_help=True,
)

_NAME = re.compile(r"[a-z0-9]+")
NameArgument = Annotated[str, typer.Argument(help="What it is called: a-z and 0-9.")]


@dataclass(frozen=True)
class Admitted:
    """A subscriber and the password it was given just now; None where it has one already."""

    subscriber: Subscriber
    password: str | None = field(repr=False)


def admit(servers: Servers, name: str, tenant: str, *, new_password: bool = False) -> Admitted:
    """Give a subscriber an account and its consumers. Admitting the same again is nothing new.

    Raises LocalError for a name or a tenant that cannot be, and for a name that hears another tenant.
    """
    from shared.messaging import provision
    from shared.tenancy import is_tenant

    if _NAME.fullmatch(name) is None or name == USER:
        raise LocalError(f"{name!r} is no name for a subscriber: a-z and 0-9, and not {USER!r}.")
    if not is_tenant(tenant):
        raise LocalError(f"{tenant!r} is no tenant's path.")
    others = [one for one in read_subscribers(servers.home) if one.name != name]
    known = next((one for one in read_subscribers(servers.home) if one.name == name), None)
    if known is not None and known.tenant != tenant:
        raise LocalError(f"{name} hears {known.tenant}; remove it first, or choose another name.")
    _ask_broker(provision.admit(servers.nats_url, name, tenant))
    if known is not None and not new_password:
        return Admitted(known, None)
    password = secrets.token_hex(24)
    admitted = Subscriber(name, tenant, _hashed(password))
    _let_in(servers, (*others, admitted))
    return Admitted(admitted, password)


def dismiss(servers: Servers, name: str) -> None:
    """Close a subscriber's account, cut its connections, and take its consumers away."""
    from shared.messaging import provision

    listed = read_subscribers(servers.home)
    gone = next((one for one in listed if one.name == name), None)
    if gone is None:
        raise LocalError(f"There is no subscriber {name!r}.")
    _let_in(servers, tuple(one for one in listed if one is not gone))
    _ask_broker(provision.dismiss(servers.nats_url, name, gone.tenant))


def _let_in(servers: Servers, listed: tuple[Subscriber, ...]) -> None:
    """These and nobody else, from now on and after every restart."""
    state = read_state(servers.home)
    if state is None or "nats" not in state.processes:
        raise LocalError(f"NATS is not up in {servers.home.root}.")
    before = read_subscribers(servers.home)
    server = Nats(servers.home.nats, servers.home.log("nats"), servers.credentials.nats, listed)
    try:
        server.reload(state.processes["nats"])
    except LocalError:
        replace(server, subscribers=before).write_accounts()
        raise
    write_subscribers(servers.home, listed)


def _ask_broker(work: Any) -> None:
    async def within_reason() -> None:
        async with asyncio.timeout(20):
            await work

    try:
        asyncio.run(within_reason())
    except (OSError, TimeoutError) as error:
        raise LocalError("NATS does not answer.") from error


def _hashed(password: str) -> str:
    import bcrypt

    # The password is random and long: what makes guessing slow would only make connecting slow.
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=6)).decode()


@subscribers.command("add")
def add(
    name: NameArgument,
    tenant: Annotated[str, typer.Option(help="Whose events it hears: the tenant's full path.")],
    new_password: Annotated[bool, typer.Option(help="Give it another password; the old one ends.")] = False,
    home: HomeOption = None,
) -> None:
    """Admit a subscriber, and print how it connects; the password is shown this once."""
    from deploy.local.cluster import Cluster

    servers = Cluster.running(home).servers
    admitted = admit(servers, name, tenant, new_password=new_password)
    one = admitted.subscriber
    if admitted.password is None:
        say(f"{name} hears {tenant} already; --new-password gives it another password.")
        return
    rows = (
        ("address", f"nats://{one.name}:{admitted.password}@127.0.0.1:{servers.nats_port}"),
        ("inbox prefix", one.inbox),
        ("JetStream API prefix", API),
        ("consumers of SHUFA", ", ".join(one.consumers)),
    )
    print_table(f"{name} hears {tenant}; the password is not shown again", ("", ""), rows)


@subscribers.command("list")
def show(home: HomeOption = None) -> None:
    """Everybody who was admitted."""
    rows = [(one.name, one.tenant, ", ".join(one.consumers)) for one in read_subscribers(Home.at(home))]
    print_table("Subscribers", ("name", "tenant", "consumers"), rows)


@subscribers.command("remove")
def remove(name: NameArgument, home: HomeOption = None) -> None:
    """Dismiss a subscriber: it is cut off at once, and where it stood is forgotten."""
    from deploy.local.cluster import Cluster

    dismiss(Cluster.running(home).servers, name)
    say(f"{name} hears nothing any more.")
