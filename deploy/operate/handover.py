"""The key that signs a service's roots, changed: one root, signed with the old key, names the new one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from deploy.local.console import say
from deploy.local.home import LocalError, write_private
from deploy.operate.ledgers import sealer
from deploy.operate.parts import Parts, run
from shared.eventstore.keys import SealKey, public_key_of, public_pem, seal_key


def hand_over(parts: Parts, pem: bytes) -> None:
    """Hand over to a key of which the public half is given; whoever has the private one puts it in place.

    Raises LocalError where it is no key, has signed before, or ours is not the one that signs.
    """
    try:
        to = public_key_of(pem)
    except ValueError:
        raise LocalError("This is no public key of Ed25519 in PEM.") from None
    say(f"{parts.service}  {run(_hand_over(parts, to))}")
    say(
        "Nothing is signed until SHUFA_SEAL_KEY holds the new private key and, below it, the first public key:"
    )
    say(public_pem(parts.checks()).rstrip())


def rekey(parts: Parts) -> None:
    """Make a new key beside the old one, hand over to it, and put it in the old one's place.

    Broken off, it is finished when it is done again: the new key lies beside the old one until it is in its place.
    """
    with _alone(parts.private_key.parent) as sync:
        coming = parts.private_key.with_suffix(".next")
        if not coming.exists():
            write_private(coming, SealKey(Ed25519PrivateKey.generate(), parts.checks()).pem())
            sync()
        handed_over = run(_hand_over(parts, seal_key(coming).public))
        coming.replace(parts.private_key)
        sync()
    say(f"{parts.service}  {handed_over}; the service signs with the new one within a minute.")


async def _hand_over(parts: Parts, to: Ed25519PublicKey) -> str:
    async with sealer(parts) as signing:
        root = await signing.hand_over(to)
    if root is None:
        return "was handed over to this key before"
    return f"root {root.number} over {len(root.seals)} ledgers hands over"


@contextmanager
def _alone(folder: Path) -> Iterator[Callable[[], None]]:
    """One at a time: a second new key would be written over the first, which is perhaps handed over to already.
    Gives what makes a name in the folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield lambda: os.fsync(descriptor)
    finally:
        os.close(descriptor)
