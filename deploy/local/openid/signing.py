"""The issuer's key, and the tokens it signs: who somebody is, and what they may do."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.home import LocalError, write_private
from deploy.local.openid.users import User

ALGORITHM = "EdDSA"
ID_TOKEN_SECONDS = 10 * 60
"""An ID token is read once, when somebody has signed in."""


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key and its id, the RFC 7638 thumbprint of the public half."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public_jwk(self) -> dict[str, str]:
        raw = self.private.public_key().public_bytes_raw()
        return {"crv": "Ed25519", "kty": "OKP", "x": base64url(raw)}

    @property
    def kid(self) -> str:
        canonical = json.dumps(self.public_jwk, sort_keys=True, separators=(",", ":"))
        return base64url(hashlib.sha256(canonical.encode()).digest())


def load_key(path: Path) -> SigningKey:
    """The home's signing key, made on first use and kept 0600."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem.decode())
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise LocalError(f"{path} is not an Ed25519 key.")
    return SigningKey(private)


@dataclass(frozen=True)
class Signer:
    """Signs as ``issuer``, its own address; ``audience`` is whom its access tokens are for."""

    issuer: str
    audience: str
    key: SigningKey
    clock: Callable[[], float]

    def access_token(self, user: User, seconds: int) -> str:
        """What a service asks for: who, and with which grants. Good for ``seconds``."""
        now = int(self.clock())
        grants = [grant.model_dump(exclude_defaults=True) for grant in user.grants]
        return self._signed(
            {
                "iss": self.issuer,
                "aud": self.audience,
                "sub": user.id,
                "name": user.name,
                "iat": now,
                "exp": now + seconds,
                "grants": grants,
            }
        )

    def id_token(self, user: User, client_id: str, nonce: str | None, auth_time: int) -> str:
        """What a client reads: who signed in and when (OpenID Connect Core 1.0, 2). It opens no service."""
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "aud": client_id,
            "sub": user.id,
            "name": user.name,
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
            "auth_time": auth_time,
        }
        return self._signed(claims if nonce is None else claims | {"nonce": nonce})

    def audience_of(self, id_token: str) -> str | None:
        """The client an ID token of ours was for, expired or not; None for anything else."""
        try:
            claims = jwt.decode(
                id_token,
                self.key.private.public_key(),
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                options={"verify_aud": False, "verify_exp": False, "require": ["aud", "auth_time"]},
            )
        except jwt.PyJWTError:
            return None
        return str(claims["aud"])

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key.private, algorithm=ALGORITHM, headers={"kid": self.key.kid})


def base64url(raw: bytes) -> str:
    """Base64 as in RFC 7515: for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
