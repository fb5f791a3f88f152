"""The parts of one service as an operator reaches them, and how work on them is run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deploy.local.home import LocalError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """Its name, its database in two roles, the broker, its roots and their keys. Addresses hold passwords, so none is
    in the repr. ``public_key`` is the file that roots are checked with; where there is none, it is the public half of
    the private key."""

    service: str
    app_url: str = field(repr=False)
    relay_url: str = field(repr=False)
    nats_url: str = field(repr=False)
    private_key: Path
    public_key: Path | None
    roots: Path
    simulated: bool = False

    def signs(self) -> Ed25519PrivateKey:
        """The key that signs roots."""
        from shared.eventstore.seals import signing_key

        return signing_key(self.private_key)

    def checks(self) -> Ed25519PublicKey:
        """What roots are checked with."""
        from shared.eventstore.seals import public_key

        return public_key(self.public_key) if self.public_key else self.signs().public_key()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it, and say in one line that the database did not let us."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    try:
        return asyncio.run(work)
    except ArgumentError:
        raise LocalError("The address of the database is none.") from None  # it may hold a password
    except (OSError, DBAPIError) as error:
        raise LocalError(f"The database does not answer as it should: {error}".splitlines()[0]) from error
