"""The owners of what is shown: reads and commands over HTTP with the user's own token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.portal.web.event_words import SERVICES
from shared.decider import Refused
from shared.security.trust import trusted

SECONDS = 5.0


class OwnerRefused(Refused):
    """An owner said no. ``problem`` is its RFC 9457 answer as it came; the code and the data are the owner's."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem["code"]), **problem.get("data", {}))
        self.problem = dict(problem)
        self.status = int(problem["status"])
        self.detail_zh = str(problem["detail_zh"])
        self.detail = str(problem["detail"])


class OwnerUnreachable(Refused):
    """503: a service does not answer, or not in words we know."""

    def __init__(self, service: str) -> None:
        super().__init__("portal.owner-unreachable", service=service, name=SERVICES[service])


@dataclass(frozen=True)
class Done:
    """What a command did: the owner's CommandAnswer."""

    service: str
    tenant: str
    sequence: int
    stream: str
    version: int
    events: tuple[str, ...]
    published: int | None


class Owners:
    """The four services that own what is shown."""

    def __init__(self, addresses: Mapping[str, str], client: httpx.AsyncClient | None = None) -> None:
        self.addresses = dict(addresses)
        self._client = client or httpx.AsyncClient(
            verify=trusted(),
            timeout=SECONDS,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=20),
        )

    async def get(self, token: str, service: str, path: str, **query: Any) -> Any:
        """The JSON that ``GET /tenants/…`` answers; ``path`` begins after ``/tenants/``. Raises OwnerRefused and
        OwnerUnreachable."""
        asked = {name: value for name, value in query.items() if value is not None}
        return (await self._ask("GET", token, service, f"/tenants/{path}", params=asked)).json()

    async def all(self, token: str, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list, page after page. For lists that a year bounds."""
        items: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = await self.get(token, service, path, **query, limit=200, after=after)
            items += page["items"]
            after = page["next"]
            if after is None:
                return items

    async def command(
        self,
        token: str,
        service: str,
        path: str,
        body: Mapping[str, Any],
        *,
        key: str,
        seen_version: int | None = None,
        correlation: str | None = None,
    ) -> Done:
        """``POST /tenants/<tenant>/<kind>/<id>/<command>``; ``path`` begins after ``/tenants/``. Raises the same."""
        headers = {"Idempotency-Key": key}
        if seen_version is not None:
            headers["If-Match"] = f'"{seen_version}"'
        if correlation is not None:
            headers["X-Correlation-Id"] = correlation
        answer = (
            await self._ask("POST", token, service, f"/tenants/{path}", json=dict(body), headers=headers)
        ).json()
        return Done(
            service=answer["service"],
            tenant=answer["tenant"],
            sequence=answer["sequence"],
            stream=answer["stream"],
            version=answer["version"],
            events=tuple(answer["events"]),
            published=answer["published"],
        )

    async def operate(self, token: str, service: str, path: str, **body: Any) -> Any:
        """What a service answers an operator; with a body a POST. Raises OwnerRefused and OwnerUnreachable."""
        method, sent = ("POST", {"json": body}) if body else ("GET", {})
        return (await self._ask(method, token, service, path, **sent)).json()

    async def ready(self, service: str) -> dict[str, Any] | None:
        """What a service needs and whether it has it, each by name; None where it does not answer."""
        try:
            answer = await self._client.get(f"{self.addresses[service]}/readyz")
            checks: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            return None
        return checks

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _ask(
        self, method: str, token: str, service: str, path: str, headers: Mapping[str, str] = {}, **sent: Any
    ) -> httpx.Response:
        try:
            answer = await self._client.request(
                method,
                self.addresses[service] + path,
                headers={"Authorization": f"Bearer {token}", **headers},
                **sent,
            )
        except httpx.HTTPError:
            raise OwnerUnreachable(service) from None
        if answer.is_success:
            return answer
        if answer.headers.get("content-type", "").startswith("application/problem+json"):
            raise OwnerRefused(answer.json())
        raise OwnerUnreachable(service)
