"""The key that signs a service's roots, the first that ever did, and the files they lie in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_PUBLIC = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n?", re.DOTALL)


@dataclass(frozen=True)
class SealKey:
    """What signs now, and what all roots are checked from: the first of them names no key, every other is signed with
    the one that the roots before it have come to."""

    private: Ed25519PrivateKey = field(repr=False)
    first: Ed25519PublicKey

    @classmethod
    def read(cls, pem: bytes) -> SealKey:
        """A private key and, once it is not the first any more, the first public key below it. Raises ValueError."""
        below = _PUBLIC.findall(pem)
        private = load_pem_private_key(_PUBLIC.sub(b"", pem), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("is no Ed25519 key")
        if len(below) > 1:
            raise ValueError("holds more than one public key")
        return cls(private, public_key_of(below[0]) if below else private.public_key())

    @property
    def public(self) -> Ed25519PublicKey:
        """The other half of what signs now."""
        return self.private.public_key()

    def pem(self) -> str:
        """As a file of SHUFA_SEAL_KEY holds it."""
        private = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return private if self.first == self.public else private + public_pem(self.first)


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as text."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key_of(pem: bytes) -> Ed25519PublicKey:
    """The public key in a PEM text. Raises ValueError for anything else."""
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is no Ed25519 key")
    return key


def seal_key(path: Path) -> SealKey:
    """What SHUFA_SEAL_KEY names. Raises ValueError where it is none, OSError where it cannot be read."""
    return SealKey.read(path.read_bytes())


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file. Raises ValueError for anything else, OSError where it cannot be read."""
    return public_key_of(path.read_bytes())
