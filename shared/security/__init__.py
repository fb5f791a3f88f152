"""Who calls (bearer tokens) and who may (one table of roles); to a rule a person is an Actor."""

from shared.security.permissions import may, may_operate, may_read, only_unit, unit_of
from shared.security.tokens import (
    Caller,
    GrantHeld,
    KeysUnavailable,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TokenVerifier,
    bearer,
)

__all__ = [
    "Caller",
    "GrantHeld",
    "KeysUnavailable",
    "TokenExpired",
    "TokenInvalid",
    "TokenMissing",
    "TokenVerifier",
    "bearer",
    "may",
    "may_operate",
    "may_read",
    "only_unit",
    "unit_of",
]
