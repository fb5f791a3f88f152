"""The account that PostgreSQL runs under when we are root, and a place that this account can reach.

PostgreSQL refuses to run as root. No folder's mode is ever changed to let the account in: where the home or the
wheel's files are out of its reach, the database and a copy of the files are kept elsewhere.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.home import Home, LocalError, write_private

_ELSEWHERE = (Path("/var/lib/shufa"), Path("/var/tmp"))
_IN_THE_HOME = "."


@dataclass(frozen=True)
class Account:
    """An unprivileged account."""

    name: str
    uid: int
    gid: int

    @property
    def options(self) -> dict[str, Any]:
        """What ``subprocess`` is told, so that a program runs as this account and nothing more."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def as_account(account: Account | None) -> dict[str, Any]:
    """The subprocess options for an account, or for ourselves."""
    return account.options if account else {}


def unprivileged() -> Account | None:
    """The account to run the database under: None (ourselves) unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LocalError(
        "PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody' to run it under."
    )


def can_enter(account: Account | None, folder: Path) -> bool:
    """May the account pass through this folder and all those above it? Asked of the kernel, as that account."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'test -d "$1" && test -x "$1"', "sh", str(folder)], cwd="/", **as_account(account)
    )
    return asked.returncode == 0


def can_run(account: Account | None, program: Path) -> bool:
    """Does ``program --version`` work as that account? False where a folder above it is closed to it."""
    try:
        asked = subprocess.run(
            [str(program), "--version"], cwd="/", capture_output=True, env={}, **as_account(account)
        )
    except OSError:
        return False
    return asked.returncode == 0


def database_place(home: Home, account: Account | None) -> Path:
    """The folder that holds the database: the home, or a folder elsewhere if the account cannot enter the home.

    Decided once and recorded in the home, so that the data is found again whatever modes change later.
    """
    if not home.place.exists():
        place = home.root if can_enter(account, home.root) else _make_elsewhere(home)
        write_private(home.place, f"{_IN_THE_HOME if place == home.root else place}\n")
    place = recorded_place(home)
    if not place.is_dir():
        raise LocalError(f"The database of {home.root} was kept in {place}, which is gone.")
    if not can_enter(account, place):
        raise LocalError(
            f"The database is in {place}, which {account.name if account else 'you'} may not enter."
        )
    return place


def recorded_place(home: Home) -> Path:
    """Where the database of a home is kept, as recorded on its first start."""
    place = home.place.read_text().strip() if home.place.exists() else _IN_THE_HOME
    return home.root if place == _IN_THE_HOME else Path(place)


def remove_elsewhere(home: Home) -> None:
    """Remove the folder outside the home, if there is one: part of a purge."""
    place = recorded_place(home)
    if place != home.root and (place / "home").exists():
        shutil.rmtree(place)


def _make_elsewhere(home: Home) -> Path:
    """A folder with an unpredictable name, ours to write and for the account to pass through."""
    for parent in _ELSEWHERE:
        try:
            parent.mkdir(mode=0o755, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix="home-", dir=parent))
        except OSError:
            continue
        place.chmod(0o711)
        (place / "home").write_text(f"{home.root}\n")
        return place
    raise LocalError(
        f"There is no place for the database that its account can reach: tried {', '.join(map(str, _ELSEWHERE))}."
    )
