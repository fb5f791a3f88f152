"""A service that is told something wrong says what, and does not start; what is secret is not said."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr, ValidationError

from shared.runtime.settings import Settings


def settings(folder: Path, pem: bytes) -> Settings:
    key = folder / "seal.key"
    key.write_bytes(pem)
    return Settings(
        service="review",
        database_url=SecretStr("postgresql+asyncpg://localhost/review"),
        relay_database_url=SecretStr("postgresql+asyncpg://localhost/review"),
        nats_url=SecretStr("nats://localhost"),
        issuer="https://issuer.example",
        jwks_url="https://issuer.example/jwks.json",
        seal_key=key,
        roots=folder / "roots",
    )


def pem_of(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_key_that_signs_is_taken(tmp_path: Path) -> None:
    assert settings(tmp_path, pem_of(Ed25519PrivateKey.generate())).seal_key == tmp_path / "seal.key"


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"a secret that is no key",
        pem_of(generate_private_key(SECP256R1())),
        Ed25519PrivateKey.generate().public_key().public_bytes_raw(),
    ],
    ids=["nothing", "words", "of another kind", "raw"],
)
def test_a_key_that_cannot_sign_roots_is_refused_and_not_quoted(tmp_path: Path, pem: bytes) -> None:
    with pytest.raises(ValidationError, match="is no readable Ed25519 private key") as refused:
        settings(tmp_path, pem)
    assert "secret" not in str(refused.value)
