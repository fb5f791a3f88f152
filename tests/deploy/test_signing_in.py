"""Signing in from end to end, with Authlib as the client, and every way in which a code gives no token."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from starlette.requests import Request

from deploy.local import issuer
from deploy.local.credentials import Credentials
from deploy.local.home import PROJECT, Home, with_project
from deploy.local.openid.clients import Client
from deploy.local.plan import program_environment
from deploy.local.servers import Servers
from deploy.local.state import Settings
from deploy.local.tokens import SECRET_HEADER
from shared.security.tokens import TokenInvalid, TokenVerifier
from tests.deploy.provider import AT_ONCE, CALLBACK, SECRET, SIGNED_OUT, VERIFIER, Provider, answered


def portal(url: str, **changed: Any) -> Any:
    """Authlib's client, as a portal registers it: everything but its own account from discovery."""
    return OAuth().register(
        "shufa",
        **{
            "client_id": "portal",
            "client_secret": SECRET,
            "server_metadata_url": f"{url}/.well-known/openid-configuration",
            "client_kwargs": {
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic",
                "trust_env": False,
            },
        }
        | changed,
    )


def visit(session: dict[str, Any], url: str = CALLBACK) -> Request:
    """A request of a browser that has this session."""
    query = urlsplit(url).query.encode()
    scope = {"type": "http", "method": "GET", "headers": [], "query_string": query, "session": session}
    return Request(scope)


async def begun(client: Any, session: dict[str, Any], **more: str) -> str:
    """Where the client sends the browser to sign in."""
    response = await client.authorize_redirect(visit(session), CALLBACK, **more)
    return str(response.headers["Location"])


async def test_a_client_of_openid_connect_signs_a_person_in_and_out(provider: Provider) -> None:
    client, session = portal(provider.url), dict[str, Any]()
    address = await begun(client, session)
    assert address.startswith(f"{provider.url}/authorize?")
    page = await provider.http.get(address)
    assert page.status_code == 200
    chosen = await provider.http.post(
        "/authorize", data=dict(parse_qsl(urlsplit(address).query)) | {"user": "law"}
    )
    token = await client.authorize_access_token(visit(session, chosen.headers["Location"]))

    who = token["userinfo"]
    assert (who["sub"], who["name"], who["aud"]) == ("law", "示例·法治办", "portal")
    assert who["auth_time"] == who["iat"] == int(provider.clock()) == who["exp"] - 600
    assert (token["token_type"], token["scope"], token["expires_in"]) == ("Bearer", "openid profile", 43200)

    verifier = TokenVerifier(provider.url, "shufa", f"{provider.url}/jwks.json")
    caller = await verifier.verify(token["access_token"])
    with pytest.raises(TokenInvalid):
        await verifier.verify(token["id_token"])
    await verifier.close()
    assert (caller.id, caller.grants[0].role, caller.grants[0].unit) == ("law", "law_office", "sifaju")

    out = await client.logout_redirect(visit(session), SIGNED_OUT, token["id_token"])
    back = await provider.http.get(out.headers["Location"])
    assert await client.validate_logout_response(visit(session, back.headers["Location"]))
    assert answered(back, SIGNED_OUT)


async def test_the_access_token_is_what_the_home_gives_for_the_same_person(provider: Provider) -> None:
    ours = (await provider.exchange(await provider.code())).json()
    homes = (
        await provider.http.post("/token", json={"user": "law"}, headers={SECRET_HEADER: "the secret"})
    ).json()
    assert ours["expires_in"] == homes["expires_in"]
    seen = [jwt.decode(one["access_token"], options={"verify_signature": False}) for one in (ours, homes)]
    for claims in seen:
        claims["exp"] -= claims.pop("iat")
    assert seen[0] == seen[1]


async def test_a_client_is_told_what_was_wrong(provider: Provider) -> None:
    client, session = portal(provider.url), dict[str, Any]()
    sent = await provider.http.get(await begun(client, session, prompt="none"))
    with pytest.raises(OAuthError) as refused:
        await client.authorize_access_token(visit(session, sent.headers["Location"]))
    assert refused.value.error == "login_required"


async def test_a_client_with_another_secret_gets_nothing(provider: Provider) -> None:
    client, session = portal(provider.url, client_secret="a guess"), dict[str, Any]()
    sent = await provider.http.get(await begun(client, session, prompt="none", login_hint="law"))
    with pytest.raises(OAuthError) as refused:
        await client.authorize_access_token(visit(session, sent.headers["Location"]))
    assert refused.value.error == "invalid_client"


async def test_a_client_notices_an_id_token_of_another_sign_in(provider: Provider) -> None:
    client, session = portal(provider.url), dict[str, Any]()
    address = await begun(client, session, prompt="none", login_hint="law")
    [nonce] = [value for name, value in parse_qsl(urlsplit(address).query) if name == "nonce"]
    sent = await provider.http.get(address.replace(nonce, "another"))
    with pytest.raises(Exception, match="nonce"):
        await client.authorize_access_token(visit(session, sent.headers["Location"]))


# ---- a code that gives nothing ----


def refusal(response: httpx.Response, status: int = 400) -> str:
    """The error of RFC 6749, 5.2; without a token, and not to be kept."""
    assert response.status_code == status, response.text
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert body.keys() == {"error", "error_description"}
    return str(body["error"])


async def test_a_code_is_good_once(provider: Provider) -> None:
    code = await provider.code()
    first = await provider.exchange(code)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-store"
    assert refusal(await provider.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize(("seconds", "status"), [(59.9, 200), (60, 400)])
async def test_a_code_is_good_for_a_minute(provider: Provider, seconds: float, status: int) -> None:
    code = await provider.code()
    provider.clock.now += seconds
    assert (await provider.exchange(code)).status_code == status


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1]}, "invalid_grant"),
        ({"code_verifier": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": "a guess"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"state": "s" * 20_000}, "invalid_request"),
    ],
    ids=str,
)
async def test_with_a_part_wrong_or_missing_there_is_no_token(
    provider: Provider, changed: dict[str, str | None], error: str
) -> None:
    assert refusal(await provider.exchange(await provider.code(), **changed)) == error


async def test_a_code_tried_with_a_wrong_verifier_is_gone(provider: Provider) -> None:
    code = await provider.code()
    assert refusal(await provider.exchange(code, code_verifier="x" * 43)) == "invalid_grant"
    assert refusal(await provider.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize(
    "auth", [("portal", "a guess"), ("portal", ""), ("nobody", ""), ("", ""), None], ids=str
)
async def test_who_is_not_the_client_gets_no_token(provider: Provider, auth: tuple[str, str] | None) -> None:
    response = await provider.exchange(await provider.code(), auth)
    assert refusal(response, 401) == "invalid_client"
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("header", ["Basic", "Basic ?", "Bearer abc", "Basic /w==", "Basic " + "A" * 5])
async def test_credentials_of_another_form_are_none(provider: Provider, header: str) -> None:
    response = await provider.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert refusal(response, 401) == "invalid_client"


async def test_an_id_and_a_secret_come_encoded_as_a_form(provider: Provider) -> None:
    """RFC 6749, 2.3.1."""
    header = "Basic " + base64.b64encode(b"portal:of%20portal").decode()
    response = await provider.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert response.status_code == 200


async def test_another_clients_code_is_no_use(provider: Provider) -> None:
    response = await provider.exchange(await provider.code(), ("other", "of other"))
    assert refusal(response) == "invalid_grant"


async def test_nobody_signs_in_through_a_service(provider: Provider) -> None:
    response = await provider.exchange(await provider.code(), ("review", "of review"))
    assert refusal(response) == "unauthorized_client"


async def test_a_nonce_is_repeated_only_when_there_was_one(provider: Provider) -> None:
    for asked, nonce in ({}, "of this sign-in"), ({"nonce": ""}, None):
        issued = (await provider.exchange(await provider.code(**asked))).json()
        claims = jwt.decode(issued["id_token"], options={"verify_signature": False})
        assert claims.get("nonce") == nonce


@pytest.mark.parametrize(
    ("asked", "granted"), [("openid", "openid"), ("email profile openid", "openid profile")]
)
async def test_the_scope_that_is_known_is_granted(provider: Provider, asked: str, granted: str) -> None:
    assert (await provider.exchange(await provider.code(scope=asked))).json()["scope"] == granted


# ---- the process ----


def test_the_issuer_is_told_the_portals_addresses(home: Home) -> None:
    servers = Servers(home, 1, 2, Credentials())
    addresses = {"issuer": "127.0.0.1:3", "portal": "127.0.0.1:4"}
    told = program_environment("issuer", home, servers, Settings(), addresses, 5)
    assert issuer.clients_of(told) == {
        "portal": Client(
            frozenset({"http://127.0.0.1:4/signin/callback"}), frozenset({"http://127.0.0.1:4/"})
        )
    }
    del addresses["portal"]
    assert issuer.clients_of(program_environment("issuer", home, servers, Settings(), addresses, 5)) == {}


@pytest.fixture
def process(home: Home, users: Path) -> Iterator[str]:
    """The issuer as a process of its own, as the supervisor starts it; its address."""
    home.create()
    home.secrets.write_text(json.dumps(asdict(Credentials(accounts={"portal": SECRET}))))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = {
            "SHUFA_MODE": "development",
            "SHUFA_HOME": str(home.root),
            "SHUFA_ISSUER": url,
            "SHUFA_AUDIENCE": "shufa",
            "SHUFA_USERS": str(users),
            "SHUFA_LISTEN_FD": str(listener.fileno()),
            "SHUFA_REDIRECTS": f"http://elsewhere.test/, {CALLBACK}",
            "SHUFA_SIGNED_OUT_REDIRECTS": SIGNED_OUT,
        }
        running = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.issuer"],
            cwd=PROJECT,
            env=with_project({**os.environ, **environment}),
            pass_fds=[listener.fileno()],
        )
    yield url
    running.terminate()
    assert running.wait(30) in (0, -15)


async def test_the_process_signs_in_to_the_addresses_of_its_environment(process: str) -> None:
    client, session = portal(process), dict[str, Any]()
    address = await begun(client, session, prompt="none", login_hint="law")
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        sent = await http.get(address)
        refused = await http.get(f"{process}/authorize", params=AT_ONCE | {"redirect_uri": SIGNED_OUT})
    token = await client.authorize_access_token(visit(session, sent.headers["Location"]))
    assert token["userinfo"]["sub"] == "law"
    assert refused.status_code == 400
