"""Debian packages without installing them: apt itself, on a small archive made here."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.testing import debian
from shared.testing.debian import CannotBeFetched, binary, environment, packages

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt comes with Debian")

LIBRARIES = "usr/lib/of-this-machine"


def package(archive: Path, name: str, files: dict[str, str], version: str = "1.0", depends: str = "") -> None:
    """One package into the archive, and its stanza into the index."""
    tree = archive.with_name(f"{name}.tree")
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            (tree / path).symlink_to(text.removeprefix("-> "))
        else:
            (tree / path).write_text(text, "utf-8")
            (tree / path).chmod(0o755)
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: example\nDescription: example\n"
    )
    control += f"Depends: {depends}\n" if depends else ""
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(control, "utf-8")
    built = archive / f"{name}_{version.replace(':', '%3a')}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", tree, built], check=True, capture_output=True
    )
    data = built.read_bytes()
    with (archive / "Packages").open("a", encoding="utf-8") as index:
        digest = hashlib.sha256(data).hexdigest()
        index.write(f"{control}Filename: ./{built.name}\nSize: {len(data)}\nSHA256: {digest}\n\n")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive that is apt's only source: a lamp needs a wick, a wick needs oil, and glue is on every machine."""
    archive = tmp_path / "archive"
    archive.mkdir()
    package(archive, "shufa-oil", {f"{LIBRARIES}/liboil.so.1": "oil"}, "2:7.1~a")
    package(archive, "shufa-wick", {"usr/share/wick": "wick"}, depends="shufa-oil (>= 2:7)")
    lamp = {
        "usr/bin/lamp": "#!/bin/sh\necho lit\n",
        "usr/bin/light": "-> /usr/bin/lamp",
        "usr/share/fonts/lamp.ttf": "",
    }
    package(archive, "shufa-lamp", lamp, depends="shufa-wick, dpkg")
    package(archive, "shufa-moon", {"usr/bin/moon": ""}, depends="shufa-sun")
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] copy:{archive} ./\n", "utf-8")
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{tmp_path}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n', "utf-8"
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    return archive


def test_what_a_package_needs_comes_with_it(archive: Path, tmp_path: Path) -> None:
    folder = packages("shufa-lamp", place=tmp_path / "place")
    assert (folder / "usr/share/wick").read_text() == "wick"
    assert (folder / LIBRARIES / "liboil.so.1").read_text() == "oil"
    assert not (folder / "usr/bin/dpkg").exists(), "the system has it"
    assert subprocess.run([binary(folder, "usr/bin/lamp")], capture_output=True).stdout == b"lit\n"
    with pytest.raises(CannotBeFetched, match="shufa-lamp holds no program usr/bin/moon"):
        binary(folder, "usr/bin/moon")


def test_a_named_package_is_fetched_though_the_system_has_it() -> None:
    assert "Package: dpkg\n" in debian._status(("apt",))
    assert "Package: dpkg\n" not in debian._status(("apt", "dpkg"))


def test_a_link_leads_to_the_unpacked_file(archive: Path, tmp_path: Path) -> None:
    folder = packages("shufa-lamp", place=tmp_path / "place")
    assert binary(folder, "usr/bin/light").resolve() == folder / "usr/bin/lamp"


def test_a_program_is_told_of_its_libraries_and_fonts(archive: Path, tmp_path: Path) -> None:
    folder = packages("shufa-lamp", place=tmp_path / "place")
    said = environment(folder)
    assert said["LD_LIBRARY_PATH"].split(":")[0] == str(folder / LIBRARIES)
    assert f"<dir>{folder}/usr/share/fonts</dir>" in Path(said["FONTCONFIG_FILE"]).read_text("utf-8")
    assert "FONTCONFIG_FILE" not in environment(packages("shufa-oil", place=tmp_path / "place"))


def test_a_second_call_asks_nobody(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = packages("shufa-lamp", "shufa-oil", place=tmp_path / "place")
    monkeypatch.setenv("PATH", "/nowhere")
    assert packages("shufa-oil", "shufa-lamp", place=tmp_path / "place") == folder


def test_two_at_once_fetch_once(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    fetch = debian._fetch

    def counted(names: tuple[str, ...], folder: Path) -> None:
        fetched.append(names)
        fetch(names, folder)

    monkeypatch.setattr(debian, "_fetch", counted)
    with ThreadPoolExecutor(4) as pool:
        folders = {*pool.map(lambda _: packages("shufa-wick", place=tmp_path / "place"), range(4))}
    assert fetched == [("shufa-wick",)]
    assert (folders.pop() / "usr/share/wick").exists()


def test_what_a_run_left_behind_in_the_middle_does_not_matter(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "place/shufa-wick.part/root/usr/share/rest").mkdir(parents=True)
    folder = packages("shufa-wick", place=tmp_path / "place")
    assert [path.name for path in sorted((folder / "usr/share").iterdir())] == ["wick"]
    assert not folder.with_name("shufa-wick.part").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shufa-nothing", "(?s)shufa-nothing cannot be fetched:\n.*Unable to locate package shufa-nothing"),
        ("shufa-moon", "(?s)shufa-moon cannot be fetched:\n.*Depends: shufa-sun but it is not installable"),
    ],
)
def test_what_is_missing_is_named(archive: Path, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(CannotBeFetched, match=said):
        packages(name, place=tmp_path / "place")
    assert not (tmp_path / "place" / name).exists()


def test_a_file_that_is_not_the_signed_one_is_refused(archive: Path, tmp_path: Path) -> None:
    built = archive / "shufa-wick_1.0_all.deb"
    built.write_bytes(built.read_bytes()[:-1] + b"?")
    with pytest.raises(CannotBeFetched, match="Hash Sum mismatch"):
        packages("shufa-wick", place=tmp_path / "place")


def test_a_source_out_of_reach_does_not_matter(archive: Path, tmp_path: Path) -> None:
    with (tmp_path / "sources.list").open("a") as sources:
        sources.write(f"deb [trusted=yes] copy:{tmp_path}/nowhere ./\n")
    assert (packages("shufa-wick", place=tmp_path / "place") / "usr/share/wick").exists()


def test_without_apt_the_error_says_so(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotBeFetched, match=r"shufa-wick cannot be fetched: .* is not on this machine"):
        packages("shufa-wick", place=tmp_path / "place")


def test_the_module_prints_the_folder_or_why_there_is_none(archive: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "shared.testing.debian", "shufa-nothing"], capture_output=True, text=True
    )
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "Unable to locate package shufa-nothing" in asked.stderr
