"""``python -m shared.testing.chromium``: a Chromium for tests with Chinese fonts: the machine's own, or Debian's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from shared.testing.debian import CannotBeFetched, binary, environment, packages

OLDEST = 120
"""The oldest major version of a Chromium found on PATH that tests are run in."""

# Chinese in the four styles of a document, and the signs (✓ ⚠ …) that those fonts lack: pages look the same everywhere.
_FONTS = ("fonts-noto-cjk", "fonts-dejavu-core")
_ON_PATH = ("chromium-headless-shell", "chromium", "google-chrome")


@dataclass(frozen=True)
class Chromium:
    """A browser's program, and the whole environment that it is started in."""

    program: Path
    environment: dict[str, str]


def chromium() -> Chromium:
    """A Chromium that can be started here and draws Chinese. The first call fetches what the machine lacks.

    Raises CannotBeFetched where there is neither a Chromium on PATH nor Debian's packages.
    """
    for name in _ON_PATH:
        found = shutil.which(name)
        if found and _version(Path(found)) >= OLDEST:
            return Chromium(Path(found), environment(packages(*_FONTS)))
    folder = packages("chromium-headless-shell", *_FONTS)
    return Chromium(binary(folder, "usr/lib/chromium/chromium-headless-shell"), environment(folder))


def sandboxed() -> bool:
    """Can Chromium shut its pages in? Not as root, nor where the kernel gives no namespaces to others (containers)."""
    if os.geteuid() == 0:
        return False
    try:
        asked = subprocess.run(["unshare", "--user", "--pid", "--net", "--fork", "true"], capture_output=True)
    except FileNotFoundError:
        return False
    return asked.returncode == 0


def _version(program: Path) -> int:
    """Its major version; 0 where it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    number = re.search(r"(\d+)\.\d+\.\d+", said)
    return int(number[1]) if number else 0


if __name__ == "__main__":
    try:
        print(chromium().program)
    except CannotBeFetched as error:
        sys.exit(f"{error}\nOr put a Chromium of version {OLDEST} or later on PATH.")
