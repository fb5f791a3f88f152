"""Ledgers and their signed roots: checked, signed now, accepted after a restore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from deploy.local.console import print_table, say
from deploy.local.home import LocalError
from deploy.operate.parts import Parts, run
from shared.decider import Actor
from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.restore import LedgerRestored, restored
from shared.eventstore.roots import NotARoot
from shared.eventstore.seals import OutOfStep, Sealer, VerifiedRoots, WrongKey, verify_roots
from shared.eventstore.store import engine
from shared.eventstore.verify import Seal, Verified, verify_service
from shared.messaging.broker import Broker
from shared.messaging.fork import Behind, accept_all, behind

_SHOWN = 20
BROKER_WITHIN_SECONDS = 5.0
"""Somebody waits for the answer, and can ask again."""


def verify(services: Iterable[Parts], tenant: str | None) -> None:
    """Compute every hash chain anew, and hold it against the signed roots. Raises LocalError if one does not hold."""
    if broken := run(_verify(services, tenant)):
        raise LocalError(f"{broken} of the ledgers and roots do not hold.")


@dataclass
class _Count:
    ledgers: int = 0
    events: int = 0
    unsealed: int = 0
    roots: int = 0
    broken: int = 0


async def _verify(services: Iterable[Parts], tenant: str | None) -> int:
    count = _Count()
    for parts in services:
        roots = await checked_roots(parts)
        async for one in checked_ledgers(parts, roots, tenant):
            sealed = one.seal.sequence if one.seal else 0
            count.ledgers, count.events = count.ledgers + 1, count.events + one.events
            count.unsealed += max(one.events - sealed, 0)
            count.broken += one.problem is not None
            say(f"{parts.service}:{one.tenant}  {one.events} events  {verdict(one)}")
        last = roots.chain.signed_at
        count.roots, count.broken = count.roots + roots.chain.number, count.broken + len(roots.problems)
        say(
            f"{parts.service}  {roots.chain.number} roots"
            + (f", the last of {last:%Y-%m-%d %H:%M} UTC" if last else "")
        )
        for problem in roots.problems:
            say(f"{parts.service}  {problem}")
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


def seal(services: Iterable[Parts]) -> None:
    """Sign a root now, over every ledger that changed. Raises LocalError where one was left out."""
    if refused := run(_seal(services)):
        raise LocalError(f"{refused} ledgers do not extend what was sealed of them; see shufa ledger verify.")


async def _seal(services: Iterable[Parts]) -> int:
    refused = 0
    for parts in services:
        sealed, left_out = await seal_now(parts)
        say(
            f"{parts.service}  "
            + (f"root {sealed[0]} over {sealed[1]} ledgers" if sealed else "nothing new to seal")
        )
        for one in left_out:
            say(f"{parts.service}:{one.tenant}  {one.problem}")
        refused += len(left_out)
    return refused


@dataclass(frozen=True)
class Acceptance:
    """Who goes on from where a database stands, and why: kept in the ledgers and told to all."""

    by: str
    reason: str


def fork(parts: Parts, acceptance: Acceptance | None) -> None:
    """What others have heard of a service and its database does not know; accepted, where somebody does.

    Raises LocalError where what is left of a ledger does not hold.
    """
    run(_fork(parts, acceptance))


async def _fork(parts: Parts, acceptance: Acceptance | None) -> None:
    broker = Broker(parts.nats_url, "operator")
    broker.connect_within_seconds = BROKER_WITHIN_SECONDS
    try:
        await broker.connect()
    except Exception as error:  # whatever the library has for it; its words may hold the address
        raise LocalError(f"The broker does not answer: {type(error).__name__}.") from error
    try:
        async with _store(parts) as store:
            ledgers = await behind(store, broker.jetstream, parts.checks(), parts.roots)
            _show(parts.service, ledgers)
            if await _broken(parts, ledgers):
                raise LocalError("What is left of these ledgers does not hold; it cannot be accepted.")
            if acceptance is None or not ledgers:
                return
            by = Actor("operator", acceptance.by)
            for answer in await accept_all(store, ledgers, by, acceptance.reason):
                say(f"{parts.service}:{answer.tenant}#{answer.sequence}  {', '.join(answer.events)}")
    finally:
        await broker.stop()
    if await _seal([parts]):
        raise LocalError("Not all of it could be sealed; see shufa ledger verify.")


async def _broken(parts: Parts, ledgers: list[Behind]) -> bool:
    """Does anything not hold of what was left? It is compared with the last seal before it ends."""
    roots, broken = await checked_roots(parts), False
    for one in ledgers:

        def seal_of(tenant: str, before: Sequence[LedgerRestored], one: Behind = one) -> Seal | None:
            return roots.seal_of(tenant, [*before, restored(one.accepted(""))])

        urls = parts.app_url, parts.relay_url
        async for left in verify_service(*urls, parts.service, one.tenant, seal_of, (one.tenant,)):
            say(f"{parts.service}:{left.tenant}  {left.events} events  {verdict(left)}")
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


async def checked_roots(parts: Parts) -> VerifiedRoots:
    """Every root of a service, checked with its public key."""
    return await verify_roots(parts.relay_url, parts.service, parts.checks(), parts.roots)


def checked_ledgers(parts: Parts, roots: VerifiedRoots, tenant: str | None = None) -> AsyncIterator[Verified]:
    """Every ledger of a service, or one, checked and held against the roots."""
    urls = parts.app_url, parts.relay_url
    return verify_service(*urls, parts.service, tenant, roots.seal_of, tuple(roots.chain.seals))


async def seal_now(parts: Parts) -> tuple[tuple[int, int] | None, list[Verified]]:
    """Sign a root: its number and how many ledgers it seals, None where nothing is new; and what was left out."""
    async with sealer(parts) as signing:
        root = await signing.seal()
    return (root.number, len(root.seals)) if root else None, signing.refused


@asynccontextmanager
async def sealer(parts: Parts) -> AsyncIterator[Sealer]:
    """What signs the roots of a service. Raises LocalError where it may not."""
    async with _store(parts) as store:
        try:
            yield Sealer(store, parts.signs, parts.roots)
        except (NotARoot, OutOfStep) as error:
            raise LocalError(f"{parts.service}: a root {error}; see shufa ledger verify.") from error
        except WrongKey as error:
            raise LocalError(f"{parts.service}: {error}") from error


@asynccontextmanager
async def _store(parts: Parts) -> AsyncIterator[EventStore]:
    """The event store of a service, for an operator."""
    app, relay = (engine(url, 1) for url in (parts.app_url, parts.relay_url))
    store = EventStore(parts.service, app, relay, BusinessClock(simulated=parts.simulated))
    try:
        yield store
    finally:
        await store.close()
