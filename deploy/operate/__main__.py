"""``python3 -m deploy.operate``: what an operator does to a service, inside its container, told by its environment.

    kubectl exec deploy/shufa-rectification -- python3 -m deploy.operate ledger verify
    docker compose exec rectification python3 -m deploy.operate ledger verify

``rebuild`` alone asks for the owner of the database, whom no service's container knows: it is run where a migration is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from deploy.local.console import Commands
from deploy.local.home import LocalError
from deploy.local.ledgers import AcceptOption, ReasonOption
from deploy.local.operate import (
    DropReason,
    FromOption,
    SequenceArgument,
    SourceArgument,
    TenantArgument,
    TenantOption,
)

if TYPE_CHECKING:
    from deploy.operate.parts import Parts

app = typer.Typer(
    cls=Commands,
    help="What an operator does to the service of this container.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
parked = typer.Typer(help="Events that could not be applied and wait for a decision.", no_args_is_help=True)
ledger = typer.Typer(help="The ledgers.", no_args_is_help=True)
app.add_typer(parked, name="parked")
app.add_typer(ledger, name="ledger")


@parked.command("list")
def list_parked() -> None:
    """What the service could not apply, and how much waits behind each."""
    parts = told()
    from deploy.operate import messages

    messages.show_parked(parts.service, parts.relay_url)


@parked.command("retry")
def retry_parked(source: SourceArgument, tenant: TenantArgument, sequence: SequenceArgument) -> None:
    """Apply a parked event again, and then what waits behind it."""
    parts = told()
    from deploy.operate import messages

    messages.retry(parts.relay_url, source, tenant, sequence)


@parked.command("drop")
def drop_parked(
    source: SourceArgument, tenant: TenantArgument, sequence: SequenceArgument, reason: DropReason
) -> None:
    """Leave a parked event out for good, with a reason; what waits behind it goes on."""
    parts = told()
    from deploy.operate import messages

    messages.drop(parts.relay_url, source, tenant, sequence, reason)


@app.command()
def republish(start: FromOption, tenant: TenantOption = None) -> None:
    """Publish the service's events again; who has them already ignores them."""
    parts = told()
    from deploy.operate import messages

    messages.republish(parts.service, parts.relay_url, start, tenant)


@ledger.command()
def verify(tenant: TenantOption = None) -> None:
    """Compute every hash chain anew, and hold it against the signed roots. Exit status 1 if one does not hold."""
    parts = told()
    from deploy.operate import ledgers

    ledgers.verify([parts], tenant)


@ledger.command()
def seal() -> None:
    """Sign a root now, over every ledger that changed; the service does so every hour."""
    parts = told()
    from deploy.operate import ledgers

    ledgers.seal([parts])


@ledger.command()
def fork(
    accept: AcceptOption = False,
    reason: ReasonOption = None,
    by: Annotated[str | None, typer.Option(help="Who accepts it: nobody in a container has a name.")] = None,
) -> None:
    """After a restore: what others have heard of the service and its database does not know.

    With --accept each ledger concerned goes on under a new epoch; the service, which refuses commands until then, goes
    on by itself.
    """
    if accept and not (reason and by):
        raise LocalError("To accept a restore say why, and who you are: --reason TEXT --by NAME.")
    parts = told()
    from deploy.operate import ledgers

    ledgers.fork(parts, ledgers.Acceptance(by, reason) if accept and reason and by else None)


@ledger.command("hand-over")
def hand_over(
    to: Annotated[
        typer.FileBinaryRead,
        typer.Option(help="The public half of the new key, a file in PEM; - is standard input."),
    ],
) -> None:
    """Change the key that signs the service's roots: the last root of the old one says which comes after it.

    Roots are still checked with the first public key. Nothing is signed until the service has the new private key.
    """
    parts = told()
    from deploy.operate import handover

    handover.hand_over(parts, to.read())


@app.command()
def rebuild(
    view: Annotated[
        str | None, typer.Argument(help="One read model; all of the service's by default.")
    ] = None,
    service: Annotated[str | None, typer.Option(envvar="SHUFA_SERVICE", help="Whose read models.")] = None,
) -> None:
    """Make read models anew, as the database's owner: SHUFA_OWNER_DATABASE_URL_<SERVICE>, as for a migration.

    Each is filled beside the live one and takes its place at the end, in a few milliseconds. Interrupted or failed, it
    leaves the live one as it was.
    """
    from shared.runtime.migrate import SERVICES, owner_address

    if service not in SERVICES:
        _end([f"SHUFA_SERVICE: must be one of {', '.join(SERVICES)}"])
    url = owner_address(service)
    if url is None:
        _end([f"SHUFA_OWNER_DATABASE_URL_{service.upper()}: Field required"])
    from deploy.operate import views

    views.rebuild(service, url, view)


def told() -> Parts:
    """The service of this container. Wrong settings end the command with code 2 and say what is wrong."""
    from pydantic import ValidationError

    from deploy.operate.parts import Parts
    from shared.runtime.settings import Settings, complaints

    try:
        # The portal's own settings hold nothing that is asked for here.
        settings = Settings()
    except ValidationError as error:
        _end(complaints(error))
    return Parts(
        settings.service,
        app_url=settings.database_url.get_secret_value(),
        relay_url=settings.relay_database_url.get_secret_value(),
        nats_url=settings.nats_url.get_secret_value(),
        private_key=settings.seal_key,
        public_key=None,
        roots=settings.roots,
        simulated=settings.clock == "simulated",
    )


def _end(wrong: list[str]) -> NoReturn:
    service = os.environ.get("SHUFA_SERVICE", "operate")
    for one in wrong:
        typer.echo(f"{service}: {one}", err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    app(prog_name="python3 -m deploy.operate")
