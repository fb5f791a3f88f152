"""The development issuer: signs tokens for the example users of one machine. Never for production.

Not OpenID Connect's flows: one POST with the home's secret gives a person's token. What the services see of it, its
discovery document, its keys and the tokens of their own accounts by client credentials, is as with any issuer, so that
nothing of theirs is for development only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import jwt
import uvicorn
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from deploy.local.credentials import read_credentials
from deploy.local.home import Home, LocalError, write_private
from deploy.local.tokens import SECRET_HEADER

LIFETIME_SECONDS = 12 * 60 * 60
SERVICE_LIFETIME_SECONDS = 10 * 60

_BASIC = HTTPBasic()

Role = Literal[
    "law_office",
    "party_office",
    "leader",
    "reporter",
    "liaison",
    "organization_department",
    "supervision_office",
    "auditor",
    "tenant_admin",
    "operator",
    "service",
]


class Grant(BaseModel):
    """A role in one tenant; ``unit`` for those who act for a unit, ``subtree`` to hold it in all below as well."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    tenant: str
    role: Role
    unit: str | None = None
    subtree: bool = False


class User(BaseModel):
    """An example user, as in the users file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    name: str
    grants: tuple[Grant, ...] = ()


class Asked(BaseModel):
    """The body of POST /token."""

    user: str


class Token(BaseModel):
    """The answer of POST /token."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = LIFETIME_SECONDS


def load_users(path: Path) -> dict[str, User]:
    """The users of a YAML file: a list of ``{id, name, grants: [{tenant, role, unit?, subtree?}]}``."""
    try:
        users = TypeAdapter(list[User]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LocalError(f"The users file {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise LocalError(f"The users file {path} is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise LocalError(f"The users file {path} is wrong at {where}: {first['msg']}.") from error
    return {user.id: user for user in users}


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key and its id, the RFC 7638 thumbprint of the public half."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public_jwk(self) -> dict[str, str]:
        raw = self.private.public_key().public_bytes_raw()
        return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}

    @property
    def kid(self) -> str:
        canonical = json.dumps(self.public_jwk, sort_keys=True, separators=(",", ":"))
        return _base64url(hashlib.sha256(canonical.encode()).digest())


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


def create_app(
    issuer: str,
    audience: str,
    users: dict[str, User],
    key: SigningKey,
    secret: str,
    accounts: Mapping[str, str],
) -> FastAPI:
    """The issuer's HTTP interface. ``issuer`` is its own address, as it stands in the tokens; ``accounts`` are the
    services' secrets."""
    app = FastAPI(title="Shufa development issuer", version="1", description=__doc__ or "")

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        """What a client of OpenID Connect looks up first."""
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/jwks.json",
            "token_endpoint": f"{issuer}/oauth/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
            "subject_types_supported": ["public"],
            "response_types_supported": [],
        }

    @app.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        """The public half of the signing key."""
        return {"keys": [{**key.public_jwk, "kid": key.kid, "alg": "EdDSA", "use": "sig"}]}

    @app.post("/token")
    async def token(asked: Asked, given: Annotated[str, Header(alias=SECRET_HEADER)] = "") -> Token:
        """A bearer token for an example user. The secret keeps other users of this machine from asking."""
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(401, "The secret of this home is missing or wrong.")
        user = users.get(asked.user)
        if user is None:
            raise HTTPException(404, f"There is no user {asked.user!r}; known: {', '.join(sorted(users))}.")
        return signed(user, LIFETIME_SECONDS)

    @app.post("/oauth/token")
    async def service_token(
        request: Request, given: Annotated[HTTPBasicCredentials, Depends(_BASIC)]
    ) -> Token:
        """A token for the account of a service: RFC 6749, 4.4."""
        form = parse_qs((await request.body())[:1000].decode("ascii", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            raise HTTPException(400, "unsupported_grant_type")
        known = accounts.get(given.username, "")
        if not known or not hmac.compare_digest(given.password.encode(), known.encode()):
            raise HTTPException(401, "invalid_client", headers={"WWW-Authenticate": "Basic"})
        return signed(_service(given.username, users.values()), SERVICE_LIFETIME_SECONDS)

    def signed(user: User, seconds: int) -> Token:
        now = int(time.time())
        claims = {
            "iss": issuer,
            "aud": audience,
            "sub": user.id,
            "name": user.name,
            "iat": now,
            "exp": now + seconds,
            "grants": [grant.model_dump(exclude_defaults=True) for grant in user.grants],
        }
        token = jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.kid})
        return Token(access_token=token, expires_in=seconds)

    return app


def _service(name: str, users: Iterable[User]) -> User:
    """The account of a service: it reads progress in every tree that some user has a role in."""
    tops = sorted({grant.tenant.partition(".")[0] for user in users for grant in user.grants})
    grants = tuple(Grant(tenant=top, role="service", subtree=True) for top in tops)
    return User(id=f"service:{name}", name=name, grants=grants)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def main() -> int:
    """The process: everything from the environment (see plan.program_environment)."""
    if os.environ.get("SHUFA_MODE") != "development":
        raise LocalError("The development issuer runs with SHUFA_MODE=development only.")
    home = Home.at(os.environ["SHUFA_HOME"])
    credentials = read_credentials(home)
    app = create_app(
        issuer=os.environ["SHUFA_ISSUER"],
        audience=os.environ["SHUFA_AUDIENCE"],
        users=load_users(Path(os.environ["SHUFA_USERS"])),
        key=load_key(home.issuer_key),
        secret=credentials.issuer,
        accounts=credentials.accounts,
    )
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    )
    server.run(sockets=[socket.socket(fileno=int(os.environ["SHUFA_LISTEN_FD"]))])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as refused:
        sys.exit(str(refused))
