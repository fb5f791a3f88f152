"""The development issuer: whose tokens it signs, for whom, and what a service can check of them."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import jwt
import pytest
from pydantic import SecretStr

from deploy.local import issuer
from deploy.local.cluster import Cluster
from deploy.local.home import PROJECT, Home, LocalError, with_project
from deploy.local.openid import signing
from deploy.local.openid.users import load_users
from deploy.local.tokens import SECRET_HEADER
from shared.security.account import Account

ISSUER = "http://issuer.test"


@pytest.fixture
def key(tmp_path: Path) -> signing.SigningKey:
    return signing.load_key(tmp_path / "issuer.key")


@pytest.fixture
def client(users: Path, key: signing.SigningKey) -> httpx.AsyncClient:
    app = issuer.create_app(ISSUER, "shufa", load_users(users), key, "the secret", {"review": "of review"})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER)


def read(token: str, jwks: dict[str, object]) -> dict[str, object]:
    """A token's claims, checked as a service checks them."""
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWKSet.from_dict(jwks)[kid]
    return jwt.decode(token, key, algorithms=["EdDSA"], audience="shufa", issuer=ISSUER)


async def test_a_token_says_who_and_with_which_grants(client: httpx.AsyncClient) -> None:
    answer = await client.post("/token", json={"user": "law"}, headers={SECRET_HEADER: "the secret"})
    claims = read(answer.json()["access_token"], (await client.get("/jwks.json")).json())
    assert claims["sub"] == "law"
    assert claims["name"] == "示例·法治办"
    assert claims["grants"] == [{"tenant": "shanghai.jinshan", "role": "law_office", "unit": "sifaju"}]
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 12 * 60 * 60


def test_a_role_for_all_tenants_below_is_said_in_the_users_file_and_in_the_claims(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    path.write_text("- {id: a, name: A, grants: [{tenant: t, role: tenant_admin, subtree: true}]}")
    [grant] = load_users(path)["a"].grants
    assert grant.model_dump(exclude_defaults=True) == {"tenant": "t", "role": "tenant_admin", "subtree": True}


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: "a guess"}], ids=["without", "wrong"])
async def test_without_the_homes_secret_there_is_no_token(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/token", json={"user": "law"}, headers=headers)
    assert answer.status_code == 401


async def test_an_unknown_user_is_named_and_the_known_are_listed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/token", json={"user": "nobody"}, headers={SECRET_HEADER: "the secret"})
    assert answer.status_code == 404
    assert "'nobody'" in answer.json()["detail"]
    assert "law, operator" in answer.json()["detail"]


async def test_a_client_of_openid_connect_finds_the_keys(client: httpx.AsyncClient) -> None:
    found = (await client.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert found["jwks_uri"] == f"{ISSUER}/jwks.json"
    assert found["id_token_signing_alg_values_supported"] == ["EdDSA"]


async def test_the_published_key_is_the_public_half_alone(client: httpx.AsyncClient) -> None:
    (published,) = (await client.get("/jwks.json")).json()["keys"]
    assert set(published) == {"kty", "crv", "x", "kid", "alg", "use"}


def test_the_key_is_kept_for_its_owner_alone(tmp_path: Path, key: signing.SigningKey) -> None:
    assert (tmp_path / "issuer.key").stat().st_mode & 0o777 == 0o600
    assert signing.load_key(tmp_path / "issuer.key").kid == key.kid


def test_the_kid_is_the_thumbprint_of_rfc_8037() -> None:
    """The key and the thumbprint of RFC 8037, appendix A."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    example = signing.SigningKey(Ed25519PrivateKey.from_private_bytes(seed))
    assert example.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- {id: a}", "wrong at 0.name"),
        ("- {id: a, name: A, grants: [{tenant: t, role: emperor}]}", "wrong at 0.grants.0.role"),
        ("- {id: a, name: A, password: b}", "wrong at 0.password"),
        ("[", "is not YAML"),
    ],
)
def test_a_wrong_users_file_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "users.yaml").write_text(text)
    with pytest.raises(LocalError, match=reason):
        load_users(tmp_path / "users.yaml")


def test_the_example_users_are_read() -> None:
    assert load_users(PROJECT / "examples/jinshan/users.yaml")


# ---- the accounts of services ----


async def test_a_service_gets_a_short_lived_token_of_its_own_by_its_secret(client: httpx.AsyncClient) -> None:
    found = (await client.get("/.well-known/openid-configuration")).json()
    assert found["token_endpoint"] == f"{ISSUER}/oauth/token"
    account = Account(found["token_endpoint"], "review", SecretStr("of review"), client=client)
    claims = read(await account.token(), (await client.get("/jwks.json")).json())
    assert claims["sub"] == "service:review"
    assert claims["grants"] == [{"tenant": "shanghai", "role": "service", "subtree": True}]
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 10 * 60


@pytest.mark.parametrize(
    ("name", "secret", "form", "status"),
    [
        ("review", "a guess", "grant_type=client_credentials", 401),
        ("scheduling", "of review", "grant_type=client_credentials", 401),
        ("nobody", "", "grant_type=client_credentials", 401),
        ("review", "of review", "grant_type=password", 400),
        ("review", "of review", "", 400),
    ],
)
async def test_without_its_secret_or_for_another_grant_a_service_gets_none(
    client: httpx.AsyncClient, name: str, secret: str, form: str, status: int
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post("/oauth/token", content=form, auth=(name, secret), headers=headers)
    assert answer.status_code == status
    assert "access_token" not in answer.text


async def test_nobody_asks_for_a_services_token_without_credentials(client: httpx.AsyncClient) -> None:
    answer = await client.post("/oauth/token", data={"grant_type": "client_credentials"})
    assert answer.status_code == 401


@pytest.mark.parametrize("mode", ["production", ""])
def test_it_runs_in_development_only(mode: str, home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local.issuer"],
        cwd=PROJECT,
        env=with_project({**os.environ, "SHUFA_MODE": mode, "SHUFA_HOME": str(home.root)}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "The development issuer runs with SHUFA_MODE=development only."


def test_a_home_that_is_up_gives_tokens_that_its_own_keys_verify(cluster: Cluster) -> None:
    token = cluster.token("operator")
    with urllib.request.urlopen(f"{cluster.issuer_url}/jwks.json") as answer:
        jwks = jwt.PyJWKSet.from_json(answer.read().decode())
    key = jwks[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience="shufa", issuer=cluster.issuer_url)
    assert claims["sub"] == "operator"
    with pytest.raises(LocalError, match="There is no user 'nobody'"):
        cluster.token("nobody")
