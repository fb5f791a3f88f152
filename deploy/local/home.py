"""A home directory: where one installation on this machine keeps its data, secrets, logs and lock."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds ``services``, ``shared`` and ``deploy``: every child finds its modules there."""

_OURS = (
    *(
        "lock",
        "state.json",
        "secrets.json",
        "subscribers.json",
        "issuer.key",
        "place",
        "logs",
        "nats",
        "binaries",
    ),
    *("postgres", "postgres.part", "postgres.password", "keys", "roots"),
)
_UNFINISHED = ".new"
_ATTEMPTS = 10


class LocalError(Exception):
    """Something a person can put right; the text is the whole message. ``tail``: the last lines of the log
    concerned, if there is one."""

    def __init__(self, reason: str, *, tail: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.tail = tail


class AlreadyUp(LocalError):
    """Another process holds this home's lock."""

    def __init__(self, home: Home, pid: int | None) -> None:
        super().__init__(
            f"{home.root} is already in use by process {pid or '(unknown)'}; see `shufa status`."
        )
        self.pid = pid


class NotUp(LocalError):
    """Nothing runs in this home."""

    def __init__(self, home: Home) -> None:
        super().__init__(f"Nothing is up in {home.root}; start it with `shufa up`.")


@dataclass(frozen=True)
class Home:
    """The paths of one home. Two homes share nothing, so they can be up side by side."""

    root: Path

    @classmethod
    def at(cls, path: Path | str | None = None) -> Home:
        """The home asked for, else ``SHUFA_HOME``, else ``.shufa`` in the current folder."""
        chosen = path or os.environ.get("SHUFA_HOME") or ".shufa"
        return cls(Path(chosen).expanduser().absolute())

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def subscribers(self) -> Path:
        """Who outside hears events (see accounts.py)."""
        return self.root / "subscribers.json"

    @property
    def issuer_key(self) -> Path:
        return self.root / "issuer.key"

    def signing_key(self, service: str) -> Path:
        """The private key that signs a service's roots."""
        return self.root / "keys" / f"{service}.key"

    def public_key(self, service: str) -> Path:
        """What a service's roots are checked with."""
        return self.root / "keys" / f"{service}.pub"

    def roots(self, service: str) -> Path:
        """Where a service's signed roots lie."""
        return self.root / "roots" / service

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def place(self) -> Path:
        """The file that says where the database is kept (see account.py)."""
        return self.root / "place"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"

    def create(self) -> None:
        """Make the folder if it is missing; refuse one that is somebody else's or holds something else.

        Only a folder made here gets a mode of ours: as root 0711, so that the database's account can pass
        through; its files stay 0600. An existing folder and the folders above keep theirs.
        """
        try:
            if self.root.exists():
                self._check()
            else:
                self.root.mkdir(parents=True)
                self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.log("").parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LocalError(f"{self.root} cannot be used: {error.strerror}.") from error

    def _check(self) -> None:
        if not self.root.is_dir():
            raise LocalError(f"{self.root} is not a directory.")
        if self.root.stat().st_uid != os.geteuid():
            raise LocalError(f"{self.root} belongs to another user.")
        foreign = sorted(p.name for p in self.root.iterdir() if p.name.removesuffix(_UNFINISHED) not in _OURS)
        if foreign and not (self.root / "lock").exists():
            raise LocalError(f"{self.root} is not a Shufa home: it holds {foreign[0]!r}.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the home for the length of the block. The kernel frees the lock with the process, however it ends.

        Raises AlreadyUp naming the holder.
        """
        self.create()
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(descriptor)
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        # A reader's look (see holder) holds the lock for an instant: only one that stays is another run's.
        for attempt in range(_ATTEMPTS):
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if attempt == _ATTEMPTS - 1:
                    raise AlreadyUp(self, self._pid_in_lock()) from None
                time.sleep(0.01)

    def holder(self) -> int | None:
        """The process that holds the home now, or None."""
        try:
            descriptor = os.open(self.root / "lock", os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LocalError(f"{self.root} cannot be read: {error.strerror}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._pid_in_lock()
        finally:
            os.close(descriptor)
        return None

    def _pid_in_lock(self) -> int | None:
        text = (self.root / "lock").read_text().strip()
        return int(text) if text.isdigit() else None

    @property
    def was_used(self) -> bool:
        """Was anything of ours ever started here? A folder of somebody else's is no home."""
        return (self.root / "lock").exists()

    def purge(self) -> None:
        """Remove everything of ours, and the folder if nothing else is in it. Call it under the lock."""
        for name in reversed(_OURS):
            path = self.root / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
                path.with_name(f"{name}{_UNFINISHED}").unlink(missing_ok=True)
        if not any(self.root.iterdir()):
            self.root.rmdir()


def with_project(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which Python finds the project's modules, installed or not."""
    path = [str(PROJECT)]
    path += [
        entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry not in ("", *path)
    ]
    return {**environment, "PYTHONPATH": os.pathsep.join(path)}


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone from its first byte on."""
    beside = path.with_name(f"{path.name}{_UNFINISHED}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
