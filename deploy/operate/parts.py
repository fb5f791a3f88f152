"""The parts of one service as an operator reaches them, and how work on them is run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deploy.local.home import LocalError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from shared.eventstore.keys import SealKey

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """Its name, its database in two roles, the broker, its roots and their keys. Addresses hold passwords, so none is
    in the repr. ``public_key`` is the file of the first public key, with which roots are checked; where there is none,
    it is what the file of the private key says."""

    service: str
    app_url: str = field(repr=False)
    relay_url: str = field(repr=False)
    nats_url: str = field(repr=False)
    private_key: Path
    public_key: Path | None
    roots: Path
    simulated: bool = False

    def signs(self) -> SealKey:
        """The key that signs roots."""
        from shared.eventstore.keys import seal_key

        return seal_key(self.private_key)

    def checks(self) -> Ed25519PublicKey:
        """What roots are checked with."""
        from shared.eventstore.keys import public_key

        return public_key(self.public_key) if self.public_key else self.signs().first


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it, and say in one line that the database did not let us."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    try:
        return asyncio.run(work)
    except ArgumentError:
        raise LocalError("The address of the database is none.") from None  # it may hold a password
    except (OSError, DBAPIError) as error:
        raise LocalError(f"The database does not answer as it should: {error}".splitlines()[0]) from error
