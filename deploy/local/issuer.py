"""The development issuer: a small OpenID provider for the example users of one machine. Never for production.

In place of a password it has a page of example users to choose from, and one POST with the home's secret gives a
person's token without a browser. All else is as with any OpenID provider: discovery, keys, the authorization code flow
with PKCE, client credentials, signing out. So nothing of a service's or of a client's is for development only, and
production names any OpenID provider instead.

It listens on the loopback interface alone and answers only to the name it has in its tokens, so that a page from
elsewhere cannot reach it by a name of its own (DNS rebinding). Whoever can open a port of this machine can sign in as
any example user through a client: keep no real data in such a home.
"""

from __future__ import annotations

import hmac
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deploy.local.credentials import read_credentials
from deploy.local.home import Home, LocalError
from deploy.local.openid import authorizing, issuing
from deploy.local.openid.clients import Client, addresses
from deploy.local.openid.codes import Codes
from deploy.local.openid.issuing import LIFETIME_SECONDS
from deploy.local.openid.signing import ALGORITHM, Signer, SigningKey, load_key
from deploy.local.openid.users import User, load_users
from deploy.local.plan import PORTAL
from deploy.local.tokens import SECRET_HEADER


class Asked(BaseModel):
    """The body of POST /token."""

    user: str


class Token(BaseModel):
    """The answer of POST /token."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = LIFETIME_SECONDS


def create_app(
    issuer: str,
    audience: str,
    users: dict[str, User],
    key: SigningKey,
    secret: str,
    accounts: Mapping[str, str],
    *,
    clients: Mapping[str, Client] | None = None,
    clock: Callable[[], float] = time.time,
) -> FastAPI:
    """The issuer's HTTP interface. ``issuer`` is its own address, as it stands in the tokens; ``accounts`` are the
    services' secrets; ``clients`` are those of them that people sign in through."""
    app = FastAPI(title="Shufa development issuer", version="1", description=__doc__ or "")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[urlsplit(issuer).hostname or ""])
    signer = Signer(issuer, audience, key, clock)
    codes = Codes(clock)
    clients = clients or {}
    app.include_router(authorizing.routes(signer, clients, users, codes))
    app.include_router(issuing.routes(signer, accounts, clients, users, codes))

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        """What a client looks up first: OpenID Connect Discovery 1.0, 3."""
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "end_session_endpoint": f"{issuer}/logout",
            "jwks_uri": f"{issuer}/jwks.json",
            "scopes_supported": list(authorizing.SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "subject_types_supported": ["public"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name"],
            "prompt_values_supported": list(authorizing.PROMPTS),
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
        }

    @app.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        """The public half of the signing key."""
        return {"keys": [{**key.public_jwk, "kid": key.kid, "alg": ALGORITHM, "use": "sig"}]}

    @app.post("/token")
    async def token(asked: Asked, given: Annotated[str, Header(alias=SECRET_HEADER)] = "") -> Token:
        """A bearer token for an example user. The secret keeps other users of this machine from asking."""
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(401, "The secret of this home is missing or wrong.")
        user = users.get(asked.user)
        if user is None:
            raise HTTPException(404, f"There is no user {asked.user!r}; known: {', '.join(sorted(users))}.")
        return Token(access_token=signer.access_token(user, LIFETIME_SECONDS))

    return app


def clients_of(environment: Mapping[str, str]) -> dict[str, Client]:
    """The portal, where the environment says which addresses it has (see plan.program_environment)."""
    redirects = addresses(environment.get("SHUFA_REDIRECTS", ""))
    signed_out = addresses(environment.get("SHUFA_SIGNED_OUT_REDIRECTS", ""))
    return {PORTAL: Client(redirects, signed_out)} if redirects else {}


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
        clients=clients_of(os.environ),
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
