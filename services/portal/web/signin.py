"""Signing in by OpenID Connect: authorization code with PKCE, the tokens kept sealed and never in the browser."""

from __future__ import annotations

import json
import re
import secrets
import time
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.portal.desk import Desk, SignIn
from services.portal.settings import PortalSettings
from shared.decider import Refused
from shared.security import TokenVerifier
from shared.security.tokens import Caller
from shared.security.trust import trusted

# It says past every filter that httpx is to have a successor: that is no line of a log.
with warnings.catch_warnings(record=True):
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

BEGUN_SECONDS = 600
"""How long somebody may take at the issuer."""
_LOCAL = re.compile(r"/(?:[^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?")


@dataclass(frozen=True)
class Person:
    """Who is signed in. ``token`` goes to the owners of what is shown, and nowhere else."""

    caller: Caller
    csrf: str
    token: str = field(repr=False)

    @property
    def id(self) -> str:
        """The person as the ledger names it."""
        return self.caller.id

    @property
    def name(self) -> str:
        """The person's name as the issuer says it."""
        return self.caller.name


class NotSignedIn(Exception):
    """Nobody is signed in, or not any more; ``ended`` is then the sign-in that was."""

    def __init__(self, ended: SignIn | None = None) -> None:
        super().__init__("not signed in")
        self.ended = ended


class SignIns:
    """Who is signed in, by cookie; and the way to the issuer and back."""

    def __init__(self, settings: PortalSettings, desk: Desk, verifier: TokenVerifier) -> None:
        self._settings = settings
        self._desk = desk
        self._verifier = verifier
        self._identities = TokenVerifier(
            settings.issuer, settings.client_id or "", settings.jwks_url, algorithms=settings.algorithms
        )
        keys = settings.signin_key.get_secret_value().split(",")
        self._seal = MultiFernet([Fernet(key) for key in keys])
        self._secure = settings.public_url.startswith("https://")
        self.cookie = "__Host-shufa" if self._secure else "shufa"
        self._begun = f"{self.cookie}-begun"
        self._discovered: dict[str, Any] = {}
        self._client = httpx.AsyncClient(verify=trusted(), timeout=5.0)

    async def person(self, request: Request) -> Person:
        """Who asks. Raises NotSignedIn."""
        cookie = request.cookies.get(self.cookie)
        kept = await self._desk.signed_in(cookie) if cookie else None
        if kept is None or kept.ended:
            raise NotSignedIn(kept)
        try:
            token = self._seal.decrypt(kept.sealed).decode()
            caller = await self._verifier.verify(token)
        except (InvalidToken, Refused) as error:
            if isinstance(error, Refused) and error.code == "security.keys-unavailable":
                raise
            raise NotSignedIn(kept) from None
        return Person(caller, kept.csrf, token)

    async def begin(self, back: str, hint: str | None = None) -> Response:
        """To the issuer; what is to be believed when somebody comes back lies sealed in a cookie."""
        provider = await self._provider()
        begun = {
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "verifier": secrets.token_urlsafe(48),
            "back": local(back),
        }
        async with self._oauth() as client:
            url, _ = client.create_authorization_url(
                provider["authorization_endpoint"],
                state=begun["state"],
                nonce=begun["nonce"],
                code_verifier=begun["verifier"],
                **({"login_hint": hint, "prompt": "none"} if hint else {}),
            )
        answer = RedirectResponse(url, 303)
        self._set(answer, self._begun, self._seal.encrypt(json.dumps(begun).encode()).decode(), BEGUN_SECONDS)
        return answer

    async def come_back(self, request: Request) -> Response:
        """From the issuer with a code: take the tokens, keep the sign-in, go where the person wanted to go."""
        try:
            sealed = request.cookies.get(self._begun, "")
            begun = json.loads(self._seal.decrypt(sealed, ttl=BEGUN_SECONDS))
        except InvalidToken:
            raise Refused("portal.sign-in-not-begun") from None
        given = request.query_params
        if not secrets.compare_digest(given.get("state", ""), begun["state"]):
            raise Refused("portal.sign-in-not-begun")
        if "code" not in given:
            raise Refused("portal.sign-in-refused", reason=given.get("error", "")[:60])
        provider = await self._provider()
        try:
            async with self._oauth() as client:
                tokens = await client.fetch_token(
                    provider["token_endpoint"], code=given["code"], code_verifier=begun["verifier"]
                )
            identity = await self._identities.claims(tokens["id_token"])
            caller = await self._verifier.verify(tokens["access_token"])
        except (httpx.HTTPError, AuthlibBaseError, KeyError) as error:
            raise Refused("portal.sign-in-refused", reason=type(error).__name__) from None
        if identity.get("nonce") != begun["nonce"] or identity["sub"] != caller.id:
            raise Refused("portal.sign-in-refused", reason="nonce")
        ends = datetime.fromtimestamp(time.time() + float(tokens.get("expires_in", 300)), UTC)
        sealed_token = self._seal.encrypt(tokens["access_token"].encode())
        cookie = await self._desk.sign_in(caller.id, caller.name, sealed_token, ends)
        answer = RedirectResponse(begun["back"], 303)
        answer.delete_cookie(self._begun)
        self._set(answer, self.cookie, cookie, None)
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Forget the sign-in here and tell the issuer."""
        if cookie := request.cookies.get(self.cookie):
            await self._desk.sign_out(cookie)
        end = (await self._provider()).get("end_session_endpoint")
        home = f"{self._settings.public_url}/"
        to = f"{end}?{urlencode({'post_logout_redirect_uri': home})}" if end else home
        answer = RedirectResponse(to, 303)
        answer.delete_cookie(self.cookie)
        return answer

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
        await self._identities.close()

    def _oauth(self) -> AsyncOAuth2Client:
        secret = self._settings.client_secret
        return AsyncOAuth2Client(
            self._settings.client_id,
            secret.get_secret_value() if secret else None,
            scope="openid profile",
            redirect_uri=f"{self._settings.public_url}/signin/callback",
            code_challenge_method="S256",
            verify=trusted(),
            timeout=5.0,
        )

    async def _provider(self) -> dict[str, Any]:
        if not self._discovered:
            try:
                answer = await self._client.get(f"{self._settings.issuer}/.well-known/openid-configuration")
                answer.raise_for_status()
                self._discovered = answer.json()
            except (httpx.HTTPError, ValueError):
                raise Refused("portal.issuer-unreachable") from None
        return self._discovered

    def _set(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        answer.set_cookie(
            name, value, max_age=seconds, httponly=True, samesite="lax", secure=self._secure, path="/"
        )


def local(back: str) -> str:
    """A path of our own to go back to; anything else leads home. Browsers read a backslash as a slash and leave out
    tabs and line ends: a path with one of them may be the address of another host."""
    return back if _LOCAL.fullmatch(back) else "/"


def routes(signins: SignIns) -> APIRouter:
    """``/signin``, ``/signin/callback`` and ``/signout``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/signin")
    async def begin(back: str = "/", hint: str | None = None) -> Response:
        return await signins.begin(back, hint)

    @router.get("/signin/callback")
    async def come_back(request: Request) -> Response:
        return await signins.come_back(request)

    @router.post("/signout")
    async def sign_out(request: Request) -> Response:
        return await signins.sign_out(request)

    return router
