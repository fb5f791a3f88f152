"""What tests across the services share: the doors of all of them, opened once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from deploy.local.servers import Servers
from tests.services.doors import Doors, open_doors


@pytest.fixture(scope="package")
async def doors(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Doors]:
    """Every service, open; each test takes tenants of its own. Closed with this folder."""
    async with open_doors(servers, new_database) as opened:
        yield opened
