"""A service's own token: fetched once, renewed in time, and kept while the issuer is away."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.security.account import Account, TokenNotIssued
from tests.issuing import Hands

URL = "https://issuer.example/oauth/token"


@dataclass
class TokenEndpoint:
    """What an issuer answers, and what it was asked."""

    lifetime: float = 600
    status: int = 200
    body: Any = None
    down: bool = False
    asked: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(0)  # others may ask meanwhile
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        token = {
            "access_token": f"token-{len(self.asked)}",
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }
        return httpx.Response(self.status, json=self.body or token)


@pytest.fixture
def issuer() -> TokenEndpoint:
    return TokenEndpoint()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def account(issuer: TokenEndpoint, hands: Hands) -> AsyncIterator[Account]:
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuer))
    one = Account(URL, "review", SecretStr("the secret"), client=client, monotonic=hands)
    yield one
    await one.close()


async def test_it_is_asked_for_by_client_credentials(account: Account, issuer: TokenEndpoint) -> None:
    assert await account.token() == "token-1"
    [request] = issuer.asked
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.content == b"grant_type=client_credentials"
    basic = base64.b64encode(b"review:the secret").decode()
    assert request.headers["Authorization"] == f"Basic {basic}"


async def test_it_is_fetched_once_however_many_need_it(account: Account, issuer: TokenEndpoint) -> None:
    assert set(await asyncio.gather(*(account.token() for _ in range(20)))) == {"token-1"}
    assert len(issuer.asked) == 1


async def test_it_is_renewed_before_it_expires(account: Account, issuer: TokenEndpoint, hands: Hands) -> None:
    await account.token()
    hands.now += 479
    assert await account.token() == "token-1"
    hands.now += 2
    assert await account.token() == "token-2"
    assert len(issuer.asked) == 2


async def test_while_the_issuer_is_away_the_one_at_hand_goes_on_until_it_expires(
    account: Account, issuer: TokenEndpoint, hands: Hands
) -> None:
    await account.token()
    issuer.down = True
    hands.now += 500
    for _ in range(10):
        assert await account.token() == "token-1"
    assert len(issuer.asked) == 2, "it is not asked with every call"
    hands.now += 101
    with pytest.raises(TokenNotIssued) as refused:
        await account.token()
    assert refused.value.data == {"reason": "unreachable"}
    issuer.down = False
    assert await account.token() == f"token-{len(issuer.asked)}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 401, "body": {"error": "invalid_client"}}, "refused"),
        ({"status": 503}, "unreachable"),
        ({"body": {"access_token": "", "token_type": "Bearer", "expires_in": 9}}, "form"),
        ({"body": {"access_token": "a", "token_type": "mac", "expires_in": 9}}, "form"),
        ({"body": {"access_token": "a", "token_type": "Bearer", "expires_in": 0}}, "form"),
        ({"body": [1]}, "form"),
    ],
)
async def test_what_is_no_token_is_none(
    account: Account, issuer: TokenEndpoint, answer: dict[str, Any], reason: str
) -> None:
    for name, value in answer.items():
        setattr(issuer, name, value)
    with pytest.raises(TokenNotIssued) as refused:
        await account.token()
    assert refused.value.data == {"reason": reason}
    assert "secret" not in f"{refused.value!r} {account!r} {vars(account)}".replace("client_secret", "")
