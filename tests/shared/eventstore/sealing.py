"""Ledgers with signed roots, and all that their database's owner can do to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.servers import Servers
from shared.eventstore.keys import SealKey
from shared.eventstore.roots import Root
from shared.eventstore.seals import Sealer, verify_roots
from shared.eventstore.verify import verify_service
from tests.shared.conftest import SERVICE, Place, context, new_place
from tests.shared.eventstore.notebook import NOTEBOOK, Write

A, B = "shanghai.a", "shanghai.b"
OF_A_LEDGER = ("events", "heads", "texts", "outbox", "notebooks", "notes", "deadlines")
OF_A_SERVICE = ("roots", *OF_A_LEDGER)
KEY, ANOTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


@dataclass
class Sealed:
    """Ledgers, their roots, and their database's owner, past whom triggers and row security do not stand."""

    place: Place
    owner: AsyncEngine
    folder: Path
    written: int = 0

    @property
    def sealer(self) -> Sealer:
        """As the service has it after a start."""
        return self.sealer_with(KEY)

    def sealer_with(self, key: Ed25519PrivateKey, first: Ed25519PrivateKey = KEY) -> Sealer:
        """With another key in its file, and the first public key below it."""
        return Sealer(self.place.store, lambda: SealKey(key, first.public_key()), self.folder)

    async def write(self, tenant: str, notes: int) -> None:
        for _ in range(notes):
            self.written += 1
            await self.place.store.execute(NOTEBOOK, "a", Write("text", self.written), context(tenant))

    async def seal(self) -> Root | None:
        return await self.sealer.seal()

    async def does(self, *statements: str) -> None:
        async with self.owner.begin() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)

    async def complaints(self) -> list[str]:
        """All that is wrong, as an operator is told."""
        found = await verify_roots(self.place.relay_url, SERVICE, KEY.public_key(), self.folder)
        urls = self.place.app_url, self.place.relay_url
        ledgers = verify_service(*urls, SERVICE, seal_of=found.seal_of, sealed=[*found.chain.seals])
        return [*found.problems, *[f"{one.tenant} {one.problem}" async for one in ledgers if one.problem]]


@pytest.fixture(scope="module")
async def stage(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Sealed]:
    async with new_place(servers, new_database) as place:
        one = Sealed(place, create_async_engine(place.owner_url), Path())
        await one.does("alter table events disable trigger all", "alter table roots disable trigger all")
        await one.does(*(f"alter table {table} no force row level security" for table in OF_A_SERVICE))
        yield one
        await one.owner.dispose()


@pytest.fixture
async def sealed(stage: Sealed, tmp_path: Path) -> Sealed:
    """Two ledgers; root 1 sealed both until #2, root 2 one of them until #4, where they stand now."""
    one = Sealed(stage.place, stage.owner, tmp_path / "roots")
    await one.does(f"truncate {', '.join(OF_A_SERVICE)}")
    for tenant in (A, B):
        await one.write(tenant, 2)
    await one.seal()
    await one.write(A, 2)
    await one.seal()
    return one
