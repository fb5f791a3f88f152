"""A root as text, the chain that the roots of a service form, and the folder where they lie.

A root may hand over: every later one is then signed with the key that it names. So whoever checks needs the first
public key for ever and no other.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.eventstore.restore import LedgerRestored
from shared.eventstore.verify import Seal

_NEXT_KEY = "next_key"


class NotARoot(Exception):
    """A text is not the next root of its service; says why, as the end of a sentence."""


@dataclass(frozen=True)
class Root:
    """What was signed: the seal of each ledger that changed since the root before, whose SHA-256 is ``previous``.
    ``next_key`` signs every later root, where this one hands over."""

    service: str
    number: int
    previous: str
    signed_at: datetime
    seals: dict[str, Seal]
    next_key: Ed25519PublicKey | None = None


def signed(
    key: Ed25519PrivateKey,
    service: str,
    number: int,
    previous: str,
    signed_at: datetime,
    heads: Iterable[tuple[str, int, int, str]],
    next_key: Ed25519PublicKey | None = None,
) -> str:
    """A root as text, one line of JSON. ``heads``: tenant, epoch, sequence, hash (hex) of each ledger that changed."""
    said: dict[str, Any] = {
        "service": service,
        "number": number,
        "previous": previous,
        "signed_at": signed_at.isoformat(),
        "heads": sorted(heads),
    }
    if next_key is not None:
        said[_NEXT_KEY] = next_key.public_bytes_raw().hex()
    root = _canonical(said)
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
    return Root(service, number, said["previous"], signed_at, seals, _next_key(said.get(_NEXT_KEY)))


def _next_key(said: str | None) -> Ed25519PublicKey | None:
    try:
        return None if said is None else Ed25519PublicKey.from_public_bytes(bytes.fromhex(said))
    except (ValueError, TypeError):
        raise NotARoot("hands over to what is no key") from None


def may_hand_over(text: str) -> bool:
    """False of a root that does not, without its being read."""
    return f'"{_NEXT_KEY}":' in text


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _text(root: str, signature: str) -> str:
    return f'{{"root":{root},"signature":"{signature}"}}\n'


@dataclass
class Chain:
    """A service's roots read one after the other from the first public key on, and the last seal of each ledger."""

    service: str
    first: Ed25519PublicKey
    number: int = 0
    signed_at: datetime | None = None
    seals: dict[str, Seal] = field(default_factory=dict)
    last: str | None = ""
    """The digest of the root that was read last; None where that is unknown."""
    handovers: dict[int, Ed25519PublicKey] = field(default_factory=dict)
    """By the number of the root that said it, in order: what signs every root after that one."""

    @property
    def key(self) -> Ed25519PublicKey:
        """What the next root must be signed with."""
        return self.key_of(self.number + 1)

    def key_of(self, number: int) -> Ed25519PublicKey:
        """What a root that was read, or is the next, must be signed with."""
        before = [key for handed_over, key in self.handovers.items() if handed_over < number]
        return before[-1] if before else self.first

    def follow(self, text: str) -> Root:
        """Take the next root. Raises NotARoot, and then has taken nothing."""
        root = opened(text, self.key, self.service)
        if root.number != self.number + 1 or self.last not in (None, root.previous):
            raise NotARoot(f"does not follow root {self.number}")
        self.number, self.signed_at, self.last = root.number, root.signed_at, digest(text)
        self.seals |= root.seals
        if root.next_key is not None:
            self.handovers[root.number] = root.next_key
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
            seal = opened(folder.read(number) or "", chain.key_of(number), chain.service).seals.get(tenant)
        except NotARoot:
            continue
        if seal is not None and not _given_up(seal, restored):
            found = seal
    return found


def _given_up(seal: Seal, restored: Sequence[LedgerRestored]) -> bool:
    return any(one.epoch > seal.epoch and one.restored_to < seal.sequence for one in restored)
