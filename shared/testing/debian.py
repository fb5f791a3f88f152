"""``python -m shared.testing.debian NAME…``: Debian packages unpacked into ``.venv/debian``, root or not, for tests.

Nothing is installed on the system. apt itself decides what else the named packages need: it reads the system's sources,
keys, pins and proxy, checks signatures and hashes as ever, and keeps its lists and files in a folder of ours.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

PLACE = Path(__file__).parents[2] / ".venv" / "debian"

_CONFIGURATION = """\
Dir::State "{work}/state";
Dir::State::Lists "{work}/state/lists";
Dir::State::Status "{work}/status";
Dir::Cache "{work}/cache";
Dir::Cache::Archives "{work}/cache/archives";
# Root's downloads go to an account that may not enter this folder: they stay with whoever we are.
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
# What the system does after its own updates is not ours to set off.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""

_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}/usr/share/fonts</dir>
  <include ignore_missing="yes">{folder}/etc/fonts/conf.d</include>
  <cachedir>{folder}/var/cache/fontconfig</cachedir>
</fontconfig>
"""

# Of the same build as the loader that the kernel starts a program by, so always the machine's own.
_THE_MACHINES = "libc6"


class CannotBeFetched(Exception):
    """These packages cannot be had on this machine; says which, and why."""


def packages(*names: str, place: Path = PLACE) -> Path:
    """The folder that holds the named packages and whatever they need that the system does not have.

    The first call fetches them, later ones find them; of two at once, one waits for the other. Raises CannotBeFetched.
    """
    if not names:
        raise ValueError("no package is named")
    folder = place / "+".join(sorted(names))
    place.mkdir(parents=True, exist_ok=True)
    # The folder gets its name when it is complete: a run that ends in the middle leaves nothing that looks whole.
    if not folder.is_dir():
        with _locked(place / f"{folder.name}.lock"):
            if not folder.is_dir():
                _fetch(names, folder)
    return folder


def binary(folder: Path, path: str) -> Path:
    """A program of an unpacked folder, by its path in the package (``usr/bin/promtool``)."""
    program = folder / path
    if not os.access(program, os.X_OK):
        raise CannotBeFetched(f"{folder.name} holds no program {path}")
    return program


def environment(folder: Path) -> dict[str, str]:
    """This process's environment with what a program of the folder needs besides: its libraries and its fonts."""
    said = dict(os.environ)
    libraries = sorted(
        {str(path.parent) for lib in ("lib", "usr/lib") for path in (folder / lib).rglob("lib*.so*")}
    )
    if libraries:
        said["LD_LIBRARY_PATH"] = ":".join([*libraries, *filter(None, [said.get("LD_LIBRARY_PATH")])])
    if (folder / "fonts.conf").exists():
        said["FONTCONFIG_FILE"] = str(folder / "fonts.conf")
    return said


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock for the length of the block; the kernel frees it with the process, however it ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(names: tuple[str, ...], folder: Path) -> None:
    work = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    for path in ("state/lists/partial", "cache/archives/partial", "packages", "root"):
        (work / path).mkdir(parents=True)
    (work / "apt.conf").write_text(_CONFIGURATION.format(work=work), "utf-8")
    (work / "status").write_text(_status(names), "utf-8")
    # One source out of reach does not matter as long as the others have everything: what is said is kept for then.
    updated = _run(names, "apt-get", "--config-file", str(work / "apt.conf"), "update")
    wanted = _needed(names, work, updated.stderr)
    got = _run(
        names, "apt-get", "-qq", "--config-file", "../apt.conf", "download", *wanted, cwd=work / "packages"
    )
    if got.returncode:
        raise _refused(names, updated.stderr, got.stderr)
    for package in sorted((work / "packages").glob("*.deb")):
        unpacked = _run(names, "dpkg-deb", "--extract", str(package), str(work / "root"))
        if unpacked.returncode:
            raise _refused(names, unpacked.stderr)
    _point_inside(work / "root")
    if (work / "root/usr/share/fonts").is_dir():
        (work / "root/fonts.conf").write_text(_FONTS.format(folder=folder), "utf-8")
        (work / "root/var/cache/fontconfig").mkdir(parents=True, exist_ok=True)
    (work / "root").rename(folder)
    shutil.rmtree(work)


def _status(names: tuple[str, ...]) -> str:
    """What apt shall take for installed: what is, but the named packages, which are always fetched.

    Nothing is said of what these depend on or conflict with. A system that is itself in disorder, or holds a package
    back, would have apt refuse everything; here nobody wants to know.
    """
    shown = _run(
        names,
        "dpkg-query",
        "--show",
        "--showformat",
        "${db:Status-Status}\t${Package}\t${Architecture}\t${Version}\t${Multi-Arch}\t${Provides}\n",
    )
    stanzas = []
    for line in shown.stdout.splitlines():
        status, name, architecture, version, multi, provides = line.split("\t")
        if status == "installed" and name not in names:
            fields = {"Package": name, "Status": "install ok installed", "Architecture": architecture}
            fields |= {"Version": version, "Multi-Arch": multi, "Provides": provides}
            stanzas.append("".join(f"{key}: {value}\n" for key, value in fields.items() if value))
    return "\n".join(stanzas)


def _needed(names: tuple[str, ...], work: Path, update_said: str) -> list[str]:
    """The named packages and what they need, each as ``name:architecture=version``."""
    asked = _run(
        names,
        "apt-get",
        "-qq",
        "--yes",
        "--print-uris",
        "--config-file",
        str(work / "apt.conf"),
        "install",
        *names,
    )
    if asked.returncode:
        raise _refused(names, update_said, asked.stderr)
    needed = []
    for line in asked.stdout.splitlines():
        # 'http://…' libflac12_1.4.2+ds-2_amd64.deb 198124 SHA256:…
        if line.startswith("'"):
            name, version, architecture = line.split()[1].removesuffix(".deb").split("_")
            if name != _THE_MACHINES:
                needed.append(f"{name}:{architecture}={unquote(version)}")
    return needed


def _point_inside(root: Path) -> None:
    """A link to ``/usr/…`` means the package's own file: make it one that holds wherever the folder is."""
    for path in root.rglob("*"):
        if path.is_symlink() and os.path.isabs(target := os.readlink(path)):
            inside = root / target.lstrip("/")
            if os.path.lexists(inside):
                path.unlink()
                path.symlink_to(os.path.relpath(inside, path.parent))


def _run(names: tuple[str, ...], *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise CannotBeFetched(
            f"{', '.join(names)} cannot be fetched: {command[0]} is not on this machine (it comes with Debian)"
        ) from None


def _refused(names: tuple[str, ...], *said: str) -> CannotBeFetched:
    return CannotBeFetched(f"{', '.join(names)} cannot be fetched:\n" + "".join(said).strip())


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.testing.debian", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME")
    try:
        print(packages(*parser.parse_args().names))
    except CannotBeFetched as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
