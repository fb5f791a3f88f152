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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, assert_never
from urllib.parse import urlsplit

import httpx
import psutil
import typer
from rich.console import Console
from rich.table import Table

from deploy.local.cluster import Cluster
from deploy.local.demo.command import demo
from deploy.local.demo.day import Day
from deploy.local.demo.talk import Talk
from shared.contracts.review import Excerpt, Item, MinutesIssued
from shared.decider import Actor, Given
from shared.eventstore import Aggregate, BusinessClock, Context, EventStore, Recorded
from shared.eventstore.store import engine

TENANT = "shanghai.jinshan"
CASES, OF_ONE_SESSION = 10_000, 100
TIMES, WAITING = 60, 50
LIMITS = {"page_p95_ms": 100.0, "page_weight_kb": 200.0, "live_50_rss_mb": 150.0}
FOLDER = Path(__file__).parent
DISK = "/var/tmp"

PAGES: dict[str, tuple[str, str]] = {
    "待办（经办人）": ("law-clerk", "/work"),
    "待办（联络员）": ("liaison-langxia", "/work"),
    "通知设置": ("law-clerk", "/notices"),
    "年度计划": ("law-clerk", "/plan?year=2021"),
    "述法会": ("law-clerk", "/sessions"),
    "一次述法会": ("party-clerk", "/sessions/2021-2"),
    "稿件": ("law-clerk", "/drafts"),
    "一份稿件": ("law-clerk", "/drafts/2021-1-langxia"),
    "整改台账": ("law-clerk", "/cases"),
    "整改台账（筛选、排序）": ("law-clerk", "/cases?state=open&sort=-due_on"),
    "整改台账（检索）": ("law-clerk", "/cases?q=单位50"),
    "整改台账（含下级）": ("law-clerk", "/cases?within=subtree"),
    "一件整改": ("law-clerk", "/cases/2021-1-langxia"),
    "整改任务清单": ("liaison-langxia", "/duties"),
    "全覆盖": ("law-clerk", "/coverage?year=2021"),
    "年度考评": ("organization", "/evaluation?year=2021"),
    "一份考评表": ("organization", "/evaluation/2021/langxia"),
    "审计": ("auditor", "/ledger"),
    "审计（一个服务）": ("auditor", "/ledger/rectification"),
    "审计（某日）": ("auditor", "/ledger/rectification?as_of=2021-10-20"),
    "系统": ("operator", "/system"),
}
"""Each page of the portal: who opens it, and where."""


@dataclass(frozen=True)
class TakeOver:
    excerpts: int


@dataclass(frozen=True)
class TakenOver:
    excerpts: int


def _decide(state: int, command: TakeOver, given: Given[None]) -> list[TakenOver]:
    return [TakenOver(command.excerpts)]


def _evolve(state: int, event: TakenOver) -> int:
    match event:
        case TakenOver():
            return state + event.excerpts
        case _ as unreachable:
            assert_never(unreachable)


def _publish(recorded: Recorded[TakenOver], state: int) -> list[MinutesIssued]:
    """Minutes that ask something of a hundred units, each with a date of its own."""
    round_ = int(recorded.id)
    sent = date(2022, 7, 8)
    due = [date(2022, 7, 20) + timedelta(days=(round_ * 7 + n) % 160) for n in range(recorded.event.excerpts)]
    return [
        MinutesIssued(
            session=f"2022-{round_}",
            plan_year=2022,
            number=round_,
            held_on=sent - timedelta(days=20),
            document_number=f"示例委办〔2022〕{round_}号",
            signed_by="示例·签发人",
            signed_on=sent,
            sent_on=sent,
            excerpts=[
                Excerpt(
                    unit=f"danwei{n}",
                    unit_name=f"示例单位{n}",
                    category="government",
                    post="head",
                    title="主任",
                    person=f"示例·{n}",
                    items=[
                        Item(
                            item="i1",
                            task_line="完善重大行政决策合法性审查程序",
                            comment="c1",
                            by="示例·领导",
                        )
                    ],
                    due_on=on,
                    due_before_rolling=on,
                    official_order=1000 + n,
                )
                for n, on in enumerate(due)
            ],
        )
    ]


HISTORY: Aggregate[int, TakeOver, TakenOver, None] = Aggregate(
    kind="history", events=TakenOver, initial=0, decide=_decide, evolve=_evolve, publish=_publish
)


async def _open_cases(cluster: Cluster) -> None:
    """Minutes said in review's name, so that every service hears and does what it always does."""
    store = EventStore(
        "review",
        engine(cluster.database_url("review", "app"), 1),
        engine(cluster.database_url("review", "relay"), 1),
        BusinessClock(simulated=True),
    )
    context = Context(TENANT, Actor("benchmark", "benchmark"), "benchmark")
    for round_ in range(101, 101 + CASES // OF_ONE_SESSION):
        await store.execute(HISTORY, str(round_), TakeOver(OF_ONE_SESSION), context)
    await store.close()


def _settle(cluster: Cluster) -> None:
    talk = Talk(cluster)
    try:
        Day(talk, "operator", patience=600.0).settle()
    finally:
        talk.close()


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds from the request to the last byte, and how heavy it is, also as a proxy sends it."""

    milliseconds: list[float]
    bytes: int
    squeezed: int

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
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Cookie": self._cookie, "Accept": "text/html"})
        answer = self._connection.getresponse()
        body = answer.read()
        spent = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise ValueError(f"{path}: {answer.status}")
        return spent, body

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


def _measure(portal: str, pages: dict[str, tuple[str, str]]) -> dict[str, Measured]:
    """Every page in turn, many times, in an order drawn anew each time."""
    visitors = {user: Visitor(portal, user) for user, _ in pages.values()}
    spent: dict[str, list[float]] = {name: [] for name in pages}
    last: dict[str, bytes] = {}
    for turn in range(TIMES + 3):
        for name in random.sample(list(pages), len(pages)):
            user, path = pages[name]
            took, last[name] = visitors[user].get(f"/t/{TENANT}{path}")
            if turn >= 3:  # before that templates, plans and connections are made
                spent[name].append(took)
    return {name: Measured(spent[name], *_heavy(portal, last[name])) for name in pages}


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


def _rss(cluster: Cluster) -> float:
    return float(psutil.Process(cluster.processes()["portal"].pid).memory_info().rss) / 1e6


def main(
    only: Annotated[str, typer.Option(help="Pages whose path contains this; no results are written.")] = "",
) -> None:
    """Measure; exit with 1 where a limit is missed."""
    console = Console(width=110)
    pages = {name: page for name, page in PAGES.items() if only in page[1]}
    with tempfile.TemporaryDirectory(prefix="shufa-pages-", dir=DISK) as folder:
        home = Path(folder, "home")
        demo(home, keep=True, console=Console(file=io.StringIO()))
        cluster = Cluster.running(home)
        try:
            with console.status(f"opening {CASES:,} cases"):
                began = time.monotonic()
                asyncio.run(_open_cases(cluster))
                _settle(cluster)
            console.print(
                f"{CASES:,} cases opened and heard of everywhere in {time.monotonic() - began:.0f} s"
            )
            portal = cluster.service_url("portal")
            found = _measure(portal, pages)
            with _waiting(portal, Visitor(portal, "law-clerk").cookie):
                waiting = _rss(cluster)
        finally:
            cluster.stop(purge=True)
    console.print(_table(found))
    values = {
        "page_p95_ms": max(one.p95 for one in found.values()),
        "page_weight_kb": max(one.bytes for one in found.values()) / 1000,
        "live_50_rss_mb": waiting,
    }
    for name, value in values.items():
        word = "met" if value <= LIMITS[name] else "[bold red]missed[/]"
        console.print(f"{name}: {value:.1f} (at most {LIMITS[name]:g}) {word}")
    if not only:
        rounded: dict[str, Any] = {name: round(value, 1) for name, value in values.items()}
        rounded["pages"] = {
            name: {"p50_ms": round(one.p50, 1), "p95_ms": round(one.p95, 1), "kb": round(one.bytes / 1000, 1)}
            for name, one in found.items()
        }
        (FOLDER / "pages.json").write_text(json.dumps(rounded, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if any(value > LIMITS[name] for name, value in values.items()):
        raise typer.Exit(1)


def _table(found: dict[str, Measured]) -> Table:
    shown = Table(
        "page", "path", title=f"Pages with {CASES:,} cases, each {TIMES} times; all its files counted"
    )
    for heading in ("p50 ms", "p95 ms", "kB", "kB compressed"):
        shown.add_column(heading, justify="right")
    for name, one in found.items():
        shown.add_row(
            name,
            PAGES[name][1],
            f"{one.p50:.1f}",
            f"{one.p95:.1f}",
            f"{one.bytes / 1000:.0f}",
            f"{one.squeezed / 1000:.0f}",
        )
    return shown


if __name__ == "__main__":
    typer.run(main)
