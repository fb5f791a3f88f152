"""SQLAlchemy Core with asyncpg and nothing else: one event row a transaction, as one would write it by hand."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks import errand

_METADATA = sa.MetaData()
EVENTS = sa.Table(
    "plain_events",
    _METADATA,
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("sequence", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("stream", sa.Text(collation="C"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("tenant", "stream", "version"),
)


async def create(engine: AsyncEngine) -> None:
    """The table: the ledger's columns and its two indexes."""
    async with engine.begin() as connection:
        await connection.run_sync(_METADATA.create_all)


async def append(engine: AsyncEngine, tenants: list[str], seconds: float) -> int:
    """Errands for so long, a task for each tenant named; how many events that was."""
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_work(engine, tenant, until) for tenant in tenants)))


async def _work(engine: AsyncEngine, tenant: str, until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        stream = f"errand-{secrets.token_hex(8)}"
        for version in range(1, 2 + errand.NOTES):
            await _insert(engine, tenant, stream, version)
        done += 1 + errand.NOTES
    return done


async def _insert(engine: AsyncEngine, tenant: str, stream: str, version: int) -> None:
    now = datetime.now(UTC)
    today = now.date().isoformat()
    number = version - 1
    event: dict[str, str | int] = {
        "unit": errand.UNIT,
        "title": errand.TITLE,
        "office": errand.OFFICE,
        "on": today,
    }
    if number:
        event = {"number": number, "text": errand.TEXT, "office": errand.OFFICE, "on": today}
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    metadata = {"actor": {"id": "alice", "name": "Alice"}, "business_date": today, "correlation": stream}
    row = {
        "tenant": tenant,
        "stream": stream,
        "version": version,
        "name": "ProgressNoted" if number else "ErrandGiven",
        "schema_version": 1,
        "data": data,
        "metadata": json.dumps(metadata, separators=(",", ":")),
        "recorded_at": now,
        "hash": hashlib.sha256(data.encode()).digest(),
    }
    async with engine.begin() as connection:
        await connection.execute(sa.insert(EVENTS), row)
