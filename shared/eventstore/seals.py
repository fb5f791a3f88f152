"""Signed roots: every hour one signature over the heads that changed, kept outside the database too.

The hashes show that nobody changed an event alone. Who owns the database could cut a ledger's tail or compute all of
it anew; but not sign for it: a root says where each ledger stood, and is signed with a key that the database never
sees. Roots of a service form a chain, in the table ``roots`` and as one file each. Nothing is sealed that does not
extend what was sealed before, so the last seal of a ledger stands for all of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import tables
from shared.eventstore.restore import LedgerRestored
from shared.eventstore.store import EventStore, engine
from shared.eventstore.verify import Seal, Verified, one_snapshot, verify_ledger
from shared.observability.metrics import ROOT_SIGNED, SEALED, UNSEALABLE

EVERY = timedelta(hours=1)
_AT_A_TIME = 100
_LOCK = sa.func.hashtext("roots")

log = structlog.get_logger(__name__)


class NotARoot(Exception):
    """A text is not the next root of its service; says why, as the end of a sentence."""


class OutOfStep(Exception):
    """Table and folder do not tell the same roots, and it cannot be said which are right."""


@dataclass(frozen=True)
class Root:
    """What was signed: the seal of each ledger that changed since the root before, whose SHA-256 is ``previous``."""

    service: str
    number: int
    previous: str
    signed_at: datetime
    seals: dict[str, Seal]


def signed(
    key: Ed25519PrivateKey,
    service: str,
    number: int,
    previous: str,
    signed_at: datetime,
    heads: Iterable[tuple[str, int, int, str]],
) -> str:
    """A root as text, one line of JSON. ``heads``: tenant, epoch, sequence, hash (hex) of each ledger that changed."""
    root = _canonical(
        {
            "service": service,
            "number": number,
            "previous": previous,
            "signed_at": signed_at.isoformat(),
            "heads": sorted(heads),
        }
    )
    return _text(root, key.sign(root.encode()).hex())


def opened(text: str, key: Ed25519PublicKey, service: str) -> Root:
    """Read a root and check its signature. Raises NotARoot."""
    try:
        read = json.loads(text)
        root, signature = _canonical(read["root"]), bytes.fromhex(read["signature"])
        key.verify(signature, root.encode())
    except InvalidSignature:
        raise NotARoot("is not signed with this key") from None
    except (ValueError, KeyError, TypeError):
        raise NotARoot("is not a root at all") from None
    if text != _text(root, signature.hex()):
        raise NotARoot("is not written as it was signed")
    said = read["root"]
    if said["service"] != service:
        raise NotARoot(f"is a root of {said['service']}")
    number, signed_at = said["number"], datetime.fromisoformat(said["signed_at"])
    seals = {
        tenant: Seal(epoch, sequence, hash, number, signed_at)
        for tenant, epoch, sequence, hash in said["heads"]
    }
    return Root(service, number, said["previous"], signed_at, seals)


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _text(root: str, signature: str) -> str:
    return f'{{"root":{root},"signature":"{signature}"}}\n'


@dataclass
class Chain:
    """A service's roots read one after the other, and the last seal of each ledger."""

    service: str
    key: Ed25519PublicKey
    number: int = 0
    signed_at: datetime | None = None
    seals: dict[str, Seal] = field(default_factory=dict)
    last: str | None = ""
    """The digest of the root that was read last; None where that is unknown."""

    def follow(self, text: str) -> Root:
        """Take the next root. Raises NotARoot, and then has taken nothing."""
        root = opened(text, self.key, self.service)
        if root.number != self.number + 1 or self.last not in (None, root.previous):
            raise NotARoot(f"does not follow root {self.number}")
        self.number, self.signed_at, self.last = root.number, root.signed_at, digest(text)
        self.seals |= root.seals
        return root

    def pass_over(self) -> None:
        """Go on after a root that could not be read: what the next one follows is then unknown."""
        self.number, self.last = self.number + 1, None


def digest(text: str) -> str:
    """Hex SHA-256 of a root's file, as the next root names it."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Folder:
    """Where a service's roots lie outside the database, one file each: ``000001.json``."""

    path: Path

    def numbers(self) -> list[int]:
        """The numbers of all roots here, in order."""
        return sorted(int(file.stem) for file in self.path.glob("*.json") if file.stem.isdigit())

    def read(self, number: int) -> str | None:
        """One root, None where it is missing."""
        try:
            return self._file(number).read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return None

    def write(self, number: int, text: str) -> None:
        """Add a root, whole or not at all. Raises FileExistsError rather than write over one."""
        self.path.mkdir(parents=True, exist_ok=True)
        beside = self.path / f".{number}.{os.getpid()}"
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, self._file(number))
        finally:
            beside.unlink()
        folder = os.open(self.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _file(self, number: int) -> Path:
        return self.path / f"{number:06}.json"


def standing(chain: Chain, folder: Folder, tenant: str, restored: Sequence[LedgerRestored]) -> Seal | None:
    """The last seal of a ledger that no restore has given up. Where the last one was given up, the roots are read
    once more for the last before it."""
    seal = chain.seals.get(tenant)
    if seal is None or not _given_up(seal, restored):
        return seal
    found = None
    for number in folder.numbers():
        try:
            seal = opened(folder.read(number) or "", chain.key, chain.service).seals.get(tenant)
        except NotARoot:
            continue
        if seal is not None and not _given_up(seal, restored):
            found = seal
    return found


def _given_up(seal: Seal, restored: Sequence[LedgerRestored]) -> bool:
    return any(one.epoch > seal.epoch and one.restored_to < seal.sequence for one in restored)


class Sealer:
    """Signs the roots of one service. Of several replicas the first to come does it; a root that a crash left in the
    table or in the folder alone is put beside the other at the next sealing, if it is a root. ``refused`` are the
    ledgers that the last sealing left out."""

    def __init__(self, store: EventStore, key: Ed25519PrivateKey, folder: Path) -> None:
        self.store = store
        self.key = key
        self.folder = Folder(folder)
        self.refused: list[Verified] = []
        self._chain = self._unread()

    def _unread(self) -> Chain:
        return Chain(self.store.service, self.key.public_key())

    async def step(self) -> bool:
        """Seal if the last root is an hour old; there is never more to do at once."""
        async with self._alone():
            last = self._chain.signed_at
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
        NotARoot or OutOfStep where the roots themselves are not as they were written.
        """
        async with self._alone() as connection:
            number, sealed = self._chain.number, dict(self._chain.seals)
            table = tables.heads
            query = sa.select(table.c.tenant, table.c.epoch, table.c.sequence).where(table.c.sequence > 0)
            heads = {row.tenant: (row.epoch, row.sequence) for row in await connection.execute(query)}
        before = {tenant: (seal.epoch, seal.sequence) for tenant, seal in sealed.items()}
        changed = sorted(dict(heads.items() ^ before.items()))
        verified = [await self._verified(tenant) for tenant in changed]
        self.refused = [one for one in verified if one.problem is not None]
        UNSEALABLE.set(len(self.refused))
        for one in self.refused:
            log.error("seal.refused", tenant=one.tenant, problem=one.problem)
        news = [(one.tenant, one.epoch, one.events, one.head_hash) for one in verified if not one.problem]
        if not news:
            return None
        async with self._alone() as connection:
            somebody_was_quicker = self._chain.number != number
            if not somebody_was_quicker:
                text = signed(
                    self.key, self.store.service, number + 1, self._chain.last or "", datetime.now(UTC), news
                )
                await asyncio.to_thread(self.folder.write, number + 1, text)
                await connection.execute(sa.insert(tables.roots).values(number=number + 1, text=text))
        if somebody_was_quicker:  # what their root left out is still to be sealed
            return await self.seal()
        root = self._chain.follow(text)
        log.info("sealed", root=root.number, ledgers=len(root.seals))
        return root

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


async def verify_roots(relay_url: str, service: str, key: Ed25519PublicKey, folder: Path) -> VerifiedRoots:
    """Check every root of a service: its signature, that it follows the one before, and that table and folder have
    the same. Memory grows with the number of ledgers, not of roots."""
    relay = engine(relay_url, 1)
    chain, files = Chain(service, key), Folder(folder)
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


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file. Raises ValueError for anything else, OSError where it cannot be read."""
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("is no Ed25519 key")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file. Raises ValueError for anything else, OSError where it cannot be read."""
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is no Ed25519 key")
    return key
