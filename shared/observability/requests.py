"""What is noted of each HTTP request: how long it took, and while traces are on a span."""

from __future__ import annotations

import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability import tracing
from shared.observability.metrics import HTTP_SECONDS

_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_NO_ROUTE = "(none)"


class Observed:
    """Around the whole application. A request is known by the template of its route, never by its path: that names
    tenants and cases, of which there is no end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        with tracing.span(method, "server", _header(scope, b"traceparent")) as span:
            try:
                await self.app(scope, receive, noting)
            finally:
                route = getattr(scope.get("route"), "path", _NO_ROUTE)
                seconds = time.perf_counter() - started
                HTTP_SECONDS.labels(method, route, f"{status // 100}xx").observe(seconds)
                if span is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.request.method", method)
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", status)


def _header(scope: Scope, name: bytes) -> str | None:
    headers: Any = scope["headers"]
    found = next((value for key, value in headers if key == name), None)
    return found.decode("latin-1") if found and tracing.is_on() else None
