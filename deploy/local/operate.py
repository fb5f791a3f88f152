"""What an operator does to a service that is up: parked events, publishing again."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer

from deploy.local.console import HomeOption, print_table, say
from deploy.local.credentials import SERVICES, DatabaseRole
from deploy.local.home import Home, LocalError

parked = typer.Typer(help="Events that could not be applied and wait for a decision.", no_args_is_help=True)

ServiceArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]
SourceArgument = Annotated[str, typer.Argument(help="The service that published the event.")]
TenantArgument = Annotated[str, typer.Argument(help="The tenant's full path.")]
SequenceArgument = Annotated[int, typer.Argument(help="The event's public sequence.")]

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it, and say in one line that the database did not let us."""
    import asyncio

    from sqlalchemy.exc import DBAPIError

    try:
        return asyncio.run(work)
    except (OSError, DBAPIError) as error:
        raise LocalError(f"The database does not answer as it should: {error}".splitlines()[0]) from error


def database(home: Home, service: str, role: DatabaseRole = "relay") -> str:
    """The address of a service's database. Raises LocalError where there is no such service, or nothing is up."""
    from deploy.local.cluster import Cluster

    if service not in SERVICES:
        raise LocalError(f"There is no service {service!r}; there are {', '.join(SERVICES)}.")
    return Cluster.running(home).database_url(service, role)


@parked.command("list")
def list_parked(service: ServiceArgument, home: HomeOption = None) -> None:
    """What a service could not apply, and how much waits behind each."""
    from shared.messaging.operate import parked_list

    rows = run(parked_list(database(Home.at(home), service)))
    print_table(
        f"Parked in {service}",
        ("source", "tenant", "epoch", "sequence", "event", "key", "waiting", "error"),
        (
            (p.source, p.tenant, p.epoch, p.sequence, p.event, p.partition_key, p.waiting_behind, p.error)
            for p in rows
        ),
    )


@parked.command("retry")
def retry_parked(
    service: ServiceArgument,
    source: SourceArgument,
    tenant: TenantArgument,
    sequence: SequenceArgument,
    home: HomeOption = None,
) -> None:
    """Apply a parked event again, and then what waits behind it."""
    from shared.messaging.operate import NotParked, parked_retry

    try:
        released = run(parked_retry(database(Home.at(home), service), source, tenant, sequence))
    except NotParked as error:
        raise LocalError(f"{error}.") from error
    say(f"{source}:{tenant}#{sequence} will be tried again; {released} events go on.")


@parked.command("drop")
def drop_parked(
    service: ServiceArgument,
    source: SourceArgument,
    tenant: TenantArgument,
    sequence: SequenceArgument,
    reason: Annotated[str, typer.Option(help="Why this fact may be left out; kept with the event.")],
    home: HomeOption = None,
) -> None:
    """Leave a parked event out for good, with a reason; what waits behind it goes on."""
    from shared.messaging.operate import NotParked, parked_drop

    try:
        released = run(parked_drop(database(Home.at(home), service), source, tenant, sequence, reason))
    except NotParked as error:
        raise LocalError(f"{error}.") from error
    say(f"{source}:{tenant}#{sequence} was dropped; {released} events go on.")


def republish(
    service: ServiceArgument,
    start: Annotated[int, typer.Option("--from", min=1, help="The first public sequence.")],
    tenant: Annotated[str | None, typer.Option(help="One tenant; all of them by default.")] = None,
    home: HomeOption = None,
) -> None:
    """Publish a service's events again; who has them already ignores them."""
    from shared.messaging.operate import republish as publish_again

    count = run(publish_again(database(Home.at(home), service), tenant=tenant, from_sequence=start))
    say(f"{count} events of {service} will be published again.")
