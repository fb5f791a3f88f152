"""A tenant for each test, in one database: a ledger is by itself, and a database takes a while to make."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from deploy.local.servers import Servers
from tests.shared.conftest import Place, new_place
from tests.shared.eventstore.sealing import sealed, stage  # noqa: F401  # for every test here
from tests.shared.eventstore.writing import Tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def shared_place(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Place]:
    """For tests that change nothing but their tenant's rows; its day stays 2021-06-01."""
    async with new_place(servers, new_database) as one:
        yield one


@pytest.fixture
def tenant(shared_place: Place) -> Tenant:
    """A tenant that no other test knows."""
    return Tenant(shared_place, shared_place.store, f"shanghai.own{next(_numbers)}")
