"""Where a browser is sent: /authorize, which gives the client a code for the person chosen, and /logout.

OpenID Connect Core 1.0, 3.1.2, with PKCE by S256 only (RFC 7636), and RP-Initiated Logout 1.0. The issuer keeps no
session: every authorization asks who it is, and signing out ends nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from deploy.local.openid import pages, parameters
from deploy.local.openid.clients import Client, extended, origin
from deploy.local.openid.codes import CHALLENGE, Authorized, Codes
from deploy.local.openid.parameters import WrongParameters
from deploy.local.openid.signing import Signer
from deploy.local.openid.users import User

SCOPES = ("openid", "profile")
PROMPTS = ("none", "login", "consent", "select_account")

_MALFORMED = "请求参数有误：同一参数重复，或参数过长、过多。"
_UNKNOWN_CLIENT = "请求登录的应用未登记。"
_UNKNOWN_ADDRESS = "登录后返回的地址未登记。"
_UNKNOWN_SIGNED_OUT = "退出后返回的地址未登记。"
_UNKNOWN_HINT = "退出请求中的身份凭据不是由本服务签发的，或与应用不符。"


class _Refused(Exception):
    """Told to the client by redirect: ``error`` is a code of RFC 6749, 4.1.2.1 or OpenID Connect Core, 3.1.2.6."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def routes(
    signer: Signer, clients: Mapping[str, Client], users: Mapping[str, User], codes: Codes
) -> APIRouter:
    """``/authorize`` and ``/logout``, each by GET and, as their standards ask, by POST."""
    router = APIRouter(default_response_class=Response)

    @router.get("/authorize")
    async def authorize(request: Request) -> Response:
        """The page of example users; with ``prompt=none`` and a ``login_hint``, at once the way back."""
        try:
            asked = parameters.query(request)
        except WrongParameters:
            return pages.refusal(_MALFORMED)
        asked.pop("user", None)  # the buttons' name
        return _authorized(asked, None)

    @router.post("/authorize")
    async def chosen(request: Request) -> Response:
        """The same by a form; ``user`` is the button that was pressed."""
        try:
            asked = await parameters.form(request)
        except WrongParameters:
            return pages.refusal(_MALFORMED)
        return _authorized(asked, asked.pop("user", None))

    @router.get("/logout")
    async def logout(request: Request) -> Response:
        """On to the client's own page, where it is registered."""
        try:
            return _signed_out(parameters.query(request))
        except WrongParameters:
            return pages.refusal(_MALFORMED)

    @router.post("/logout")
    async def logout_by_form(request: Request) -> Response:
        """The same by a form."""
        try:
            return _signed_out(await parameters.form(request))
        except WrongParameters:
            return pages.refusal(_MALFORMED)

    def _authorized(asked: Mapping[str, str], picked: str | None) -> Response:
        # Until client and address are known good, nothing may send a browser anywhere (RFC 6749, 4.1.2.1).
        client = clients.get(asked.get("client_id", ""))
        if client is None:
            return pages.refusal(_UNKNOWN_CLIENT)
        back = asked.get("redirect_uri", "")
        if back not in client.redirects:
            return pages.refusal(_UNKNOWN_ADDRESS)
        try:
            scope = _scope_of_well_formed(asked)
            user = _who(asked, picked, users)
        except _Refused as refused:
            return _back(back, asked, error=refused.error, error_description=refused.description)
        if user is None:
            return pages.choice(users.values(), asked, origin(back))
        code = codes.give(
            Authorized(
                client_id=asked["client_id"],
                redirect_uri=back,
                challenge=asked["code_challenge"],
                scope=scope,
                nonce=asked.get("nonce"),
                user=user,
                auth_time=int(signer.clock()),
            )
        )
        return _back(back, asked, code=code)

    def _back(address: str, asked: Mapping[str, str], **answer: str) -> Response:
        # ``iss`` tells a client of several issuers whose answer it is: RFC 9207.
        location = extended(address, {**answer, "state": asked.get("state"), "iss": signer.issuer})
        return RedirectResponse(location, 303, pages.NEVER_KEPT)

    def _signed_out(asked: Mapping[str, str]) -> Response:
        named = asked.get("client_id")
        if hint := asked.get("id_token_hint"):
            audience = signer.audience_of(hint)
            if audience is None or named not in (None, audience):
                return pages.refusal(_UNKNOWN_HINT)
            named = audience
        onward = asked.get("post_logout_redirect_uri")
        if onward is None:
            return pages.signed_out()
        known = clients.values() if named is None else filter(None, [clients.get(named)])
        if not any(onward in client.signed_out for client in known):
            return pages.refusal(_UNKNOWN_SIGNED_OUT)
        return RedirectResponse(extended(onward, {"state": asked.get("state")}), 303, pages.NEVER_KEPT)

    return router


def _scope_of_well_formed(asked: Mapping[str, str]) -> str:
    """The scope that is granted, when all is as it must be."""
    if "request" in asked:
        raise _Refused("request_not_supported", "Send the parameters themselves.")
    if "request_uri" in asked:
        raise _Refused("request_uri_not_supported", "Send the parameters themselves.")
    if "response_type" not in asked:
        raise _Refused("invalid_request", "response_type is missing.")
    if asked["response_type"] != "code":
        raise _Refused("unsupported_response_type", "response_type must be code.")
    if asked.get("response_mode", "query") != "query":
        raise _Refused("invalid_request", "response_mode must be query.")
    wanted = asked.get("scope", "").split()
    if "openid" not in wanted:
        raise _Refused("invalid_scope", "scope must contain openid.")
    if asked.get("code_challenge_method") != "S256":
        raise _Refused("invalid_request", "code_challenge_method must be S256.")
    if not CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        raise _Refused("invalid_request", "code_challenge must be a SHA-256 in base64url.")
    return " ".join(scope for scope in SCOPES if scope in wanted)


def _who(asked: Mapping[str, str], picked: str | None, users: Mapping[str, User]) -> User | None:
    """Who signs in; None: a person has yet to say."""
    prompts = asked.get("prompt", "").split()
    if not set(prompts) <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
        raise _Refused("invalid_request", "prompt is none alone, or some of login, consent, select_account.")
    if "none" in prompts:
        user = users.get(asked.get("login_hint", ""))
        if user is None:
            raise _Refused("login_required", "Without a page, login_hint must name an example user.")
        return user
    if picked is None:
        return None
    if picked not in users:
        raise _Refused("access_denied", "There is no such example user.")
    return users[picked]
