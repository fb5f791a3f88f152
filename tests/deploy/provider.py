"""The development issuer as a client of OpenID Connect meets it: served on a port, its clock moved by hand."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import uvicorn

from deploy.local import issuer
from deploy.local.openid.clients import Client
from deploy.local.openid.signing import load_key
from deploy.local.openid.users import load_users

CALLBACK = "http://portal.test/signin/callback"
SIGNED_OUT = "http://portal.test/"
SECRET = "of portal"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The pair of RFC 7636, appendix B."""

ASKED = {
    "client_id": "portal",
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "scope": "openid profile",
    "state": "of this browser",
    "nonce": "of this sign-in",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
AT_ONCE = ASKED | {"prompt": "none", "login_hint": "law"}


@dataclass
class Clock:
    """The time of day when it was made; from then on it is moved by hand."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Provider:
    """An issuer that is served: its address, its clock and a client that follows no redirect."""

    url: str
    clock: Clock
    http: httpx.AsyncClient

    async def authorize(self, asked: dict[str, str]) -> httpx.Response:
        return await self.http.get("/authorize", params=asked)

    async def code(self, **changed: str) -> str:
        """A code for the example user ``law``."""
        return answered(await self.authorize(AT_ONCE | changed))["code"]

    async def exchange(
        self, good: str, auth: tuple[str, str] | None = ("portal", SECRET), /, **changed: str | None
    ) -> httpx.Response:
        """POST /oauth/token as the portal does; a parameter that is None is left out."""
        form = {
            "grant_type": "authorization_code",
            "code": good,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changed
        sent = {name: value for name, value in form.items() if value is not None}
        return await self.http.post("/oauth/token", data=sent, auth=auth or httpx.USE_CLIENT_DEFAULT)


def answered(response: httpx.Response, at: str = CALLBACK) -> dict[str, str]:
    """The parameters of a redirect to the client."""
    assert response.status_code == 303, response.text
    address, _, query = response.headers["Location"].partition("?")
    assert address == at
    return dict(parse_qsl(query, strict_parsing=bool(query)))


@asynccontextmanager
async def providing(users: Path, folder: Path) -> AsyncIterator[Provider]:
    """The issuer's application on a port of this machine, for the length of the block."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    clock = Clock()
    app = issuer.create_app(
        url,
        "shufa",
        load_users(users),
        load_key(folder / "issuer.key"),
        "the secret",
        {"portal": SECRET, "review": "of review", "other": "of other"},
        clients={
            "portal": Client(frozenset({CALLBACK}), frozenset({SIGNED_OUT})),
            "other": Client(frozenset({"http://other.test/back"}), frozenset({"http://other.test/"})),
        },
        clock=clock,
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with httpx.AsyncClient(base_url=url, follow_redirects=False, trust_env=False) as http:
        yield Provider(url, clock, http)
    server.should_exit = True
    await serving
