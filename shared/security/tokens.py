"""Bearer tokens: a signed JWT in, a Caller with its grants out; anything doubtful is refused."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.decider import Actor, Refused
from shared.security.trust import trusted
from shared.tenancy import is_tenant, is_within

ASYMMETRIC = ("EdDSA", "ES256", "RS256")
"""What an issuer may sign with. A shared secret (HS256) would let every service sign tokens."""

LONGEST_TOKEN = 16_384

VERIFIED_SECONDS = 2.0
"""How long a token that was good is believed without its signature being checked again: a page asks several services
several things with the same one."""
VERIFIED_AT_MOST = 1024

NOBODY = frozenset({"deadline", "reaction"})
"""What the ledger calls a date and an event that act by themselves: no person is called so."""


class TokenMissing(Refused):
    """401: no ``Authorization: Bearer`` header."""

    def __init__(self) -> None:
        super().__init__("security.token-missing")


class TokenExpired(Refused):
    """401: the token was good once."""

    def __init__(self) -> None:
        super().__init__("security.token-expired")


class TokenInvalid(Refused):
    """401: ``reason`` says which check failed, in stable words; nothing of the token is repeated."""

    def __init__(self, reason: str) -> None:
        super().__init__("security.token-invalid", reason=reason)


class KeysUnavailable(Refused):
    """503: the issuer's keys could not be fetched, so nobody can be told apart; try again."""

    def __init__(self) -> None:
        super().__init__("security.keys-unavailable")


@dataclass(frozen=True)
class GrantHeld:
    """One role in one tenant; ``unit`` is the unit the person works in, there. ``subtree``: the role is held in
    every tenant below as well, by somebody of this tier who enters their registry or looks after them."""

    tenant: str
    role: str
    unit: str | None = None
    subtree: bool = False

    def holds_in(self, tenant: str) -> bool:
        """Does the grant give its role in that tenant?"""
        return is_within(tenant, self.tenant) if self.subtree else tenant == self.tenant


@dataclass(frozen=True)
class Caller:
    """Who a token speaks for, and every grant it carries."""

    id: str
    name: str
    grants: tuple[GrantHeld, ...] = ()

    def actor_in(self, tenant: str) -> Actor:
        """The caller with the roles held in this tenant; without a grant that reaches it, an actor without roles.

        ``roles_from_above`` are those that only a grant of a tier above gives: the unit of such a grant is a unit
        up there and says nothing here, and the tenant's texts are not read with it (see permissions).

        A token's grants in one tenant name one unit at most (TokenInvalid otherwise, see ``TokenVerifier``):
        "nobody verifies their own item" asks for *the* unit of the actor, and two would dodge it.
        """
        here = [grant for grant in self.grants if grant.tenant == tenant]
        own = frozenset(grant.role for grant in here)
        roles = frozenset(grant.role for grant in self.grants if grant.holds_in(tenant))
        return Actor(
            id=self.id,
            name=self.name,
            roles=roles,
            unit=next((grant.unit for grant in here if grant.unit is not None), None),
            roles_from_above=roles - own,
        )


@dataclass(frozen=True)
class _Verified:
    """A token that was good, by its digest: until when that is believed, and when the token expires."""

    caller: Caller
    until: float
    expires: float


class _Grant(BaseModel):
    model_config = ConfigDict(strict=True)
    tenant: str
    role: str = Field(pattern=r"^[a-z]+(_[a-z]+)*$")
    unit: str | None = Field(default=None, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    subtree: bool = False


class _Claims(BaseModel):
    """The claims read after the signature, the issuer, the audience and the times were checked."""

    model_config = ConfigDict(strict=True)
    sub: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=200)
    grants: list[_Grant] = []


def bearer(authorization: str | None) -> str:
    """The token of an ``Authorization`` header; TokenMissing without one, TokenInvalid for another scheme."""
    if not authorization:
        raise TokenMissing()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenInvalid("scheme")
    return token.strip()


class TokenVerifier:
    """Checks tokens of one issuer against its published keys (JWKS, fetched when needed and kept).

    Keys are fetched at most once in ``refetch_seconds``, whatever tokens ask for: anybody can invent a ``kid``.
    Keys older than ``keys_last_seconds`` are fetched again, so that a key the issuer withdrew is forgotten; while
    the issuer cannot be reached the keys at hand go on, because its outage must not stop a session.

    ``grants_claim`` is the claim that holds the grants, where the issuer calls it otherwise; its value has the same
    form: ``[{tenant, role, unit?, subtree?}]``.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks_url: str,
        algorithms: Sequence[str] = ("EdDSA",),
        *,
        grants_claim: str = "grants",
        leeway_seconds: int = 30,
        refetch_seconds: float = 5.0,
        keys_last_seconds: float = 600.0,
        client: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not algorithms or not set(algorithms) <= set(ASYMMETRIC):
            raise ValueError(f"algorithms must be some of {ASYMMETRIC}, not {tuple(algorithms)}")
        self._issuer = issuer
        self._audience = audience
        self._jwks_url = jwks_url
        self._algorithms = list(algorithms)
        self._grants_claim = grants_claim
        self._leeway = leeway_seconds
        self._refetch_seconds = refetch_seconds
        self._keys_last_seconds = keys_last_seconds
        self._client = client or httpx.AsyncClient(verify=trusted(), timeout=3.0, follow_redirects=False)
        self._monotonic = monotonic
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Caller:
        """The caller a token speaks for. Raises TokenInvalid, TokenExpired or KeysUnavailable."""
        digest, now = hashlib.sha256(token.encode()).digest(), self._monotonic()
        known = self._verified.get(digest)
        if known is not None and now < known.until and time.time() < known.expires:
            return known.caller
        claims = await self.claims(token)
        caller = _caller(claims | {"grants": claims.get(self._grants_claim, [])})
        self._verified[digest] = _Verified(caller, now + VERIFIED_SECONDS, claims["exp"])
        self._verified.move_to_end(digest)
        while len(self._verified) > VERIFIED_AT_MOST:
            self._verified.popitem(last=False)
        return caller

    async def claims(self, token: str) -> dict[str, Any]:
        """What a token of the issuer for this audience says, its signature and times checked. Raises the same."""
        if len(token) > LONGEST_TOKEN:
            raise TokenInvalid("length")
        key = await self._key_for(token)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key=key,
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise TokenExpired() from None
        except jwt.PyJWTError as error:
            raise TokenInvalid(_check_that_failed(error)) from None
        return claims

    async def close(self) -> None:
        """Let go of the connection to the issuer."""
        await self._client.aclose()

    async def _key_for(self, token: str) -> jwt.PyJWK:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise TokenInvalid("form") from None
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in self._algorithms:
            raise TokenInvalid("algorithm")
        if not isinstance(kid, str):
            raise TokenInvalid("key")
        if kid not in self._keys or self._monotonic() - self._fetched_at > self._keys_last_seconds:
            await self._refetch(kid)
        key = self._keys.get(kid)
        if key is None:
            raise TokenInvalid("key") if self._keys else KeysUnavailable()
        if key.algorithm_name != algorithm:
            raise TokenInvalid("algorithm")
        return key

    async def _refetch(self, kid: str) -> None:
        """Fetch the keys once, however many requests want them; who has an old key at hand does not wait."""
        if kid in self._keys and self._fetching.locked():
            return
        async with self._fetching:
            now = self._monotonic()
            stale = now - self._fetched_at > self._keys_last_seconds
            if kid in self._keys and not stale:
                return
            if now - self._tried_at < self._refetch_seconds:
                return
            self._tried_at = now
            try:
                answer = await self._client.get(self._jwks_url)
                answer.raise_for_status()
                published = jwt.PyJWKSet.from_json(answer.text)
            except (httpx.HTTPError, ValueError, AttributeError, jwt.PyJWTError):
                return  # unreachable, or no key set: the same to a caller
            self._keys = {key.key_id: key for key in published.keys if key.key_id and _for_signatures(key)}
            self._fetched_at = now


def _for_signatures(key: jwt.PyJWK) -> bool:
    return key.public_key_use in (None, "sig") and key.algorithm_name in ASYMMETRIC


def _check_that_failed(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.InvalidSignatureError():
            return "signature"
        case jwt.InvalidIssuerError():
            return "issuer"
        case jwt.InvalidAudienceError():
            return "audience"
        case jwt.ImmatureSignatureError():
            return "not-yet-valid"
        case jwt.MissingRequiredClaimError():
            return "claims"
        case _:
            return "form"


def _caller(claims: dict[str, Any]) -> Caller:
    try:
        read = _Claims.model_validate(claims)
    except ValidationError:
        raise TokenInvalid("claims") from None
    if read.sub in NOBODY:
        raise TokenInvalid("subject")
    units: dict[str, set[str]] = {}
    for grant in read.grants:
        if not is_tenant(grant.tenant):
            raise TokenInvalid("tenant")
        if grant.unit is not None:
            units.setdefault(grant.tenant, set()).add(grant.unit)
    if any(len(named) > 1 for named in units.values()):
        raise TokenInvalid("units")
    return Caller(
        id=read.sub,
        name=read.name,
        grants=tuple(GrantHeld(grant.tenant, grant.role, grant.unit, grant.subtree) for grant in read.grants),
    )
