"""``python -m benchmarks.pages``: how long the portal takes for each page, with Jinshan's whole tree and 10,000 cases.

Writes pages.json beside this file: the slowest page's 95th percentile, the heaviest page, and what a process takes in
memory with 50 pages open that wait for news.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import io
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import httpx
import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.crowd import CASES, TENANT, open_cases
from deploy.local.cluster import Cluster
from deploy.local.demo.command import demo
from deploy.local.demo.day import Day
from deploy.local.demo.talk import Talk

TIMES, WAITING = 40, 50
LIMITS = {"page_p95_ms": 100.0, "page_weight_kb": 200.0, "live_50_pss_mb": 150.0}
FOLDER = Path(__file__).parent
DISK = "/var/tmp"

PAGES: dict[str, tuple[str, str]] = {
    "待办（经办人）": ("law-clerk", "/work"),
    "待办（联络员）": ("liaison-langxia", "/work"),
    "通知设置": ("law-clerk", "/notices"),
    "年度计划": ("law-clerk", "/plan?year=2021"),
    "一次名单": ("law-clerk", "/plan/2021-2"),
    "政策与日历": ("law-clerk", "/plan/policy"),
    "述法会": ("law-clerk", "/sessions"),
    "一次述法会": ("party-clerk", "/sessions/2021-2"),
    "会议纪要（打印）": ("party-clerk", "/sessions/2021-2/print/minutes"),
    "稿件": ("law-clerk", "/drafts"),
    "一份稿件": ("law-clerk", "/drafts/2021-1-langxia"),
    "整改台账": ("law-clerk", "/cases"),
    "整改台账（筛选、排序）": ("law-clerk", "/cases?state=open&sort=-due_on"),
    "整改台账（按灯色）": ("law-clerk", "/cases?light=green"),
    "整改台账（检索）": ("law-clerk", "/cases?q=单位50"),
    "整改台账（含下级）": ("law-clerk", "/cases?within=subtree"),
    "一件整改": ("law-clerk", "/cases/2021-1-langxia"),
    "整改任务清单": ("liaison-langxia", "/duties"),
    "整改通报": ("law-clerk", "/bulletins"),
    "一份通报": ("law-clerk", "/bulletins/2021-2"),
    "全覆盖": ("law-clerk", "/coverage?year=2021"),
    "未覆盖名单": ("law-clerk", "/coverage/gaps?year=2021"),
    "年度考评": ("organization", "/evaluation?year=2021"),
    "一份考评表": ("organization", "/evaluation/2021/langxia"),
    "年度述法报告": ("organization", "/evaluation/reports?year=2021"),
    "法治成果": ("organization", "/evaluation/outcomes"),
    "审计": ("auditor", "/ledger"),
    "审计（一个服务）": ("auditor", "/ledger/rectification"),
    "审计（某日）": ("auditor", "/ledger/rectification?as_of=2021-10-20"),
    "系统": ("operator", "/system"),
}
"""Each page of the portal: who opens it, and where."""


def _settle(cluster: Cluster) -> None:
    talk = Talk(cluster)
    try:
        Day(talk, "operator", patience=600.0).settle()
    finally:
        talk.close()


class Processors:
    """The processors' time that the services and PostgreSQL take, by what Linux says of each main thread."""

    def __init__(self, cluster: Cluster) -> None:
        running = cluster.processes()
        servers = psutil.Process(running["postgres"].pid)
        self._of = {
            name: [process.pid]
            for name, process in running.items()
            if name in ("portal", "scheduling", "review", "rectification", "evaluation")
        }
        self._of["postgres"] = [servers.pid, *(child.pid for child in servers.children(recursive=True))]

    def read(self) -> dict[str, float]:
        """Milliseconds so far."""
        return {name: sum(map(_milliseconds, pids)) for name, pids in self._of.items()}


def _milliseconds(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e6
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # a backend that has ended


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds from the request to the last byte, how heavy it is, also as a proxy sends it, and the
    median milliseconds of processor that each process takes for it."""

    milliseconds: list[float]
    bytes: int
    squeezed: int
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def p50(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.milliseconds, n=20)[18]


class Visitor:
    """A browser's one connection, with somebody's cookie."""

    def __init__(self, portal: str, user: str) -> None:
        with httpx.Client(base_url=portal, follow_redirects=True, timeout=30, trust_env=False) as client:
            client.get("/signin", params={"hint": user, "back": "/static/icon.svg"}).raise_for_status()
            self._cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
        self._connection = http.client.HTTPConnection(urlsplit(portal).netloc, timeout=30)

    def get(self, path: str) -> tuple[float, bytes]:
        """Milliseconds, and the page. Raises ValueError where it is no page."""
        try:
            spent, answer, body = self._ask(path)
        except http.client.RemoteDisconnected:  # it has not been used for a while
            self._connection.close()
            spent, answer, body = self._ask(path)
        if answer.status != 200:
            raise ValueError(f"{path}: {answer.status}")
        return spent, body

    def _ask(self, path: str) -> tuple[float, http.client.HTTPResponse, bytes]:
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Cookie": self._cookie, "Accept": "text/html"})
        answer = self._connection.getresponse()
        body = answer.read()
        return (time.perf_counter() - began) * 1000, answer, body

    @property
    def cookie(self) -> str:
        return self._cookie


def _heavy(portal: str, page: bytes) -> tuple[int, int]:
    """A page with everything it loads, as it is and as it is sent compressed."""
    own = re.findall(rb'(?:src|href)="(/static/[^"]+|/t/[^"]+\.svg[^"]*)"', page)
    with httpx.Client(base_url=portal, timeout=30, trust_env=False) as client:
        parts = [
            page,
            *(client.get(path.decode().replace("&amp;", "&")).content for path in dict.fromkeys(own)),
        ]
    return sum(map(len, parts)), sum(len(gzip.compress(part, 6)) for part in parts)


def _measure(cluster: Cluster, pages: dict[str, tuple[str, str]], times: int) -> dict[str, Measured]:
    """Every page in turn, many times, in an order drawn anew each time."""
    portal = cluster.service_url("portal")
    processors = Processors(cluster)
    spent: dict[str, list[float]] = {name: [] for name in pages}
    cpu: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
    last: dict[str, bytes] = {}
    for turn in range(times + 3):
        # Signed in anew each time: a sign-in ends after some minutes.
        visitors = {user: Visitor(portal, user) for user in sorted({user for user, _ in pages.values()})}
        for name in random.sample(list(pages), len(pages)):
            user, path = pages[name]
            before = processors.read()
            took, last[name] = visitors[user].get(f"/t/{TENANT}{quote(path, safe='/?=&')}")
            if turn >= 3:  # before that templates, plans and connections are made
                spent[name].append(took)
                cpu[name].append({one: after - before[one] for one, after in processors.read().items()})
    return {
        name: Measured(
            spent[name],
            *_heavy(portal, last[name]),
            {one: statistics.median(each[one] for each in cpu[name]) for one in cpu[name][0]},
        )
        for name in pages
    }


@contextmanager
def _waiting(portal: str, cookie: str) -> Iterator[None]:
    """Fifty pages that wait for news."""
    with ExitStack() as stack:
        client = stack.enter_context(
            httpx.Client(
                base_url=portal, timeout=30, trust_env=False, limits=httpx.Limits(max_connections=WAITING)
            )
        )
        for _ in range(WAITING):
            answer = stack.enter_context(
                client.stream(
                    "GET", f"/t/{TENANT}/news", headers={"Cookie": cookie, "Accept": "text/event-stream"}
                )
            )
            next(answer.iter_bytes())
        yield


def _memory(cluster: Cluster) -> tuple[float, float]:
    """Megabytes of the portal: its own with its share of what it maps together with other processes, and all that is
    resident, in which the libraries of all five services are counted once more."""
    found = psutil.Process(cluster.processes()["portal"].pid).memory_full_info()
    return found.pss / 1e6, found.rss / 1e6


@contextmanager
def _filled(console: Console) -> Iterator[Cluster]:
    """A system of its own with the demo played and the cases opened."""
    with tempfile.TemporaryDirectory(prefix="shufa-pages-", dir=DISK) as folder:
        home = Path(folder, "home")
        demo(home, keep=True, console=Console(file=io.StringIO()))
        cluster = Cluster.running(home)
        try:
            _fill(cluster, console)
            yield cluster
        finally:
            cluster.stop(purge=True)


def _fill(cluster: Cluster, console: Console) -> None:
    began = time.monotonic()
    asyncio.run(open_cases(cluster))
    _settle(cluster)
    console.print(f"{CASES:,} cases opened and heard of everywhere in {time.monotonic() - began:.0f} s")


def main(
    only: Annotated[str, typer.Option(help="Pages whose path contains this; no results are written.")] = "",
    home: Annotated[
        Path | None, typer.Option(help="Of a system that is up, as it is; no results are written.")
    ] = None,
    times: Annotated[int, typer.Option(help="How often each page is asked for.")] = TIMES,
) -> None:
    """Measure; exit with 1 where a limit is missed."""
    console = Console(width=140)
    pages = {name: page for name, page in PAGES.items() if only in page[1]}
    with nullcontext(Cluster.running(home)) if home else _filled(console) as cluster:
        found = _measure(cluster, pages, times)
        with _waiting(
            cluster.service_url("portal"), Visitor(cluster.service_url("portal"), "law-clerk").cookie
        ):
            waiting, resident = _memory(cluster)
    console.print(_table(found))
    values = {
        "page_p95_ms": max(one.p95 for one in found.values()),
        "page_weight_kb": max(one.bytes for one in found.values()) / 1000,
        "live_50_pss_mb": waiting,
    }
    for name, value in values.items():
        word = "met" if value <= LIMITS[name] else "[bold red]missed[/]"
        console.print(f"{name}: {value:.1f} (at most {LIMITS[name]:g}) {word}")
    console.print(f"live_50_rss_mb: {resident:.1f}, libraries that other services map too among them")
    if not only and home is None:
        rounded: dict[str, Any] = {name: round(value, 1) for name, value in values.items()}
        rounded["live_50_rss_mb"] = round(resident, 1)
        rounded["pages"] = {
            name: {
                "p50_ms": round(one.p50, 1),
                "p95_ms": round(one.p95, 1),
                "kb": round(one.bytes / 1000, 1),
                "cpu_ms": round(sum(one.cpu.values()), 1),
            }
            for name, one in found.items()
        }
        (FOLDER / "pages.json").write_text(json.dumps(rounded, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if any(value > LIMITS[name] for name, value in values.items()):
        raise typer.Exit(1)


def _table(found: dict[str, Measured]) -> Table:
    shown = Table("page", "path", title=f"Pages with {CASES:,} cases, all its files counted")
    for heading in ("p50 ms", "p95 ms", "kB", "kB compressed", "CPU ms", "portal", "owners", "PostgreSQL"):
        shown.add_column(heading, justify="right")
    for name, one in found.items():
        shown.add_row(
            name,
            PAGES[name][1],
            f"{one.p50:.1f}",
            f"{one.p95:.1f}",
            f"{one.bytes / 1000:.0f}",
            f"{one.squeezed / 1000:.0f}",
            *(f"{value:.1f}" for value in _shares(one.cpu)),
        )
    return shown


def _shares(cpu: dict[str, float]) -> tuple[float, float, float, float]:
    """In all, the portal's, the owners', PostgreSQL's."""
    whole, portal, postgres = sum(cpu.values()), cpu["portal"], cpu["postgres"]
    return whole, portal, whole - portal - postgres, postgres


if __name__ == "__main__":
    typer.run(main)
