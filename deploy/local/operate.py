"""What an operator does to the messages of a service that is up: parked events, publishing again."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.local.console import HomeOption
from deploy.local.credentials import SERVICES, DatabaseRole
from deploy.local.home import Home, LocalError

parked = typer.Typer(help="Events that could not be applied and wait for a decision.", no_args_is_help=True)

ServiceArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]
SourceArgument = Annotated[str, typer.Argument(help="The service that published the event.")]
TenantArgument = Annotated[str, typer.Argument(help="The tenant's full path.")]
SequenceArgument = Annotated[int, typer.Argument(help="The event's public sequence.")]
DropReason = Annotated[str, typer.Option(help="Why this fact may be left out; kept with the event.")]
FromOption = Annotated[int, typer.Option("--from", min=1, help="The first public sequence.")]
TenantOption = Annotated[str | None, typer.Option(help="One tenant; all of them by default.")]


def database(home: Home, service: str, role: DatabaseRole = "relay") -> str:
    """The address of a service's database. Raises LocalError where there is no such service, or nothing is up."""
    from deploy.local.cluster import Cluster

    if service not in SERVICES:
        raise LocalError(f"There is no service {service!r}; there are {', '.join(SERVICES)}.")
    return Cluster.running(home).database_url(service, role)


@parked.command("list")
def list_parked(service: ServiceArgument, home: HomeOption = None) -> None:
    """What a service could not apply, and how much waits behind each."""
    from deploy.operate import messages

    messages.show_parked(service, database(Home.at(home), service))


@parked.command("retry")
def retry_parked(
    service: ServiceArgument,
    source: SourceArgument,
    tenant: TenantArgument,
    sequence: SequenceArgument,
    home: HomeOption = None,
) -> None:
    """Apply a parked event again, and then what waits behind it."""
    from deploy.operate import messages

    messages.retry(database(Home.at(home), service), source, tenant, sequence)


@parked.command("drop")
def drop_parked(
    service: ServiceArgument,
    source: SourceArgument,
    tenant: TenantArgument,
    sequence: SequenceArgument,
    reason: DropReason,
    home: HomeOption = None,
) -> None:
    """Leave a parked event out for good, with a reason; what waits behind it goes on."""
    from deploy.operate import messages

    messages.drop(database(Home.at(home), service), source, tenant, sequence, reason)


def republish(
    service: ServiceArgument, start: FromOption, tenant: TenantOption = None, home: HomeOption = None
) -> None:
    """Publish a service's events again; who has them already ignores them."""
    from deploy.operate import messages

    messages.republish(service, database(Home.at(home), service), start, tenant)
