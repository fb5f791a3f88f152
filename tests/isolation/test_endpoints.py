"""Through every route of every service: whoever asks as one tenant gets nothing of another's, whatever is asked for."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr

from shared.contracts import PUBLISHERS
from shared.runtime import service as runtime
from shared.runtime.settings import Settings
from shared.security.permissions import ROLES
from shared.security.tokens import Caller, GrantHeld, TokenVerifier
from tests.isolation.conftest import WRITTEN, Database, mark

A, B = "zhejiang.jiaxing", "shanghai.jinshan1"
"""A has no rows, in no class and at no tier: whatever it is answered is somebody else's."""
OPERATORS = {"/clock", "/parked", "/parked/retry", "/parked/drop", "/livez", "/readyz", "/metrics"}
"""Of a service and not of a tenant."""

pytestmark = pytest.mark.parametrize("service", PUBLISHERS)


@pytest.fixture(scope="module")
async def apps(
    databases: dict[str, Database], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, FastAPI]]:
    """Each service's real application on its real database; a token says in clear words who asks."""
    made: list[runtime.Running] = []

    class Running(runtime.Running):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self.store.closed_because = None  # nothing is started: commands are decided all the same
            made.append(self)

    async def says_who(self: TokenVerifier, token: str) -> Caller:
        return Caller("u1", "示例·甲", tuple(GrantHeld(**one) for one in json.loads(bytes.fromhex(token))))

    folder = tmp_path_factory.mktemp("roots")
    key = folder / "seal.key"
    private = Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "Running", Running)
        patch.setattr(TokenVerifier, "verify", says_who)
        yield {
            service: await _application(one, key)
            for service, one in databases.items()
            if service in PUBLISHERS
        }
    for running in made:
        await running.store.close()


async def _application(database: Database, key: Path) -> FastAPI:
    await database.ask("insert into business_day (today) values ('2021-06-01') on conflict do nothing")
    servers, service = database.servers, database.service
    settings = Settings(
        service=service,
        database_url=SecretStr(servers.database_url(service, "app", database.name)),
        relay_database_url=SecretStr(servers.database_url(service, "relay", database.name)),
        nats_url=SecretStr(servers.nats_url),
        issuer="http://issuer.example",
        jwks_url="http://issuer.example/jwks.json",
        seal_key=key,
        roots=key.parent,
        mode="development",
        clock="simulated",
        simulated_start=date(2021, 6, 1),
    )
    module = importlib.import_module(f"services.{service}.main")
    return runtime.application(getattr(module, service.upper()), settings)


@pytest.fixture
def app(service: str, apps: dict[str, FastAPI]) -> FastAPI:
    return apps[service]


def client(app: FastAPI, *grants: dict[str, Any]) -> httpx.AsyncClient:
    token = json.dumps(grants).encode().hex()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1", "If-Match": '"1"'}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://a", headers=headers)


def tenant_routes(app: FastAPI) -> list[APIRoute]:
    found: list[APIRoute] = []

    def walk(routes: Any) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.append(route)
            elif hasattr(route, "original_router"):
                walk(route.original_router.routes)

    walk(app.routes)
    return [route for route in found if route.path not in OPERATORS]


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


KEY = mark(B)
ASKED_BESIDES: tuple[dict[str, str], ...] = (
    {},
    {"year": "2021"},
    {"year": "2021", "of": "heads"},
    {"year": "2021", "after": B},
    {"year": "2021", "of": "heads", "after": f"{B}/u/{KEY}"},
    {"after": "0", "stream": KEY},
    {"after": cursor(KEY)},
    {"after": cursor(1, KEY)},
    {"after": cursor("2021-06-01", 1, KEY)},
    {"after": cursor(KEY, KEY)},
    {"unit": KEY},
    {"session": KEY},
    {"tenant": B},
    {"tenant": B, "scope": B},
    {"as_of": "2021-12-31"},
    {"on": "2021-12-31"},
    {"limit": "200"},
)


async def test_every_route_but_the_operators_names_its_tenant(app: FastAPI, service: str) -> None:
    routes = tenant_routes(app)
    assert len(routes) > 5
    assert all(route.path.startswith("/tenants/{tenant}/") for route in routes)


async def test_an_operator_sees_of_no_other_tenant_how_far_it_has_come(app: FastAPI, service: str) -> None:
    for tenant in (A, B):
        async with client(app, {"tenant": tenant, "role": "operator"}) as asking:
            answer = await asking.get("/clock")
        assert answer.status_code == 200
        assert (B in answer.json()["published"]) is (tenant == B)
        assert all((B in known) is (tenant == B) for known in answer.json()["applied"].values())
        assert "shanghai.jinshan" not in answer.json()["published"]


@pytest.mark.parametrize("subtree", [False, True])
async def test_on_another_tenant_s_path_nobody_is_anybody(app: FastAPI, service: str, subtree: bool) -> None:
    grants = [{"tenant": A, "role": role, "unit": KEY, "subtree": subtree} for role in sorted(ROLES)]
    asked = 0
    async with client(app, *grants) as asking:
        for route in tenant_routes(app):
            path = route.path.format(tenant=B, id="2021-1", stream=quote(KEY), ref=quote(KEY))
            for method in sorted(route.methods or ()):
                answer = await asking.request(method, path, json={} if method == "POST" else None)
                assert answer.status_code == 403, (method, path, answer.text)
                assert WRITTEN not in answer.text
                asked += 1
    assert asked > 5


@pytest.mark.parametrize("role", [*sorted(ROLES), "all of them"])
async def test_on_its_own_path_nobody_gets_another_s_row_by_its_key(
    app: FastAPI, service: str, role: str
) -> None:
    found, roles = [], sorted(ROLES) if role == "all of them" else [role]
    grants = [{"tenant": A, "role": one, "unit": KEY, "subtree": True} for one in roles]
    async with client(app, *grants) as asking:
        for route in tenant_routes(app):
            path = route.path.format(tenant=A, id=quote(KEY), stream=quote(KEY), ref=quote(KEY))
            for method in sorted(route.methods or ()):
                for besides in ASKED_BESIDES if role == "all of them" and method == "GET" else ({},):
                    body = {"unit": KEY, "session": KEY} if method == "POST" else None
                    answer = await asking.request(method, path, params=besides, json=body)
                    assert answer.status_code < 500, (path, besides, answer.text)
                    assert WRITTEN not in answer.text, (path, besides)
                    if answer.status_code == 200:
                        found.append((path, besides, rows(answer.json())))
    assert all(not mine for _, _, mine in found), [one for one in found if one[2]]
    assert found or role in ("service", "inspector")  # no token makes an inspector


def rows(answer: Any) -> list[Any]:
    """What lists an answer holds, whatever they are called; a policy's values are the defaults."""
    if not isinstance(answer, dict) or "values" in answer:
        return []
    return [row for value in answer.values() if isinstance(value, list) for row in value]


async def test_what_the_key_s_own_tenant_asks_is_answered(app: FastAPI, service: str, databases: Any) -> None:
    """The same questions, so that the silence above means something."""
    grants = [{"tenant": B, "role": role, "unit": KEY} for role in sorted(ROLES)]
    async with client(app, *grants) as asking:
        answer = await asking.get(f"/tenants/{B}/texts/{quote(KEY)}")
    assert WRITTEN in answer.json()["body"]
