"""The parameters of a request, each at most once and none of a size that would fill the memory."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from fastapi import Request

LONGEST = 1_000
"""Characters of one parameter: a code, a verifier and an address have far fewer."""
LONGEST_BODY = 16_000
MOST = 50


class WrongParameters(Exception):
    """The request as a whole is not well-formed: ``reason`` in English, without anything that was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def form(request: Request) -> dict[str, str]:
    """The parameters of a body (application/x-www-form-urlencoded). Raises WrongParameters."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise WrongParameters("The body is too long.")
    return _once(_parsed(body.decode("ascii", "replace")))


def query(request: Request) -> dict[str, str]:
    """The parameters of an address. Raises WrongParameters."""
    return _once(_parsed(request.url.query))


def _parsed(text: str) -> list[tuple[str, str]]:
    try:
        # A parameter without a value counts as left out: RFC 6749, 3.1 and 3.2.
        return parse_qsl(text, max_num_fields=MOST)
    except ValueError:
        raise WrongParameters("There are too many parameters.") from None


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise WrongParameters("A parameter is given more than once.")
        if len(value) > LONGEST:
            raise WrongParameters("A parameter is too long.")
        found[name] = value
    return found
