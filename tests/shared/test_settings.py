"""A service that is told something wrong says what, and does not start; what is secret is not said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def settings(folder: Path, pem: bytes, **changed: Any) -> Settings:
    key = folder / "seal.key"
    key.write_bytes(pem)
    told: dict[str, Any] = {
        "service": "review",
        "database_url": SecretStr("postgresql+asyncpg://localhost/review"),
        "relay_database_url": SecretStr("postgresql+asyncpg://localhost/review"),
        "nats_url": SecretStr("nats://localhost"),
        "issuer": "https://issuer.example",
        "jwks_url": "https://issuer.example/jwks.json",
        "seal_key": key,
        "roots": folder / "roots",
    }
    return Settings(**told | changed)


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


GOOD = pem_of(Ed25519PrivateKey.generate())
ACCOUNT = {
    "token_url": "https://issuer.example/token",
    "client_id": "review",
    "client_secret": SecretStr("a secret"),
}


@pytest.mark.parametrize("name", ["issuer", "jwks_url", "token_url"])
@pytest.mark.parametrize("url", ["http://127.0.0.1/keys", "file:///keys", "HTTPS//", ""])
def test_in_production_keys_and_tokens_come_over_https_without_exception(
    tmp_path: Path, name: str, url: str
) -> None:
    told: dict[str, Any] = ACCOUNT | {name: url}
    with pytest.raises(ValidationError, match=f"SHUFA_{name.upper()} must be an https:// address"):
        settings(tmp_path, GOOD, **told)
    assert getattr(settings(tmp_path, GOOD, mode="development", **told), name) == url


def test_production_is_what_holds_where_nothing_is_said(tmp_path: Path) -> None:
    assert settings(tmp_path, GOOD).mode == "production"


@pytest.mark.parametrize("missing", sorted(ACCOUNT))
def test_an_account_is_told_whole_or_not_at_all(tmp_path: Path, missing: str) -> None:
    told = {name: value for name, value in ACCOUNT.items() if name != missing}
    with pytest.raises(ValidationError, match="are given together") as refused:
        settings(tmp_path, GOOD, **told)
    assert "a secret" not in str(refused.value)
    assert settings(tmp_path, GOOD, **ACCOUNT).client_id == "review"
    assert settings(tmp_path, GOOD).client_id is None


def test_the_grants_may_be_called_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path, GOOD).grants_claim == "grants"
    assert settings(tmp_path, GOOD, grants_claim="https://example.cn/roles").grants_claim.endswith("/roles")
    with pytest.raises(ValidationError):
        settings(tmp_path, GOOD, grants_claim="")
