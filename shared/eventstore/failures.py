"""What the kernel itself refuses, and how a database error is told apart: try again, wait, or give up."""

from __future__ import annotations

from datetime import date

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.decider import Refused

LOST = (OSError, TimeoutError, PoolTimeout, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver and the pool say of a connection that is not there, or is there no more."""
RACES = {"one_event_per_stream_version", "one_command_per_key"}


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


class TenantClosed(Refused):
    """The tenant was closed: what it did can be read, nothing is done in it any more."""

    def __init__(self, tenant: str, closed_on: date) -> None:
        super().__init__("kernel.tenant-closed", tenant=tenant, closed_on=closed_on.isoformat())


def is_race(error: BaseException) -> bool:
    """Somebody else wrote first, or a deadlock was broken: the whole transaction may run again."""
    cause = _of_the_driver(error)
    if isinstance(cause, asyncpg.UniqueViolationError):
        return cause.constraint_name in RACES
    return isinstance(cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError)


def is_unavailable(error: BaseException) -> bool:
    """The database cannot be reached now: nothing is wrong with the work itself."""
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return True
    cause = _of_the_driver(error)
    if isinstance(cause, asyncpg.PostgresError):
        # 08: connection, 53: out of resources, 57P: the server is stopping or starting
        return str(cause.sqlstate).startswith(("08", "53", "57P"))
    return isinstance(cause, LOST) and not isinstance(cause, ValueError)  # a value that cannot be sent is one


def _of_the_driver(error: BaseException) -> BaseException:
    """What asyncpg said, whether or not SQLAlchemy stands in between."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return said.__cause__ or said if isinstance(said, AsyncAdapt_asyncpg_dbapi.Error) else said
