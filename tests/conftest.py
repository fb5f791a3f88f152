"""What every test may ask for: one real PostgreSQL and one real NATS for the whole run, databases by name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from deploy.local.home import Home
from deploy.local.servers import Servers, embedded_servers

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and NATS, started once, stopped at the end."""
    with embedded_servers(Home(tmp_path_factory.mktemp("servers"))) as started:
        yield started


@pytest.fixture(scope="session")
def new_database(servers: Servers) -> Callable[[str], str]:
    """Makes an empty database with the three roles of a service; answers its name."""

    def make(service: str) -> str:
        name = f"{service}_test_{next(_numbers)}"
        servers.create_database(service, name)
        return name

    return make
