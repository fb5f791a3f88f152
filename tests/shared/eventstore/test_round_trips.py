"""How often a command speaks to the database, counted on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import Aggregate, EventStore, Key
from shared.eventstore.store import engine
from tests.shared.conftest import SERVICE, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, NOTES, Close, Event, Notebook, Write

LIMIT = 6
"""BEGIN and COMMIT among them."""


class Wire:
    """A pipe to the server that counts round trips: every time the client speaks after the server has spoken."""

    def __init__(self) -> None:
        self.round_trips = 0
        self._server_spoke_last = True

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        while data := await reader.read(65536):
            if from_client and self._server_spoke_last:
                self.round_trips += 1
            self._server_spoke_last = not from_client
            writer.write(data)
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def to(self, host: str, port: int) -> AsyncIterator[int]:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            up_reader, up_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(
                self._forward(reader, up_writer, from_client=True),
                self._forward(up_reader, writer, from_client=False),
            )

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


async def _some_fact(connection: AsyncConnection, tenant: str, id: str, command: object) -> None:
    await connection.execute(sa.select(sa.func.count()).select_from(NOTES))


WITH_FACTS: Aggregate[Notebook, Write | Close, Event, None] = Aggregate(
    kind="notebook",
    events=NOTEBOOK.events,
    initial=NOTEBOOK.initial,
    decide=NOTEBOOK.decide,
    evolve=NOTEBOOK.evolve,
    views=NOTEBOOK.views,
    publish=NOTEBOOK.publish,
    deadlines=NOTEBOOK.deadlines,
    facts=_some_fact,
)


async def test_a_command_with_facts_two_views_a_deadline_and_a_public_event_stays_within_the_limit(
    place: Place,
) -> None:
    url = urlsplit(place.app_url)
    wire = Wire()
    async with wire.to("127.0.0.1", url.port or 0) as port:
        through = place.app_url.replace(f":{url.port}/", f":{port}/")
        store = EventStore(SERVICE, engine(through, 1), place.store.relay, place.store.clock)
        spent = []
        for note in range(4):  # the first connect and prepare
            before = wire.round_trips
            await store.execute(WITH_FACTS, "a", Write("text", note), context(), key=Key(str(note), b"x"))
            spent.append(wire.round_trips - before)
        await store.app.dispose()
    assert spent[-1] == spent[-2] == LIMIT
    assert spent[0] > LIMIT, "the wire counts"
