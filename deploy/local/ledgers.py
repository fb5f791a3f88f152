"""``shufa ledger``: check the ledgers and their signed roots, sign a root now, go on after a restore."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.console import HomeOption
from deploy.local.credentials import SERVICES
from deploy.local.home import Home, LocalError
from deploy.local.operate import ServiceArgument, TenantOption, database

if TYPE_CHECKING:
    from deploy.operate.parts import Parts

ledger = typer.Typer(help="The ledgers.", no_args_is_help=True)

ServiceOption = Annotated[str | None, typer.Option(help="One service; all by default.")]
AcceptOption = Annotated[bool, typer.Option("--accept", help="Go on from where the database stands.")]
ReasonOption = Annotated[str | None, typer.Option(help="Why; kept in the ledgers and told to all.")]


@ledger.command()
def verify(service: ServiceOption = None, tenant: TenantOption = None, home: HomeOption = None) -> None:
    """Compute every hash chain anew, and hold it against the signed roots. Exit status 1 if one does not hold."""
    services = _parts(home, service)
    from deploy.operate import ledgers

    ledgers.verify(services, tenant)


@ledger.command()
def seal(service: ServiceOption = None, home: HomeOption = None) -> None:
    """Sign a root now, over every ledger that changed; services do so every hour."""
    services = _parts(home, service)
    from deploy.operate import ledgers

    ledgers.seal(services)


@ledger.command()
def fork(
    service: ServiceArgument,
    accept: AcceptOption = False,
    reason: ReasonOption = None,
    home: HomeOption = None,
) -> None:
    """After a restore: what others have heard of a service and its database does not know.

    With --accept each ledger concerned goes on under a new epoch; the service, which refuses commands until then, goes
    on by itself.
    """
    if accept and not reason:
        raise LocalError("To accept a restore say why: --reason TEXT.")
    [parts] = _parts(home, service)
    from deploy.operate import ledgers

    ledgers.fork(parts, ledgers.Acceptance(getpass.getuser(), reason) if accept and reason else None)


@ledger.command()
def rekey(service: ServiceArgument, home: HomeOption = None) -> None:
    """Change the key that signs a service's roots: the last root of the old one says which comes after it.

    Roots are still checked with the first public key, which stays where it is. Broken off, it is finished when it is
    done again.
    """
    [parts] = _parts(home, service)
    from deploy.operate import handover

    handover.rekey(parts)


def _parts(home: Path | None, service: str | None) -> list[Parts]:
    """The parts of one service of a home that is up, or of all. Raises LocalError as ``database`` does."""
    from deploy.local.cluster import Cluster

    where = Home.at(home)
    if service is not None:
        database(where, service)
    cluster = Cluster.running(where)
    return [cluster.parts(one) for one in ((service,) if service else SERVICES)]
