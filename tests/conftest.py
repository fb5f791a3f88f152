"""What every test may ask for: one real PostgreSQL and one real NATS for the whole run, databases by name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from deploy.local.home import Home
from deploy.local.servers import Servers, embedded_servers
from tests.browser.fixtures import browser, context_of  # noqa: F401  # for every folder
from tests.played import played  # noqa: F401  # for every folder

_numbers = itertools.count(1)

CASES: dict[str, int] = {}
"""How many cases tests went through that each look at thousands: told at the end of the run."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, count in CASES.items():
        terminalreporter.write_line(f"{what}: {count} cases")
    if len(CASES) > 1:
        terminalreporter.write_line(f"in all {sum(CASES.values())} cases")


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
