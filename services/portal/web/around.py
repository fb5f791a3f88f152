"""Around every answer of the portal: the headers it carries, and a page where something broke."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Fault = Callable[[Request, Exception], Awaitable[Response]]


class Around:
    """ASGI, so that a stream of news passes through as it is: no task, no queue and no copy for each page that is open.

    ``fault`` makes the answer to an exception; where an answer has begun already the exception goes on.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str], fault: Fault) -> None:
        self._app = app
        self._headers = dict(headers)
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception as error:
            if begun:
                raise
            answer = await self._fault(Request(scope, receive), error)
            await answer(scope, receive, with_headers)
