"""One service as one process: HTTP, relay, inbox, applier and deadlines in one event loop."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert

from shared.decider import Refused
from shared.eventstore import Aggregate, BusinessClock, Deadlines, EventStore, Fires, View, tables
from shared.eventstore.failures import is_unavailable
from shared.eventstore.keys import seal_key
from shared.eventstore.seals import Sealer
from shared.eventstore.store import APP_CONNECTIONS, RELAY_CONNECTIONS, engine
from shared.messaging import Reactions
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.fork import behind, hear_again
from shared.messaging.inbox import Inbox
from shared.messaging.loop import Loop
from shared.messaging.relay import Relay
from shared.messaging.topology import LISTENS_TO
from shared.observability import tracing
from shared.observability.logs import configure
from shared.observability.metrics import LOOP_LATE_SECONDS
from shared.observability.requests import Timed
from shared.runtime import messages, problems
from shared.runtime.collector import YOUNG, collect_seldom
from shared.runtime.figures import Counting, Figures
from shared.runtime.gate import Gate
from shared.runtime.http import Withheld, command_routes, read_routes
from shared.runtime.ledger import ledger_routes
from shared.runtime.operations import operation_routes
from shared.runtime.settings import Settings, complaints
from shared.security.offices import more_offices_than_policy_allows
from shared.security.tokens import TokenVerifier

log = structlog.get_logger(__name__)

FROZEN_AFTER_SECONDS = 30.0
"""An event loop that has not turned for so long ends the process: a supervisor starts it again."""
BEAT_SECONDS = 1.0
BEHIND_AGAIN_SECONDS = 2.0
"""How often a service whose ledger is behind looks whether an operator has accepted that."""

T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """What a service hands over to become a process."""

    name: str
    aggregates: Sequence[Aggregate[Any, Any, Any, Any]]
    commands: Sequence[tuple[Aggregate[Any, Any, Any, Any], type[Any]]]
    views: Sequence[View]
    reactions: Reactions
    fires: Fires = field(default_factory=dict)
    routes: Callable[[EventStore, Gate], APIRouter] | None = None
    settings: type[Settings] = Settings
    withheld: Withheld | None = None
    site: Callable[[Running, Gate, Any, Any], FastAPI] | None = None
    """In place of commands and reads over HTTP: pages. Given what runs, the gate, the settings and the lifespan."""
    figures: Figures | None = None
    young: int = YOUNG
    """How many values are made before the collector looks for cycles among them."""

    @property
    def package(self) -> str:
        """Where the service's own messages.toml lies."""
        return f"services.{self.name}"


class Running:
    """The parts of a service while it runs."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.store = EventStore(
            service.name,
            engine(settings.database_url.get_secret_value(), APP_CONNECTIONS),
            engine(settings.relay_database_url.get_secret_value(), RELAY_CONNECTIONS),
            BusinessClock(simulated=settings.clock == "simulated"),
            guard=more_offices_than_policy_allows,
        )
        self.store.closed_because = Refused("kernel.starting")
        self.first_key = seal_key(settings.seal_key).first
        self.broker = Broker(settings.nats_url.get_secret_value(), service.name)
        self.inbox = Inbox(self.store, self.broker, LISTENS_TO[service.name])
        self.day_changed = asyncio.Event()
        self.before_stop: list[Callable[[], None]] = []
        applier = Applier(self.store, self.inbox, service.reactions)
        relay = Relay(self.store, self.broker)
        deadlines = Deadlines(self.store, service.aggregates, service.fires)

        self.sealer = Sealer(self.store, partial(seal_key, settings.seal_key), settings.roots)

        async def fire() -> bool:
            return await deadlines.fire_due() > 0

        self.loops = [
            Loop("relay", relay.step, self.store.committed),
            Loop("applier", applier.step, self.inbox.stored),
            Loop("deadlines", fire, self.day_changed, every=1.0),
            Loop("seal", self.sealer.step, asyncio.Event(), every=60.0),
            Loop("housekeeping", self.store.forget_old_commands, asyncio.Event(), every=3600.0),
        ]
        self.counting: Counting | None = None
        if service.figures is not None:
            self.counting = Counting(self.store, service.figures, lambda: relay.holds_lease)
            self.loops.append(Loop("figures", self.counting.step, asyncio.Event(), every=1.0))

    def before_scrape(self) -> None:
        """No replica that was frozen shows what another counts by now."""
        if self.counting is not None:
            self.counting.retract_unless_active()

    async def start(self) -> None:
        """Wait for the database and the broker, see that no ledger is behind what was said, then accept commands and
        carry messages. Reads are answered meanwhile."""
        await _patiently(self._set_first_day)
        await _patiently(self.broker.connect)
        while not await _patiently(self._knows_what_it_said):  # noqa: ASYNC110  # accepted by another process
            await asyncio.sleep(BEHIND_AGAIN_SECONDS)
        await _patiently(self._hear_again)
        await _patiently(self.broker.start)
        self.store.closed_because = None
        for loop in self.loops:
            loop.start()
        log.info("started")

    async def _knows_what_it_said(self) -> bool:
        ledgers = await behind(self.store, self.broker.jetstream, self.first_key, self.settings.roots)
        tenants = [one.tenant for one in ledgers]
        closed = self.store.closed_because
        if tenants and (closed is None or closed.data.get("tenants") != tenants):
            lost = sum(len(one.lost) for one in ledgers)
            log.critical("start.ledger_behind_stream", tenants=tenants, lost=lost)
            self.store.closed_because = Refused("kernel.ledger-behind-stream", tenants=tenants)
        return not tenants

    async def _hear_again(self) -> None:
        await hear_again(self.store, self.broker.jetstream, self.inbox)

    async def stop(self) -> None:
        """Stop taking, finish what is in hand, leave."""
        await self.broker.stop()
        for loop in self.loops:
            await loop.stop()
        await self.store.close()
        await asyncio.to_thread(tracing.switch_off)
        log.info("stopped")

    async def _set_first_day(self) -> None:
        if self.settings.simulated_start is not None:
            async with self.store.relay.begin() as connection:
                first = insert(tables.business_day).values(today=self.settings.simulated_start)
                await connection.execute(first.on_conflict_do_nothing())


async def _patiently(step: Callable[[], Awaitable[T]]) -> T:
    """Try a step of the start again until it succeeds."""
    wait = 0.1
    while True:
        try:
            return await step()
        except Exception as error:
            log.warning("start.waiting", error=type(error).__name__, known=is_unavailable(error))
            await asyncio.sleep(wait)
            wait = min(2 * wait, 2.0)


def application(service: Service, settings: Settings) -> FastAPI:
    """The service's HTTP application; its lifespan runs the rest of the service."""
    running = Running(service, settings)
    verifier = TokenVerifier(
        settings.issuer,
        settings.audience,
        settings.jwks_url,
        algorithms=settings.algorithms,
        grants_claim=settings.grants_claim,
    )
    gate = Gate(verifier, running.store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _end_when_frozen()
        starting = asyncio.create_task(running.start(), name="start")
        yield
        if not starting.done():
            starting.cancel()
        await running.stop()
        await verifier.close()

    if service.site is None:
        app = http_of(service, running.store, gate, lifespan=lifespan, sealer=running.sealer)
    else:
        app = service.site(running, gate, settings, lifespan)
    app.state.running = running
    app.include_router(
        operation_routes(running.store, running.broker, gate, running.day_changed.set, running.before_scrape)
    )
    return app


def http_of(
    service: Service, store: EventStore, gate: Gate, lifespan: Any = None, sealer: Sealer | None = None
) -> FastAPI:
    """What a service answers to people over HTTP: commands, reads, and routes of its own."""
    app = FastAPI(
        title=f"Shufa {service.name}",
        description=f"The {service.name} service of Shufa (述法).",
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from elsewhere; the document itself is /openapi.json
        redoc_url=None,
        telemetry=tracing.of_requests(),
    )
    problems.install(app, messages.load([service.package]))
    app.include_router(command_routes(store, gate, service.commands))
    app.include_router(read_routes(store, gate, service.views, service.aggregates, service.withheld))
    app.include_router(ledger_routes(store, gate, sealer))
    if service.routes is not None:
        app.include_router(service.routes(store, gate))
    app.add_middleware(Timed)
    return app


class _Server(uvicorn.Server):
    """Says that it is about to stop before it waits for the answers in hand: one that has no end of its own, such as a
    stream of news, would be waited for in vain."""

    def __init__(self, config: uvicorn.Config, running: Running) -> None:
        super().__init__(config)
        self._running = running

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking, finish what is in hand."""
        for end in self._running.before_stop:
            end()
        await super().shutdown(sockets)


def run(service: Service) -> None:
    """Run a service until it is told to stop. Wrong settings end it with code 2 and say what is wrong."""
    try:
        settings = service.settings()
    except ValidationError as error:
        for one in complaints(error):
            print(f"{service.name}: {one}", file=sys.stderr)
        sys.exit(2)
    configure(service.name, settings.log_level)
    if settings.otlp_url is not None:
        tracing.switch_on(service.name, settings.otlp_url)
    app = application(service, settings)
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=8,
        ),
        app.state.running,
    )
    sockets = None
    if settings.listen_fd is not None:
        sockets = [socket.socket(fileno=settings.listen_fd)]
    collect_seldom(service.young)
    server.run(sockets=sockets)


def _end_when_frozen() -> None:
    """Watch the event loop from a thread of its own: a loop that hangs cannot say so itself."""
    loop = asyncio.get_running_loop()
    seen = [time.monotonic()]

    def beat() -> None:
        now = time.monotonic()
        LOOP_LATE_SECONDS.inc(max(0.0, now - seen[0] - BEAT_SECONDS))
        seen[0] = now
        loop.call_later(BEAT_SECONDS, beat)

    def watch() -> None:
        while time.monotonic() - seen[0] < FROZEN_AFTER_SECONDS:
            time.sleep(1.0)
        os._exit(70)

    beat()
    threading.Thread(target=watch, name="watchdog", daemon=True).start()
