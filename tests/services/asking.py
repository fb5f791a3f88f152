"""A service's HTTP as it runs, and an issuer whose tokens it believes."""

from __future__ import annotations

import importlib
import json
import time
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from jwt.algorithms import OKPAlgorithm

from shared.eventstore import EventStore
from shared.runtime import messages, problems
from shared.runtime.gate import Gate
from shared.runtime.http import command_routes, read_routes
from shared.runtime.ledger import ledger_routes
from shared.security import TokenVerifier

ISSUER, AUDIENCE = "https://issuer.example", "shufa"


class Asking:
    """Every route of a service over a store; ``by`` makes the headers of somebody with these grants."""

    def __init__(self, store: EventStore) -> None:
        service = importlib.import_module(f"services.{store.service}.application")
        self.key = Ed25519PrivateKey.generate()
        jwk = json.loads(OKPAlgorithm.to_jwk(self.key.public_key())) | {"kid": "one", "alg": "EdDSA"}
        keys = httpx.MockTransport(lambda request: httpx.Response(200, json={"keys": [jwk]}))
        verifier = TokenVerifier(
            ISSUER, AUDIENCE, f"{ISSUER}/jwks.json", client=httpx.AsyncClient(transport=keys)
        )
        app, gate = FastAPI(), Gate(verifier, store)
        problems.install(app, messages.load([f"services.{store.service}"]))
        app.include_router(command_routes(store, gate, service.COMMANDS))
        app.include_router(read_routes(store, gate, service.VIEWS, service.AGGREGATES))
        app.include_router(ledger_routes(store, gate))
        app.include_router(importlib.import_module(f"services.{store.service}.api").routes(store, gate))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test")

    def by(self, *grants: dict[str, Any]) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "name": "某", "iat": now, "exp": now + 600}
        token = jwt.encode(claims | {"grants": list(grants)}, self.key, "EdDSA", headers={"kid": "one"})
        return {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, who: dict[str, str], **asked: str) -> httpx.Response:
        return await self.client.get(f"/tenants/{path}", params=asked, headers=who)

    async def items(self, path: str, who: dict[str, str], **asked: str) -> list[dict[str, Any]]:
        """Every item of a list, page after page."""
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.get(path, who, **asked)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            if page["next"] is None:
                return found
            asked |= {"after": page["next"]}
