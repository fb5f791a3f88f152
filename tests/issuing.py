"""An issuer on this machine whose keys a service fetches over HTTP, and a clock that is moved by hand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.example", "shufa"
JINSHAN = "shanghai.jinshan"


@dataclass
class Issuer:
    """An issuer on this machine: signs tokens, publishes its keys over HTTP, counts how often it is asked."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    published: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    answers: bool = True

    def new_key(self, kid: str, key: Any = None) -> None:
        key = key or Ed25519PrivateKey.generate()
        match key:
            case rsa.RSAPrivateKey():
                jwk, alg = RSAAlgorithm.to_jwk(key.public_key()), "RS256"
            case ec.EllipticCurvePrivateKey():
                jwk, alg = ECAlgorithm.to_jwk(key.public_key()), "ES256"
            case _:
                jwk, alg = OKPAlgorithm.to_jwk(key.public_key()), "EdDSA"
        self.keys[kid] = key
        self.published.append(json.loads(jwk) | {"kid": kid, "alg": alg, "use": "sig"})

    def token(self, kid: str = "one", alg: str = "EdDSA", key: Any = None, **changed: Any) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "u-liaison",
            "name": "联络员",
            "iat": now,
            "exp": now + 600,
            "grants": [{"tenant": JINSHAN, "role": "liaison", "unit": "langxia"}],
        } | changed
        claims = {name: value for name, value in claims.items() if value is not ...}
        return jwt.encode(claims, key or self.keys[kid], algorithm=alg, headers={"kid": kid})


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer with one key, for the length of the block."""
    issuer = Issuer()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            body = json.dumps({"keys": issuer.published}).encode() if issuer.answers else b"<html>"
            self.send_response(200 if issuer.answers else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    issuer.new_key("one")
    yield issuer
    server.shutdown()
    server.server_close()
    thread.join()


class Hands:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
