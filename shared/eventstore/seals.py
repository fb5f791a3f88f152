"""Signed roots: every hour one signature over the heads that changed, kept outside the database too.

The hashes show that nobody changed an event alone. Who owns the database could cut a ledger's tail or compute all of
it anew; but not sign for it: a root says where each ledger stood, and is signed with a key that the database never
sees. Roots of a service form a chain (roots.py), in the table ``roots`` and as one file each. Nothing is sealed that
does not extend what was sealed before, so the last seal of a ledger stands for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import tables
from shared.eventstore.keys import SealKey
from shared.eventstore.restore import LedgerRestored
from shared.eventstore.roots import Chain, Folder, NotARoot, Root, signed, standing
from shared.eventstore.store import EventStore, engine
from shared.eventstore.verify import Seal, Verified, one_snapshot, verify_ledger
from shared.observability.metrics import ROOT_SIGNED, SEALED, UNSEALABLE

EVERY = timedelta(hours=1)
_AT_A_TIME = 100
_LOCK = sa.func.hashtext("roots")

log = structlog.get_logger(__name__)


class OutOfStep(Exception):
    """Table and folder do not tell the same roots, and it cannot be said which are right."""


class WrongKey(Exception):
    """A key that may not sign the next root, or not be the next to sign; says why, as a sentence."""


class Sealer:
    """Signs the roots of one service. Of several replicas the first to come does it; a root that a crash left in the
    table or in the folder alone is put beside the other at the next sealing, if it is a root. ``refused`` are the
    ledgers that the last sealing left out.

    ``read_key`` is asked at the start, and again where the roots were handed over to another key than it gave.
    """

    def __init__(self, store: EventStore, read_key: Callable[[], SealKey], folder: Path) -> None:
        self.store = store
        self.folder = Folder(folder)
        self.refused: list[Verified] = []
        self._read_key = read_key
        self._key = read_key()
        self._first = self._key.first
        self._chain = self._unread()

    def _unread(self) -> Chain:
        return Chain(self.store.service, self._first)

    async def step(self) -> bool:
        """Seal if the last root is an hour old; there is never more to do at once."""
        async with self._alone():
            last = self._chain.signed_at
        self._signs_next()
        if last is None or datetime.now(UTC) - last >= EVERY:
            await self.seal()
        if self._chain.signed_at is not None:
            ROOT_SIGNED.set(self._chain.signed_at.timestamp())
        SEALED.set_to_current_time()
        return False

    async def read(self) -> Chain:
        """All roots until now, each checked. Raises NotARoot or OutOfStep where they are not as they were written."""
        async with self._alone():
            return self._chain

    def seal_of(self, tenant: str, restored: Sequence[LedgerRestored]) -> Seal | None:
        """The last seal of a ledger that no restore has given up, of the roots that were read."""
        return standing(self._chain, self.folder, tenant, restored)

    async def seal(self) -> Root | None:
        """Sign a root over all ledgers that changed since the last; None where none did.

        A ledger that does not hold, from what was sealed of it to its head, is left out and complained about. Raises
        NotARoot or OutOfStep where the roots themselves are not as they were written, WrongKey where they were handed
        over to another key.
        """
        return await self._seal(None)

    async def hand_over(self, to: Ed25519PublicKey) -> Root | None:
        """Sign a root as ``seal`` does, after which no key but this one's signs; None where that was done before.

        Raises as ``seal`` does; WrongKey also for a key that has signed before: it may have been given up for a reason.
        """
        async with self._alone():
            chain = self._chain
        if chain.handovers and chain.key == to:
            return None
        if to in (chain.first, *chain.handovers.values()):
            raise WrongKey("A key that has signed before is not handed over to.")
        return await self._seal(to)

    async def _seal(self, next_key: Ed25519PublicKey | None) -> Root | None:
        async with self._alone() as connection:
            number, sealed = self._chain.number, dict(self._chain.seals)
            table = tables.heads
            query = sa.select(table.c.tenant, table.c.epoch, table.c.sequence).where(table.c.sequence > 0)
            heads = {row.tenant: (row.epoch, row.sequence) for row in await connection.execute(query)}
        self._signs_next()
        before = {tenant: (seal.epoch, seal.sequence) for tenant, seal in sealed.items()}
        changed = sorted(dict(heads.items() ^ before.items()))
        verified = [await self._verified(tenant) for tenant in changed]
        self.refused = [one for one in verified if one.problem is not None]
        UNSEALABLE.set(len(self.refused))
        for one in self.refused:
            log.error("seal.refused", tenant=one.tenant, problem=one.problem)
        news = [(one.tenant, one.epoch, one.events, one.head_hash) for one in verified if not one.problem]
        if not news and next_key is None:
            return None
        async with self._alone() as connection:
            somebody_was_quicker = self._chain.number != number
            if not somebody_was_quicker:
                last, now = self._chain.last or "", datetime.now(UTC)
                text = signed(self._key.private, self.store.service, number + 1, last, now, news, next_key)
                await asyncio.to_thread(self.folder.write, number + 1, text)
                await connection.execute(sa.insert(tables.roots).values(number=number + 1, text=text))
        if somebody_was_quicker:  # what their root left out is still to be sealed
            return await self._seal(next_key)
        root = self._chain.follow(text)
        log.info("sealed", root=root.number, ledgers=len(root.seals), handed_over=next_key is not None)
        return root

    def _signs_next(self) -> None:
        """Is ours the key that the roots have come to? Else it signs nothing: a second chain would begin."""
        if self._key.public == self._chain.key:
            return
        key = self._read_key()
        if key.public != self._chain.key:
            by = next(reversed(self._chain.handovers), None)
            raise WrongKey(
                "The key is not the one that "
                + (f"root {by} hands over to" if by else "the first public key belongs to")
                + "; nothing is signed."
            )
        if key.first != self._first:
            raise WrongKey(
                "The key is right, but below it the first public key is missing; nothing is signed."
            )
        self._key = key

    async def _verified(self, tenant: str) -> Verified:
        async with one_snapshot(self.store.app, tenant) as connection:
            return await verify_ledger(connection, self.store.service, tenant, self.seal_of, only_new=True)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that no other sealer is in, with all roots read and each in both places."""
        try:
            async with self.store.relay.begin() as connection:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                await self._catch_up(connection)
                yield connection
        except BaseException:
            self._chain = self._unread()  # what was read may not be written: next time from the start
            raise

    async def _catch_up(self, connection: AsyncConnection) -> None:
        async for number, row, file in _both(connection, self.folder, self._chain.number):
            if row is not None and file is not None and row != file:
                raise OutOfStep(f"root {number}: table and folder differ")
            text = row or file
            if text is None:
                raise OutOfStep(f"root {number} is missing")
            self._chain.follow(text)
            if file is None:
                log.warning("seal.file_was_missing", root=number)
                await asyncio.to_thread(self.folder.write, number, text)
            if row is None:
                log.warning("seal.row_was_missing", root=number)
                await connection.execute(sa.insert(tables.roots).values(number=number, text=text))


async def _both(
    connection: AsyncConnection, folder: Folder, after: int
) -> AsyncIterator[tuple[int, str | None, str | None]]:
    """Each root after a number, as the table and as the folder have it."""
    table = tables.roots
    files = await asyncio.to_thread(folder.numbers)
    last = max(await connection.scalar(sa.select(sa.func.max(table.c.number))) or 0, *files, 0)
    for first in range(after + 1, last + 1, _AT_A_TIME):
        some = range(first, min(first + _AT_A_TIME, last + 1))
        query = sa.select(table).where(table.c.number.between(some[0], some[-1]))
        rows = {row.number: row.text for row in await connection.execute(query)}
        for number in some:
            yield number, rows.get(number), await asyncio.to_thread(folder.read, number)


@dataclass(frozen=True)
class VerifiedRoots:
    """The roots of a service, and what is wrong with them."""

    chain: Chain
    folder: Folder
    problems: tuple[str, ...]

    def seal_of(self, tenant: str, restored: Sequence[LedgerRestored]) -> Seal | None:
        """What a ledger is to be compared with, for verify_service."""
        return standing(self.chain, self.folder, tenant, restored)


async def verify_roots(relay_url: str, service: str, first: Ed25519PublicKey, folder: Path) -> VerifiedRoots:
    """Check every root of a service from its first public key on: its signature, that it follows the one before, and
    that table and folder have the same. Memory grows with the number of ledgers, not of roots."""
    relay = engine(relay_url, 1)
    chain, files = Chain(service, first), Folder(folder)
    problems: list[str] = []
    try:
        async with relay.begin() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCK)))
            async for number, row, file in _both(connection, files, 0):
                problems += [f"root {number} {problem}" for problem in _compared(chain, row, file)]
    finally:
        await relay.dispose()
    return VerifiedRoots(chain, files, tuple(problems))


def _compared(chain: Chain, row: str | None, file: str | None) -> Iterator[str]:
    """What is wrong with the next root; the chain follows whichever of the two is right."""
    right = None
    for place, text in ("the table", row), ("the folder", file):
        if text is None:
            yield f"is missing in {place}"
        elif right is None:
            try:
                chain.follow(text)
                right = text
            except NotARoot as error:
                yield f"in {place} {error}"
        elif text != right:
            yield f"in {place} is another than in the table, which holds"
    if right is None:
        chain.pass_over()
