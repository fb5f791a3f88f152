"""Where the demo leaves a person: links that sign in at once, as people who each have something to see."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from deploy.local.cluster import Cluster
from deploy.local.demo import command
from deploy.local.demo.people import OF_MAKE, PEOPLE, tell_where_to_go_on
from deploy.local.home import PROJECT, Home, LocalError
from tests.played import EXAMPLE_USERS, Played


def told(cluster: Cluster, users: Path = EXAMPLE_USERS) -> str:
    said = io.StringIO()
    tell_where_to_go_on(Console(file=said, width=80), cluster, users)
    return said.getvalue()


async def test_each_link_signs_in_and_leads_to_a_page(played: Played) -> None:
    links = re.findall(r"^  (http\S+)$", told(played.cluster), re.MULTILINE)
    assert len(links) == len(PEOPLE)
    for link in links:
        async with httpx.AsyncClient(
            follow_redirects=True, timeout=30.0, trust_env=False, headers={"Accept": "text/html"}
        ) as visitor:
            page = await visitor.get(link)
        assert (page.status_code, page.url.host) == (200, "127.0.0.1"), link
        assert "退出" in page.text, link


def test_who_is_no_user_of_this_system_is_not_named(played: Played, tmp_path: Path) -> None:
    users = tmp_path / "users.yaml"
    users.write_text("- { id: law-clerk, name: x, grants: [] }\n", "utf-8")
    said = told(played.cluster, users)
    assert said.count("/signin?hint=") == 1
    assert f"shufa down --purge --home {played.cluster.home.root}" in said.replace("\n", "")


def test_what_make_keeps_up_make_ends() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    assert f"shufa demo --keep --replace --home {OF_MAKE.name}\n" in makefile
    assert f"shufa down --purge --home {OF_MAKE.name}\n" in makefile
    assert f"{OF_MAKE.name}/" in (PROJECT / ".gitignore").read_text("utf-8").split()


def test_a_demo_replaces_its_own_home_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Path] = []
    monkeypatch.setattr(command, "stop_home", lambda home, purge: ended.append(home.root))
    (tmp_path / "keys").mkdir()
    with pytest.raises(LocalError, match="not empty"):
        command.demo(tmp_path, replace=True)
    assert ended == []
    with Home(tmp_path).locked():
        pass
    with pytest.raises(LocalError, match="not empty"):
        command.demo(tmp_path)
    assert ended == []
    with pytest.raises(LocalError, match="not empty"):
        command.demo(tmp_path, replace=True)
    assert ended == [tmp_path]
