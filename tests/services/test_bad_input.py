"""Tokens and tenants that are not what they should be, everywhere: refused, logged once, and nothing changed."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import quote

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.contracts import PUBLISHERS
from tests.issuing import ISSUER
from tests.services.doors import Door, Doors

TENANT, ELSEWHERE = "tianjin.badinput", "tianjin.other"
OFFICE = {"tenant": TENANT, "role": "law_office", "unit": "sifaju"}
MALFORMED = (
    "..",
    "tianjin..badinput",
    ".tianjin",
    "tianjin.",
    "tian-jin",
    "*",
    ">",
    "tianjin.*",
    "tianjin.>",
    "Tianjin",
    "tianjin bad",
    " tianjin",
    "tianjin\n",
    "tianjin\x00",
    "天津",
    "%2e%2e",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2ln",
)


Log = list[MutableMapping[str, Any]]


def bad_tokens(doors: Doors) -> dict[str, tuple[str, str, str | None]]:
    """By name: a token, the code it is refused with, and which check failed."""
    now = int(time.time())
    good = doors.token("forger", OFFICE)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    raised = claims | {"grants": [OFFICE | {"role": "tenant_admin", "subtree": True}]}
    key = doors.issuer.keys["one"]
    public = doors.issuer.published[0]["x"]

    def signed(changed: dict[str, Any], with_key: Any = key, alg: str = "EdDSA", kid: str = "one") -> str:
        return jwt.encode(claims | changed, with_key, alg, headers={"kid": kid})

    tampered = base64.urlsafe_b64encode(json.dumps(raised).encode()).rstrip(b"=").decode()
    invalid = "security.token-invalid"
    return {
        "expired": (signed({"exp": now - 3600}), "security.token-expired", None),
        "not valid yet": (signed({"nbf": now + 3600}), invalid, "not-yet-valid"),
        "unsigned": (f"{head}.{body}.", invalid, "signature"),
        "alg=none": (signed({}, "", "none"), invalid, "algorithm"),
        "the public key as a secret": (signed({}, public.ljust(32, "="), "HS256"), invalid, "algorithm"),
        "wrong audience": (signed({"aud": "somebody-else"}), invalid, "audience"),
        "wrong issuer": (signed({"iss": "https://issuer.example.evil"}), invalid, "issuer"),
        "tampered role": (f"{head}.{tampered}.{signature}", invalid, "signature"),
        "signed by another": (signed({}, Ed25519PrivateKey.generate()), invalid, "signature"),
        "of an unknown key": (signed({}, key, kid="../../etc/passwd"), invalid, "key"),
        "of a tenant elsewhere": (
            doors.token("stranger", OFFICE | {"tenant": ELSEWHERE}),
            "security.not-permitted",
            None,
        ),
    }


def addresses(door: Door, tenant: str) -> list[tuple[str, str, str]]:
    """Method, template and address of every route. Dots are encoded, lest a client takes ``..`` for a way up."""
    filled = {
        "{tenant}": quote(tenant, safe="").replace(".", "%2E"),
        "{id}": "2021-1",
        "{stream}": "plan-2021",
        "{ref}": "a1",
    }
    found = []
    for method, template in door.routes:
        address = template
        for name, value in filled.items():
            address = address.replace(name, value)
        found.append((method, template, address))
    return found


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Log]:
    """Every line of our own log as it was written, with its context; what libraries say lands in ``caplog``."""
    caplog.set_level(logging.DEBUG)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines


def counted(code: str) -> float:
    return REGISTRY.get_sample_value("shufa_security_events_total", {"code": code}) or 0.0


def secrets_of(token: str) -> list[str]:
    """The token and its parts; the header's first letters are the same in every token."""
    return [token, *(part for part in token.split(".") if len(part) > 8)]


@pytest.mark.parametrize("name", PUBLISHERS)
async def test_a_bad_token_is_refused_everywhere_logged_once_and_changes_nothing(
    name: str,
    doors: Doors,
    log: Log,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, int], None],
) -> None:
    door, before = doors.of[name], await doors.of[name].contents()
    tokens, asked = bad_tokens(doors), 0
    good = {"Authorization": f"Bearer {doors.token('forger', OFFICE)}"}
    allowed = await door.client.get(f"/tenants/{TENANT}/ledger", headers=good)
    assert allowed.status_code == 200, "it is the token that is wrong below, and nothing else"
    log.clear()
    for what, (token, code, reason) in tokens.items():
        counted_before = counted(code)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
        every = addresses(door, TENANT)
        answers = await asyncio.gather(
            *(
                door.client.request(method, address, headers=headers, params={"year": 2021}, json={})
                for method, _, address in every
            )
        )
        for answer in answers:
            told = answer.json()
            assert (told["code"], told["data"].get("reason")) == (code, reason), (what, answer.url)
            assert answer.status_code == (403 if code == "security.not-permitted" else 401)
            assert not [part for part in secrets_of(token) if part in answer.text]
        lines = [line for line in log if line["event"] == "security"]
        assert len(lines) == len(log) == len(every), "one line each, and no other"
        assert {(line["code"], line["reason"], line["tenant"]) for line in lines} == {(code, reason, TENANT)}
        assert sorted((line["method"], line["route"]) for line in lines) == sorted(
            (method, template) for method, template, _ in every
        )
        who = {line.get("actor") for line in lines}
        assert who == ({"stranger"} if code == "security.not-permitted" else {None})
        assert counted(code) == counted_before + len(every)
        whole_log = json.dumps(log, default=str) + caplog.text
        assert not [part for each, _, _ in tokens.values() for part in secrets_of(each) if part in whole_log]
        log.clear()
        asked += len(every)
    record_property(f"bad tokens, {name}", asked)
    assert await door.contents() == before


@pytest.mark.parametrize("name", PUBLISHERS)
async def test_what_is_no_tenant_is_refused_everywhere_whoever_asks(
    name: str, doors: Doors, log: Log, record_property: Callable[[str, int], None]
) -> None:
    door, before = doors.of[name], await doors.of[name].contents()
    headers = {"Authorization": f"Bearer {doors.token('forger', OFFICE)}", "Idempotency-Key": "k"}
    asked = 0
    for tenant in MALFORMED:
        every = addresses(door, tenant)
        answers = await asyncio.gather(
            *(
                door.client.request(method, address, headers=headers, params={"year": 2021}, json={})
                for method, _, address in every
            )
        )
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
            (400, "http.malformed-tenant")
        }
        assert [line["event"] for line in log] == ["security"] * len(every)
        for line in log:
            assert len(line["tenant"]) <= 200
            assert line["tenant"].isascii()
            assert line["tenant"].isprintable()
            assert "eyJ" not in json.dumps(line, default=str), "a token in the wrong place is not repeated"
        log.clear()
        asked += len(every)
    record_property(f"no tenants, {name}", asked)
    assert await door.contents() == before


async def test_a_slash_or_a_very_long_name_in_the_place_of_a_tenant_finds_nothing(
    doors: Doors, log: Log
) -> None:
    client, headers = doors.of["review"].client, doors.bearer("forger", OFFICE)
    for tenant in ("tianjin%2F..%2Fbeijing", "..%2F.."):
        answer = await client.get(f"/tenants/{tenant}/ledger", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "http.not-found")
    log.clear()
    await client.get(f"/tenants/{'A' * 5000}/ledger", headers=headers)
    assert [len(line["tenant"]) for line in log] == [80]


@pytest.mark.parametrize("header", [None, "Basic dTp1", "Bearer", "Bearer  "])
async def test_without_a_token_nobody_comes_in(doors: Doors, log: Log, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = await doors.of["review"].client.get(f"/tenants/{TENANT}/drafts", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert [line["event"] for line in log] == ["security"]


async def test_a_line_says_who_where_the_token_was_good(doors: Doors, log: Log) -> None:
    door = doors.of["scheduling"]
    headers = doors.bearer("law-clerk", OFFICE)
    answer = await door.client.post(
        f"/tenants/{TENANT}/tenant/self/register-tenant", headers=headers, json={}
    )
    assert answer.status_code == 403
    assert [{k: v for k, v in line.items() if k != "log_level"} for line in log] == [
        {
            "event": "security",
            "code": "security.not-permitted",
            "reason": None,
            "tenant": TENANT,
            "actor": "law-clerk",
            "method": "POST",
            "route": "/tenants/{tenant}/tenant/{id}/register-tenant",
        }
    ]
    assert ISSUER not in json.dumps(log)
