"""A service's own token: fetched by client credentials (RFC 6749, 4.4) and renewed before it expires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from shared.decider import Refused
from shared.security.trust import trusted

RENEWED_AFTER = 0.8
"""The share of a token's life after which the next one is asked for."""
ASKED_AGAIN_SECONDS = 5.0
"""An issuer that does not answer is asked no more often while the token at hand is good."""


class TokenNotIssued(Refused):
    """503: the issuer gave no token and none at hand is good; ``reason`` says why, in stable words."""

    def __init__(self, reason: str) -> None:
        super().__init__("security.token-not-issued", reason=reason)


class _Answer(BaseModel):
    access_token: Annotated[str, Field(min_length=1)]
    token_type: Literal["Bearer", "bearer"]
    expires_in: Annotated[float, Field(gt=0)]


class Account:
    """The account of a service at its issuer. Neither the secret nor a token is ever in a text of it."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        client: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_url = token_url
        self._credentials = httpx.BasicAuth(client_id, client_secret.get_secret_value())
        self._client = client or httpx.AsyncClient(verify=trusted(), timeout=3.0, follow_redirects=False)
        self._monotonic = monotonic
        self._token = ""
        self._renew_at = self._expires_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good now. Raises TokenNotIssued."""
        if self._monotonic() >= self._renew_at:
            async with self._fetching:
                if self._monotonic() >= self._renew_at:
                    await self._fetch()
        return self._token

    async def close(self) -> None:
        """Let go of the connection to the issuer."""
        await self._client.aclose()

    async def _fetch(self) -> None:
        asked_at = self._monotonic()
        try:
            answer = await self._client.post(
                self._token_url, data={"grant_type": "client_credentials"}, auth=self._credentials
            )
            answer.raise_for_status()
            issued = _Answer.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            if asked_at >= self._expires_at:
                raise TokenNotIssued(_why(error)) from None
            self._renew_at = min(asked_at + ASKED_AGAIN_SECONDS, self._expires_at)
            return
        self._token = issued.access_token
        self._renew_at = asked_at + RENEWED_AFTER * issued.expires_in
        self._expires_at = asked_at + issued.expires_in


def _why(error: Exception) -> str:
    match error:
        case httpx.HTTPStatusError(response=response) if response.status_code in (400, 401, 403):
            return "refused"
        case ValidationError():
            return "form"
        case _:
            return "unreachable"
