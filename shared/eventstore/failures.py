"""What the kernel itself refuses, and how a database error is told apart: try again, wait, or give up."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError

from shared.decider import Refused

RACES = {"one_event_per_stream_version", "one_command_per_key"}
UNIQUE_VIOLATION, DEADLOCK, SERIALIZATION = "23505", "40P01", "40001"


class KeyReused(Refused):
    """The idempotency key was used before, with another body."""

    def __init__(self, key: str) -> None:
        super().__init__("kernel.idempotency-key-reused", key=key)


class Changed(Refused):
    """The caller saw an older version of the stream; ``since`` names what happened after it."""

    def __init__(self, seen: int, now: int, since: list[str]) -> None:
        super().__init__("kernel.changed-since", seen=seen, now=now, since=since)


class TenantUnknown(Refused):
    """No such tenant is registered."""

    def __init__(self, tenant: str) -> None:
        super().__init__("kernel.tenant-unknown", tenant=tenant)


def is_race(error: BaseException) -> bool:
    """Somebody else wrote first, or a deadlock was broken: the whole transaction may run again."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state == UNIQUE_VIOLATION:
        cause = getattr(error.orig, "__cause__", None)
        return getattr(cause, "constraint_name", None) in RACES
    return state in (DEADLOCK, SERIALIZATION)


def is_unavailable(error: BaseException) -> bool:
    """The database cannot be reached now: nothing is wrong with the work itself."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        # 08: connection, 53: out of resources, 57P: the server is stopping or starting
        return (
            error.connection_invalidated
            or isinstance(error, InterfaceError)
            or state.startswith(("08", "53", "57P"))
        )
    return isinstance(error, OSError | TimeoutError)
