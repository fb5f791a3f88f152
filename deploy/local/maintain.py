"""``shufa rebuild``: read models made anew while the service goes on; ``shufa ledger import``: a history taken over."""

from __future__ import annotations

import hashlib
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.console import HomeOption, say
from deploy.local.home import Home, LocalError
from deploy.local.operate import ServiceArgument, database
from deploy.operate.parts import run

if TYPE_CHECKING:
    from deploy.operate.views import Advance

_SHOWN = 20


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
    url = database(Home.at(home), service, "owner")
    from deploy.operate.views import rebuild as make_anew

    make_anew(service, url, view)


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
    from deploy.operate.views import advancing, in_words, loaded
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
