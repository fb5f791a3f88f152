"""A home: whose it is, who holds it, and what others may read of it."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest

from deploy.local.credentials import ensure_credentials, read_credentials
from deploy.local.home import AlreadyUp, Home, LocalError
from deploy.local.state import Process, Settings, State, read_state, write_state


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_home_is_the_one_asked_for_else_of_the_environment_else_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHUFA_HOME", raising=False)
    assert Home.at().root == tmp_path / ".shufa"
    monkeypatch.setenv("SHUFA_HOME", str(tmp_path / "other"))
    assert Home.at().root == tmp_path / "other"
    assert Home.at(tmp_path / "asked").root == tmp_path / "asked"


def test_a_folder_made_before_and_those_above_keep_their_modes(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o700)
    made = above / "made"
    made.mkdir(mode=0o750)
    Home.at(made).create()
    Home.at(above / "new").create()
    assert [mode(above), mode(made)] == [0o700, 0o750]
    assert mode(above / "new") == (0o711 if os.geteuid() == 0 else 0o700)


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(LocalError, match=r"not a Shufa home: it holds 'thesis\.doc'"):
        Home.at(tmp_path).create()


def test_one_process_holds_a_home_and_the_next_is_told_which(home: Home) -> None:
    assert home.holder() is None
    with home.locked():
        assert home.holder() == os.getpid()
        with pytest.raises(AlreadyUp, match=rf"in use by process {os.getpid()}"), home.locked():
            pass
    assert home.holder() is None


def test_secrets_are_made_once_and_read_by_the_owner_alone(home: Home) -> None:
    home.create()
    made = ensure_credentials(home)
    assert ensure_credentials(home) == read_credentials(home) == made
    assert mode(home.secrets) == 0o600
    assert made.postgres not in repr(made)
    each = {
        made.postgres,
        made.nats,
        made.issuer,
        made.signin,
        *made.database.values(),
        *made.accounts.values(),
    }
    assert len(each) == 4 + 15 + 5


def test_a_secret_that_is_missing_is_not_made_up_anew_with_each_reading(home: Home) -> None:
    home.create()
    ensure_credentials(home)
    stored = json.loads(home.secrets.read_text())
    del stored["accounts"]
    home.secrets.write_text(json.dumps(stored))
    with pytest.raises(LocalError, match="is not a secrets file of this version"):
        ensure_credentials(home)


def test_lost_secrets_are_not_made_anew_over_a_database(home: Home) -> None:
    home.create()
    home.place.write_text(".\n")
    with pytest.raises(LocalError, match="restore the file"):
        ensure_credentials(home)


def test_the_state_is_read_as_written(home: Home) -> None:
    home.create()
    assert read_state(home) is None
    settings = Settings("simulated", date(2021, 5, 6), Path("/users.yaml"))
    state = State("up", Process(1, 2.5), settings, {"nats": Process(3, 4.5, "127.0.0.1:5", 6)})
    write_state(home, state)
    assert read_state(home) == state
    assert state.port("nats") == 5


def test_a_purge_removes_what_is_ours_and_nothing_else(home: Home) -> None:
    with home.locked():
        ensure_credentials(home)
        (home.root / "notes.txt").touch()
        home.purge()
    assert [path.name for path in home.root.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("clock", "today"), [("simulated", None), ("system", date(2021, 5, 6))], ids=["no day", "no clock"]
)
def test_a_day_belongs_to_a_simulated_clock(clock: str, today: date | None) -> None:
    with pytest.raises(LocalError, match="--today"):
        Settings(clock, today)  # type: ignore[arg-type]  # the parameter is one of the two
