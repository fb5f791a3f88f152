"""Read models made anew while the service goes on, and how far that is."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from deploy.local.console import say
from deploy.local.home import LocalError
from deploy.operate.parts import run
from shared.eventstore import rebuild as making
from shared.eventstore.sources import NotRebuilt
from shared.runtime.collector import collect_seldom
from shared.runtime.service import Service

Advance = Callable[[int, int], None]
"""Told how many events are done, and how many there are."""


def rebuild(service: str, owner_url: str, view: str | None) -> None:
    """Make one read model of a service anew, or all of them, as the owner of its database.

    Raises LocalError where there is no such view, or another rebuild is under way.
    """
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


def loaded(service: str) -> Service:
    """A service as its own process has it."""
    found: Service = getattr(importlib.import_module(f"services.{service}.main"), service.upper())
    return found


def read_models(service: Service) -> dict[str, Callable[..., Coroutine[Any, Any, int]]]:
    """How each read model of a service is made anew, by its name: given the owner's address and ``progress``. Of
    deadlines those that are missing are added."""
    views: dict[str, Callable[..., Coroutine[Any, Any, int]]] = {
        view.name: partial(making.rebuild, aggregate=aggregate, view=view)
        for aggregate in service.aggregates
        for view in aggregate.views
    }
    heard = {
        projection.table.name: partial(making.rebuild_projection, service=service.name, projection=projection)
        for projections in service.reactions.projections.values()
        for projection in projections
    }
    dated = [aggregate for aggregate in service.aggregates if aggregate.has_deadlines]
    deadlines = {"deadlines": partial(making.add_deadlines, aggregates=dated)} if dated else {}
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
