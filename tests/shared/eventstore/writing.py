"""What the tests of the store do again and again: write a note, read a table."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from shared.eventstore import Answer, EventStore, Key
from tests.shared.conftest import TENANT, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write


def key(value: str, asked: bytes = b"asked") -> Key:
    """An idempotency key and the hash of what was asked with it."""
    return Key(value, asked)


async def write(store: EventStore, id: str, note: int, *, tenant: str = TENANT, **more: Any) -> Answer:
    """A note into a notebook, by Alice."""
    return await store.execute(NOTEBOOK, id, Write(f"text {note}", note), context(tenant), **more)


async def rows(store: EventStore, query: sa.Executable, tenant: str = TENANT) -> list[sa.Row[Any]]:
    """What one tenant sees."""
    async with store.reading(tenant) as connection:
        return list((await connection.execute(query)).all())
