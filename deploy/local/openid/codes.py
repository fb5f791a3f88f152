"""Authorization codes: what was agreed with whom, kept in memory until it is taken once or its minute is over."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.openid.signing import base64url
from deploy.local.openid.users import User

CODE_SECONDS = 60
MOST_CODES = 1_000

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""The SHA-256 of a verifier in base64url: RFC 7636, 4.2."""
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Authorized:
    """A person's word to a client: what the code stands for."""

    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    nonce: str | None
    user: User
    auth_time: int

    def proven_by(self, verifier: str) -> bool:
        """Does who takes the code hold what the one who asked for it had hashed? (RFC 7636, 4.6, S256)"""
        if not _VERIFIER.fullmatch(verifier):
            return False
        digest = base64url(hashlib.sha256(verifier.encode()).digest())
        return hmac.compare_digest(digest, self.challenge)


class Codes:
    """The codes that are out. The oldest is dropped when there are too many, so that asking cannot fill the memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._out: OrderedDict[str, tuple[float, Authorized]] = OrderedDict()

    def give(self, authorized: Authorized) -> str:
        """A code for it."""
        while len(self._out) >= MOST_CODES:
            self._out.popitem(last=False)
        code = secrets.token_urlsafe(32)
        self._out[code] = (self._clock() + CODE_SECONDS, authorized)
        return code

    def take(self, code: str) -> Authorized | None:
        """What a code stands for, once: a second time, or when its minute is over, None. A code that is tried with
        a wrong proof is gone as well: whoever tries has it from somewhere else."""
        until, authorized = self._out.pop(code, (0.0, None))
        return authorized if self._clock() < until else None
