"""Where a client gets tokens: POST /oauth/token, for a code that somebody signed in for or for its own account."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from deploy.local.openid import parameters
from deploy.local.openid.clients import Client
from deploy.local.openid.codes import Codes
from deploy.local.openid.parameters import WrongParameters
from deploy.local.openid.signing import Signer
from deploy.local.openid.users import User, service_account

LIFETIME_SECONDS = 12 * 60 * 60
SERVICE_LIFETIME_SECONDS = 10 * 60

NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749, 5.1."""


class _Refused(Exception):
    """``error`` is a code of RFC 6749, 5.2; one that says who is asking is not known is 401, the others 400."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description

    def answer(self) -> JSONResponse:
        """What the client is told."""
        unknown = self.error == "invalid_client"
        return JSONResponse(
            {"error": self.error, "error_description": self.description},
            401 if unknown else 400,
            {**NEVER_KEPT, "WWW-Authenticate": 'Basic realm="shufa"'} if unknown else NEVER_KEPT,
        )


def routes(
    signer: Signer,
    accounts: Mapping[str, str],
    clients: Mapping[str, Client],
    users: Mapping[str, User],
    codes: Codes,
) -> APIRouter:
    """``POST /oauth/token``; ``accounts`` are the secrets of services, ``clients`` those people sign in through."""
    router = APIRouter()

    @router.post("/oauth/token")
    async def token(request: Request, authorization: Annotated[str | None, Header()] = None) -> JSONResponse:
        """``grant_type`` authorization_code (RFC 6749, 4.1.3) or client_credentials (4.4)."""
        try:
            asked = await parameters.form(request)
            client_id = _authenticated(authorization, accounts)
            match asked.get("grant_type"):
                case "authorization_code":
                    issued = _for_code(client_id, asked)
                case "client_credentials":
                    issued = _for_account(client_id)
                case None:
                    raise _Refused("invalid_request", "grant_type is missing.")
                case _:
                    raise _Refused(
                        "unsupported_grant_type", "grant_type is authorization_code or client_credentials."
                    )
        except WrongParameters as wrong:
            return _Refused("invalid_request", wrong.reason).answer()
        except _Refused as refused:
            return refused.answer()
        return JSONResponse(issued, headers=NEVER_KEPT)

    def _for_account(client_id: str) -> dict[str, Any]:
        account = service_account(client_id, users.values())
        return _bearer(signer.access_token(account, SERVICE_LIFETIME_SECONDS), SERVICE_LIFETIME_SECONDS)

    def _for_code(client_id: str, asked: Mapping[str, str]) -> dict[str, Any]:
        if client_id not in clients:
            raise _Refused("unauthorized_client", "Nobody signs in through this client.")
        for name in ("code", "redirect_uri", "code_verifier"):
            if name not in asked:
                raise _Refused("invalid_request", f"{name} is missing.")
        authorized = codes.take(asked["code"])
        if authorized is None or authorized.client_id != client_id:
            raise _Refused("invalid_grant", "The code is unknown, used, expired or another client's.")
        if authorized.redirect_uri != asked["redirect_uri"]:
            raise _Refused("invalid_grant", "redirect_uri is not the one the code was asked for with.")
        if not authorized.proven_by(asked["code_verifier"]):
            raise _Refused("invalid_grant", "code_verifier does not match code_challenge.")
        access = signer.access_token(authorized.user, LIFETIME_SECONDS)
        identity = signer.id_token(authorized.user, client_id, authorized.nonce, authorized.auth_time)
        return _bearer(access, LIFETIME_SECONDS) | {"id_token": identity, "scope": authorized.scope}

    return router


def _bearer(token: str, seconds: int) -> dict[str, Any]:
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


def _authenticated(authorization: str | None, accounts: Mapping[str, str]) -> str:
    """The client's id, by client_secret_basic: RFC 6749, 2.3.1."""
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        name = secret = ""
    client_id = unquote_plus(name)
    known = accounts.get(client_id, "")
    right = hmac.compare_digest(unquote_plus(secret).encode(), known.encode())
    if scheme.lower() != "basic" or not known or not right:
        raise _Refused("invalid_client", "The client's id or secret is missing or wrong.")
    return client_id
