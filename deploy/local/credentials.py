"""secrets.json and keys: the secrets of one home, made at random on its first start and kept 0600."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from typing import Literal

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from deploy.local.home import Home, LocalError, write_private

SERVICES = ("scheduling", "review", "rectification", "evaluation", "portal")

DatabaseRole = Literal["owner", "app", "relay"]
ROLES: tuple[DatabaseRole, ...] = ("owner", "app", "relay")
"""Three roles a service: who owns the tables, who serves requests, who moves events out and in."""


def _new() -> str:
    # Hexadecimal, so that it stands unquoted in a URL, in SQL and in the broker's configuration.
    return secrets.token_hex(24)


@dataclass(frozen=True, repr=False)
class Credentials:
    """Every secret of a home. Without a repr, so that none gets into a log or a traceback."""

    postgres: str = field(default_factory=_new)
    nats: str = field(default_factory=_new)
    issuer: str = field(default_factory=_new)
    signin: str = field(default_factory=lambda: Fernet.generate_key().decode())
    """What the portal seals people's tokens with."""
    accounts: dict[str, str] = field(default_factory=lambda: {service: _new() for service in SERVICES})
    """What each service shows the issuer to get a token of its own."""
    database: dict[str, str] = field(
        default_factory=lambda: {f"{service}_{role}": _new() for service in SERVICES for role in ROLES}
    )


def read_credentials(home: Home) -> Credentials:
    """The secrets of a home that was started before."""
    try:
        stored = json.loads(home.secrets.read_text())
        if stored.keys() != {one.name for one in fields(Credentials)}:
            raise ValueError("one is missing: made up, it would be another each time")
        return Credentials(**stored)
    except FileNotFoundError:
        raise LocalError(f"{home.secrets} is missing: this home was never started.") from None
    except PermissionError:
        raise LocalError(f"{home.secrets} may not be read by this user.") from None
    except (ValueError, TypeError) as error:
        raise LocalError(f"{home.secrets} is not a secrets file of this version.") from error


def ensure_credentials(home: Home) -> Credentials:
    """The secrets of a home, made on its first start. Call it under the lock."""
    if not home.secrets.exists():
        if home.place.exists():
            raise LocalError(
                f"{home.secrets} is missing, but the database it opens is there: restore the file."
            )
        write_private(home.secrets, json.dumps(asdict(Credentials()), indent=1) + "\n")
    for service in SERVICES:
        _ensure_signing_key(home, service)
    return read_credentials(home)


def _ensure_signing_key(home: Home, service: str) -> None:
    """The key pair of a service's roots: the public half is all that is needed to check them."""
    private = home.signing_key(service)
    if private.exists():
        return
    if home.roots(service).exists():
        raise LocalError(f"{private} is missing, but roots that it signed are there: restore the file.")
    private.parent.mkdir(mode=0o700, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_private(home.public_key(service), public.decode())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(private, pem.decode())
