"""``shufa rebuild``: read models made anew while the service goes on; ``shufa ledger import``: a history taken over."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.console import HomeOption, say
from deploy.local.home import Home, LocalError
from deploy.local.operate import ServiceArgument, database, run

if TYPE_CHECKING:
    from shared.runtime.service import Service

_SHOWN = 20

Advance = Callable[[int, int], None]
"""Told how many events are done, and how many there are."""


def rebuild(
    service: ServiceArgument,
    view: Annotated[
        str | None, typer.Argument(help="One read model; all of the service's by default.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make read models anew from the ledgers, or from what was heard, while commands go on.

    Each is filled beside the live one and takes its place at the end, in a few milliseconds. Interrupted or failed, it
    leaves the live one as it was.
    """
    from shared.eventstore.sources import NotRebuilt
    from shared.runtime.collector import collect_seldom

    owner_url = database(Home.at(home), service, "owner")
    known = read_models(loaded(service))
    collect_seldom()
    if view is not None and view not in known:
        raise LocalError(f"{service} has no read model {view!r}; it has {', '.join(known)}.")
    for name in (view,) if view else known:
        began = time.monotonic()
        try:
            with advancing(name) as advance:
                events = run(known[name](owner_url, progress=advance))
        except NotRebuilt as error:
            raise LocalError(f"{error}.") from error
        say(f"{name}: made anew from {in_words(events, time.monotonic() - began)}")


def import_history(
    service: ServiceArgument,
    source: Annotated[
        Path,
        typer.Option("--from", exists=True, dir_okay=False, help="A file of JSON lines, an event a line."),
    ],
    home: HomeOption = None,
) -> None:
    """Take over a history: events of empty ledgers, with their hash chain; then make views and deadlines anew.

    A line is {"tenant", "stream", "event", "version", "data", "business_date", "actor": {"id", "name"}} and, where the
    event names texts by reference and hash, "texts": [{"ref", "salt", "body", "sha256"}]. The events of a tenant
    follow each other in their order. Every line is checked before the first is written; an import that broke off goes
    on when it is run again. Nothing of it is published.
    """
    from deploy.local.cluster import Cluster
    from shared.eventstore import history
    from shared.eventstore.store import engine

    url, found = database(Home.at(home), service, "app"), loaded(service)
    with source.open("rb") as lines:
        name = hashlib.file_digest(lines, "sha256").hexdigest()[:16]
    try:
        with source.open("rb") as lines:
            unfit = list(islice(history.check(history.parsed(lines), found.aggregates), _SHOWN + 1))
    except history.Unfit as error:
        unfit = [error]
    if unfit:
        tail = tuple(str(one) for one in unfit[:_SHOWN])
        more = " and more" if len(unfit) > _SHOWN else ""
        raise LocalError(f"{len(tail)} lines{more} cannot be imported; nothing was written.", tail=tail)
    with source.open("rb") as lines:
        total = sum(1 for _ in lines)

    async def write(advance: Advance) -> int:
        app = engine(url, history.AT_ONCE)
        try:
            with source.open("rb") as lines:
                return await history.import_history(
                    app,
                    found.name,
                    history.parsed(lines),
                    name=name,
                    simulated=Cluster.running(home).state.settings.clock == "simulated",
                    progress=lambda done: advance(done, total),
                )
        finally:
            await app.dispose()

    began = time.monotonic()
    try:
        with advancing("events") as advance:
            events = run(write(advance))
    except history.LedgerInUse as error:
        raise LocalError(f"{error}.") from error
    say(f"{service}: took over {in_words(events, time.monotonic() - began)}")
    rebuild(service, None, home)


def loaded(service: str) -> Service:
    """A service as its own process has it."""
    found: Service = getattr(importlib.import_module(f"services.{service}.main"), service.upper())
    return found


def read_models(service: Service) -> dict[str, Callable[..., Coroutine[Any, Any, int]]]:
    """How each read model of a service is made anew, by its name: given the owner's address and ``progress``. Of
    deadlines those that are missing are added."""
    from shared.eventstore.rebuild import add_deadlines, rebuild, rebuild_projection

    views: dict[str, Callable[..., Coroutine[Any, Any, int]]] = {
        view.name: partial(rebuild, aggregate=aggregate, view=view)
        for aggregate in service.aggregates
        for view in aggregate.views
    }
    heard = {
        projection.table.name: partial(rebuild_projection, service=service.name, projection=projection)
        for projections in service.reactions.projections.values()
        for projection in projections
    }
    dated = [aggregate for aggregate in service.aggregates if aggregate.has_deadlines]
    deadlines = {"deadlines": partial(add_deadlines, aggregates=dated)} if dated else {}
    return {**views, **heard, **deadlines}


@contextmanager
def advancing(what: str) -> Iterator[Advance]:
    """A bar with events and their rate on a terminal; elsewhere a line at each tenth."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line_at_each_tenth(what)
        return
    rate = TextColumn("{task.fields[rate]}")
    with Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(), console=console
    ) as bar:
        task, began = bar.add_task(what, rate=""), time.monotonic()

        def advance(done: int, total: int) -> None:
            seconds = max(time.monotonic() - began, 0.001)
            bar.update(task, completed=done, total=total, rate=f"{done / seconds:,.0f}/s")

        yield advance


def _line_at_each_tenth(what: str) -> Advance:
    said = 0

    def advance(done: int, total: int) -> None:
        nonlocal said
        if total and done * 10 // total > said:
            said = done * 10 // total
            say(f"{what}: {done:,} of {total:,} events")

    return advance


def in_words(events: int, seconds: float) -> str:
    """How much was done and how fast."""
    return f"{events:,} events in {seconds:.1f} s, {events / max(seconds, 0.001):,.0f} a second"
