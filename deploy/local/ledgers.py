"""``shufa ledger``: check the ledgers and their signed roots, sign a root now, go on after a restore."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.console import HomeOption, print_table, say
from deploy.local.credentials import SERVICES
from deploy.local.home import Home, LocalError
from deploy.local.operate import ServiceArgument, database, run

if TYPE_CHECKING:
    from deploy.local.cluster import Cluster
    from shared.eventstore import EventStore
    from shared.eventstore.seals import VerifiedRoots
    from shared.eventstore.verify import Verified
    from shared.messaging.fork import Behind

ledger = typer.Typer(help="The ledgers.", no_args_is_help=True)

ServiceOption = Annotated[str | None, typer.Option(help="One service; all by default.")]
_SHOWN = 20


@ledger.command()
def verify(
    service: ServiceOption = None,
    tenant: Annotated[str | None, typer.Option(help="One tenant; all of them by default.")] = None,
    home: HomeOption = None,
) -> None:
    """Compute every hash chain anew, and hold it against the signed roots. Exit status 1 if one does not hold."""
    cluster = _running(home, service)
    broken = run(_verify(cluster, (service,) if service else SERVICES, tenant))
    if broken:
        raise LocalError(f"{broken} of the ledgers and roots do not hold.")


@dataclass
class _Count:
    ledgers: int = 0
    events: int = 0
    unsealed: int = 0
    roots: int = 0
    broken: int = 0


async def _verify(cluster: Cluster, services: Iterable[str], tenant: str | None) -> int:
    count = _Count()
    for service in services:
        roots = await checked_roots(cluster, service)
        async for one in checked_ledgers(cluster, service, roots, tenant):
            sealed = one.seal.sequence if one.seal else 0
            count.ledgers, count.events = count.ledgers + 1, count.events + one.events
            count.unsealed += max(one.events - sealed, 0)
            count.broken += one.problem is not None
            say(f"{service}:{one.tenant}  {one.events} events  {verdict(one)}")
        last = roots.chain.signed_at
        count.roots, count.broken = count.roots + roots.chain.number, count.broken + len(roots.problems)
        say(
            f"{service}  {roots.chain.number} roots"
            + (f", the last of {last:%Y-%m-%d %H:%M} UTC" if last else "")
        )
        for problem in roots.problems:
            say(f"{service}  {problem}")
    say(
        f"{count.ledgers} ledgers, {count.events} events, {count.unsealed} of them not sealed yet, "
        f"{count.roots} roots, {count.broken} broken."
    )
    return count.broken


def verdict(one: Verified) -> str:
    """What was found of one ledger, in words."""
    said = [one.problem or f"holds, head {one.head_hash[:16]}", *one.restored]
    if one.seal is None:
        return ", ".join([*said, "not sealed yet"])
    said.append(f"sealed until #{one.seal.sequence} at {one.seal.signed_at:%Y-%m-%d %H:%M} UTC")
    if (later := one.events - one.seal.sequence) > 0:
        said.append(f"{later} not sealed yet")
    return ", ".join(said)


@ledger.command()
def seal(service: ServiceOption = None, home: HomeOption = None) -> None:
    """Sign a root now, over every ledger that changed; services do so every hour."""
    cluster = _running(home, service)
    refused = run(_seal(cluster, (service,) if service else SERVICES))
    if refused:
        raise LocalError(f"{refused} ledgers do not extend what was sealed of them; see shufa ledger verify.")


async def _seal(cluster: Cluster, services: Iterable[str]) -> int:
    refused = 0
    for service in services:
        sealed, left_out = await seal_now(cluster, service)
        say(
            f"{service}  "
            + (f"root {sealed[0]} over {sealed[1]} ledgers" if sealed else "nothing new to seal")
        )
        for one in left_out:
            say(f"{service}:{one.tenant}  {one.problem}")
        refused += len(left_out)
    return refused


@ledger.command()
def fork(
    service: ServiceArgument,
    accept: Annotated[bool, typer.Option("--accept", help="Go on from where the database stands.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept in the ledgers and told to all.")] = None,
    home: HomeOption = None,
) -> None:
    """After a restore: what others have heard of a service and its database does not know.

    With --accept each ledger concerned goes on under a new epoch; the service, which refuses commands until then, goes
    on by itself.
    """
    if accept and not reason:
        raise LocalError("To accept a restore say why: --reason TEXT.")
    run(_fork(_running(home, service), service, reason if accept else None))


async def _fork(cluster: Cluster, service: str, reason: str | None) -> None:
    from shared.decider import Actor
    from shared.eventstore.seals import public_key
    from shared.messaging.broker import Broker
    from shared.messaging.fork import accept_all, behind

    broker = Broker(cluster.nats_url, "operator")
    await broker.connect()
    try:
        async with _store(cluster, service) as store:
            key = public_key(cluster.home.public_key(service))
            ledgers = await behind(store, broker.jetstream, key, cluster.home.roots(service))
            _show(service, ledgers)
            if await _broken(cluster, service, ledgers):
                raise LocalError("What is left of these ledgers does not hold; it cannot be accepted.")
            if reason is None or not ledgers:
                return
            by = Actor("operator", getpass.getuser())
            for answer in await accept_all(store, ledgers, by, reason):
                say(f"{service}:{answer.tenant}#{answer.sequence}  {', '.join(answer.events)}")
    finally:
        await broker.stop()
    if await _seal(cluster, (service,)):
        raise LocalError("Not all of it could be sealed; see shufa ledger verify.")


async def _broken(cluster: Cluster, service: str, ledgers: list[Behind]) -> bool:
    """Does anything not hold of what was left? It is compared with the last seal before it ends."""
    from shared.eventstore.restore import LedgerRestored, restored
    from shared.eventstore.verify import Seal, verify_service

    roots, broken = await checked_roots(cluster, service), False
    for one in ledgers:

        def seal_of(tenant: str, before: Sequence[LedgerRestored], one: Behind = one) -> Seal | None:
            return roots.seal_of(tenant, [*before, restored(one.accepted(""))])

        urls = cluster.database_url(service, "app"), cluster.database_url(service, "relay")
        async for left in verify_service(*urls, service, one.tenant, seal_of, (one.tenant,)):
            say(f"{service}:{left.tenant}  {left.events} events  {verdict(left)}")
            broken |= left.problem is not None
    return broken


def _show(service: str, ledgers: list[Behind]) -> None:
    if not ledgers:
        say(f"{service} knows all that it has said.")
        return
    print_table(
        f"What {service} has said and does not know",
        (
            "tenant",
            "ledger ends at",
            "public in the database",
            "on the stream",
            "sealed until",
            "lost",
            "since",
        ),
        (
            (
                one.tenant,
                f"#{one.sequence}",
                "{}/{}".format(*one.database),
                "{}/{}".format(*one.stream),
                f"#{one.sealed.sequence}" if one.sealed else None,
                len(one.lost),
                f"{one.since:%Y-%m-%d %H:%M:%S} UTC" if one.since else None,
            )
            for one in ledgers
        ),
    )
    for one in ledgers:
        for lost in one.lost[:_SHOWN]:
            say(f"{lost.id}  {lost.name}  {lost.subject}")
        if len(one.lost) > _SHOWN:
            say(f"{one.tenant}  and {len(one.lost) - _SHOWN} more")


async def checked_roots(cluster: Cluster, service: str) -> VerifiedRoots:
    """Every root of a service, checked with its public key."""
    from shared.eventstore.seals import public_key, verify_roots

    key = public_key(cluster.home.public_key(service))
    return await verify_roots(
        cluster.database_url(service, "relay"), service, key, cluster.home.roots(service)
    )


def checked_ledgers(
    cluster: Cluster, service: str, roots: VerifiedRoots, tenant: str | None = None
) -> AsyncIterator[Verified]:
    """Every ledger of a service, or one, checked and held against the roots."""
    from shared.eventstore.verify import verify_service

    urls = cluster.database_url(service, "app"), cluster.database_url(service, "relay")
    return verify_service(*urls, service, tenant, roots.seal_of, tuple(roots.chain.seals))


async def seal_now(cluster: Cluster, service: str) -> tuple[tuple[int, int] | None, list[Verified]]:
    """Sign a root: its number and how many ledgers it seals, None where nothing is new; and what was left out."""
    from shared.eventstore.seals import NotARoot, OutOfStep, Sealer, signing_key

    async with _store(cluster, service) as store:
        sealer = Sealer(store, signing_key(cluster.home.signing_key(service)), cluster.home.roots(service))
        try:
            root = await sealer.seal()
        except (NotARoot, OutOfStep) as error:
            raise LocalError(f"{service}: a root {error}; see shufa ledger verify.") from error
    return (root.number, len(root.seals)) if root else None, sealer.refused


@asynccontextmanager
async def _store(cluster: Cluster, service: str) -> AsyncIterator[EventStore]:
    """The event store of a service, for an operator."""
    from shared.eventstore import BusinessClock, EventStore
    from shared.eventstore.store import engine

    app, relay = (engine(cluster.database_url(service, role), 1) for role in ("app", "relay"))
    store = EventStore(
        service, app, relay, BusinessClock(simulated=cluster.state.settings.clock == "simulated")
    )
    try:
        yield store
    finally:
        await store.close()


def _running(home: Path | None, service: str | None) -> Cluster:
    from deploy.local.cluster import Cluster

    where = Home.at(home)
    if service is not None:
        database(where, service)
    return Cluster.running(where)
