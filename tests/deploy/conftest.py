"""Homes in temporary folders, and what is started in them."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.account import remove_elsewhere
from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.home import Home
from tests.deploy.containers import Container, running_container
from tests.deploy.provider import Provider, providing
from tests.deploy.setting_back import DISTRICT, register

USERS = """
- {id: law, name: 示例·法治办, grants: [{tenant: shanghai.jinshan, role: law_office, unit: sifaju}]}
- {id: operator, name: 示例·运维员, grants: [{tenant: shanghai.jinshan, role: operator}]}
"""

StandIns = Callable[..., Cluster]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home with a space in its path. pytest's folders are closed to others, so as root the database is kept
    elsewhere; it is removed at the end."""
    home = Home.at(tmp_path / "a home")
    yield home
    remove_elsewhere(home)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="shufa test "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A users file."""
    path = tmp_path_factory.mktemp("users") / "users.yaml"
    path.write_text(USERS, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def start(users: Path) -> StandIns:
    """Start a home with stand-ins for the services; it stops at the latest with this process."""

    def begin(home: Home, **options: Any) -> Cluster:
        program = str(Path(__file__).with_name("stand_in_supervisor.py"))
        return Cluster.start(
            home, users=users, attached=True, supervisor=(sys.executable, program), **options
        )

    return begin


@pytest.fixture(scope="session")
def cluster(open_folder: Path, start: StandIns) -> Iterator[Cluster]:
    """A home that is up, shared by all tests here."""
    running = start(Home.at(open_folder / "cluster"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def container(open_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A service's container, for the tests of one module."""
    image = tmp_path_factory.mktemp("image")
    with running_container(open_folder / image.name, image) as one:
        yield one


@pytest.fixture(scope="module")
def talk(container: Container) -> Iterator[Talk]:
    """Requests to the services of that container's home, in which the district is registered."""
    talk = Talk(container.cluster)
    assert register(talk, DISTRICT, "district") == 200
    yield talk
    talk.close()


@pytest.fixture(scope="session")
async def served(users: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """The development issuer on a port, for all tests here."""
    async with providing(users, tmp_path_factory.mktemp("issuer")) as one:
        yield one


@pytest.fixture
def provider(served: Provider) -> Provider:
    """The development issuer on a port, its clock set right, with a client to sign in through."""
    served.clock.now = time.time()
    return served
