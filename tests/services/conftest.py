"""What tests across the services share: the doors of all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from deploy.local.servers import Servers
from tests.services.doors import Doors, open_doors


@pytest.fixture(scope="module")
async def doors(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Doors]:
    """Every service, open; each test takes tenants of its own. Connections are few: they close with the file."""
    async with open_doors(servers, new_database) as opened:
        yield opened
