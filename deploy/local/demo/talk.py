"""HTTP in a user's name: patient with a service that is being started again, never with a refusal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from deploy.local.home import LocalError
from deploy.local.waiting import Pause, until

UNAVAILABLE = frozenset({502, 503, 504})
PAGE = 200


class Addresses(Protocol):
    """What the demo needs of a running home."""

    def service_url(self, service: str) -> str: ...

    def token(self, user: str) -> str: ...


@dataclass(frozen=True)
class Answer:
    """A response: ``version`` is its ETag's, where it has one."""

    status: int
    body: dict[str, Any]
    version: int | None

    @property
    def ok(self) -> bool:
        return self.status == 200


@dataclass
class Talk:
    """Requests to the services of one home. A request is repeated, with the same Idempotency-Key, until somebody
    answers it or ``patience`` seconds have passed: then LocalError says who kept silent."""

    addresses: Addresses
    patience: float = 90.0
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20.0, trust_env=False))
    _tokens: dict[str, str] = field(default_factory=dict)

    def get(self, user: str, service: str, path: str, params: Mapping[str, str] | None = None) -> Answer:
        return self._ask(user, service, "GET", path, params=params)

    def post(
        self,
        user: str,
        service: str,
        path: str,
        body: dict[str, Any],
        *,
        key: str | None = None,
        seen: int | None = None,
    ) -> Answer:
        """``key`` is the Idempotency-Key, ``seen`` the version for If-Match."""
        headers = ({"Idempotency-Key": key} if key else {}) | (
            {"If-Match": f'"{seen}"'} if seen is not None else {}
        )
        return self._ask(user, service, "POST", path, json=body, headers=headers)

    def pages(self, user: str, service: str, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Every item of a list. Raises LocalError when it may not be read."""
        after: dict[str, str] = {}
        while True:
            answer = self.get(user, service, path, {"limit": str(PAGE), **params, **after})
            if not answer.ok:
                raise LocalError(f"{user} may not read {service}{path}: {answer.body.get('detail')}")
            yield from answer.body["items"]
            if answer.body["next"] is None:
                return
            after = {"after": answer.body["next"]}

    def close(self) -> None:
        self._client.close()

    def _ask(self, user: str, service: str, method: str, path: str, **more: Any) -> Answer:
        url = f"{self.addresses.service_url(service)}{path}"
        headers = more.pop("headers", {})

        def answered() -> httpx.Response | None:
            try:
                token = self._token(user)
                response = self._client.request(
                    method, url, headers={"Authorization": f"Bearer {token}", **headers}, **more
                )
            except (httpx.TransportError, LocalError):
                return None
            return None if response.status_code in UNAVAILABLE else response

        response = until(
            lambda: _found(answered()),
            within=self.patience,
            what=f"{service} did not answer {method} {path}",
            pause=backing_off(),
        )[0]
        etag = response.headers.get("etag", "").strip('"')
        return Answer(response.status_code, response.json(), int(etag) if etag.isdigit() else None)

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self.addresses.token(user)
        return self._tokens[user]


def _found(response: httpx.Response | None) -> list[httpx.Response]:
    # A response with an error status is false by itself.
    return [response] if response is not None else []


def backing_off(first: float = 0.05, longest: float = 1.0) -> Pause:
    """A pause that doubles each time."""
    seconds = first

    def pause(_: float) -> None:
        nonlocal seconds
        time.sleep(seconds)
        seconds = min(2 * seconds, longest)

    return pause
