"""What every test may ask for: one real PostgreSQL and one real NATS for the whole run, databases by name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from deploy.local.home import Home
from deploy.local.servers import Servers, embedded_servers
from shared.runtime.collector import collect_seldom
from tests.browser.fixtures import browser, context_of  # noqa: F401  # for every folder
from tests.played import played  # noqa: F401  # for every folder

_numbers = itertools.count(1)


def pytest_collection_finish() -> None:
    """As a service does: looking for what is not needed any more took a tenth of the run."""
    collect_seldom()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases tests went through that each look at thousands."""
    cases = dict(told for report in terminalreporter.getreports("passed") for told in report.user_properties)
    for what, count in cases.items():
        terminalreporter.write_line(f"{what}: {count} cases")
    if len(cases) > 1:
        terminalreporter.write_line(f"in all {sum(cases.values())} cases")


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
