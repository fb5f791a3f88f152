"""Requests to a service in a user's name, patient with one that is being started again and repeated by the same key."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deploy.local.home import LocalError

if TYPE_CHECKING:
    import httpx

AT_ONCE = 8
"""Requests under way at the same time: a service has three connections that decide."""
ATTEMPTS = 5
FIRST_PAUSE = 0.2
"""Seconds, doubled with each attempt."""


def client_of(service: str, token: str, timeout: float = 60.0) -> httpx.AsyncClient:
    """A client that speaks in the name of whom the token is of."""
    import httpx

    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=service, headers=headers, timeout=timeout, trust_env=False)


async def post(
    client: httpx.AsyncClient,
    path: str,
    content: bytes,
    kind: str = "application/json",
    params: Mapping[str, str] | None = None,
    run: str = "",
) -> httpx.Response:
    """A command whose key follows from what is asked: asked again it is answered again and writes nothing. ``run``
    makes it another key for each run, where the same may have to be done again.

    Raises LocalError where nobody may or nobody answers; any other answer is the caller's to read.
    """
    import httpx

    key = hashlib.sha256(f"{run}{path}\n".encode() + content).hexdigest()
    headers = {"Idempotency-Key": key, "Content-Type": kind}
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)
        try:
            answer = await client.post(path, content=content, headers=headers, params=params)
        except httpx.TransportError as error:
            problem = str(error) or type(error).__name__
            continue
        if answer.status_code in (401, 403):
            raise LocalError(f"{reason_of(answer)} ({path})")
        if answer.status_code < 500:
            return answer
        problem = reason_of(answer)
    raise LocalError(f"{client.base_url}{path.lstrip('/')} does not answer: {problem}.")


def reason_of(answer: httpx.Response) -> str:
    """A refusal's own words."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """The data of a refusal, empty where it has none."""
    try:
        data = answer.json()["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}
