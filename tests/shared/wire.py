"""A pipe between a client and a real server: counts their round trips, and cuts connections at a chosen moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Said = Callable[[bytes], bool]
"""Is this what the client just said the moment to cut?"""


Moment = Literal["before", "during", "after"]
"""``before``: the server does not hear what the client said. ``after``: it does it and answers, and the client does
not hear the answer. ``during``: it hears it, and the connection is gone while it works on it."""


def commit(said: bytes) -> bool:
    """The client asks PostgreSQL to commit."""
    return b"COMMIT" in said


def nth(number: int) -> Said:
    """The client speaks for the ``number``-th time, counted from 1, over all connections."""
    spoken = 0

    def at(said: bytes) -> bool:
        nonlocal spoken
        spoken += 1
        return spoken == number

    return at


@dataclass
class Wire:
    """``url`` leads to the server through this pipe. A round trip: the client speaks after the server has spoken.
    ``cuts`` is how many cuts were made of those that were planned. ``quiet``: when the server ends a connection, the
    client hears its last words but not the end."""

    url: str
    round_trips: int = 0
    cuts: int = 0
    quiet: bool = False
    _whole: bool = True
    _planned: tuple[Said, Moment, bool] | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _carrying: set[asyncio.Task[None]] = field(default_factory=set)

    def cut(self, at: Said, moment: Moment, *, for_good: bool = False) -> None:
        """Cut the connection on which this moment comes, once; ``for_good``: no new one gets through until ``mend``."""
        self._planned = at, moment, for_good

    def sever(self) -> None:
        """Cut every connection now."""
        for writer in self._open:
            writer.close()

    def mend(self) -> None:
        """Let connections through again, and cut none."""
        self._whole, self._planned = True, None

    def _connected(
        self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self._whole:
            writer.close()
            return
        task = asyncio.create_task(self._carry(host, port, reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(
        self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        server_reader, server_writer = await asyncio.open_connection(host, port)
        ends = (writer, server_writer)
        self._open.update(ends)
        server_spoke_last, deaf = True, False

        async def to_server() -> None:
            nonlocal server_spoke_last, deaf
            while data := await reader.read(1 << 16):
                self.round_trips += server_spoke_last
                server_spoke_last = False
                moment = self._cut_now(data)
                if moment == "before":
                    return
                deaf = deaf or moment == "after"
                server_writer.write(data)
                await server_writer.drain()
                if moment == "during":
                    return

        async def to_client() -> None:
            nonlocal server_spoke_last
            while data := await server_reader.read(1 << 16):
                server_spoke_last = True
                if deaf:
                    return
                writer.write(data)
                await writer.drain()
            if self.quiet:
                await asyncio.Event().wait()  # until the client gives up

        ways = [asyncio.create_task(way()) for way in (to_server, to_client)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.difference_update(ends)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)  # one end was reset: so is the other
            for end in ends:
                end.close()

    def _cut_now(self, said: bytes) -> Moment | None:
        if self._planned is None or not self._planned[0](said):
            return None
        _, moment, for_good = self._planned
        self._planned = None
        self._whole = not for_good
        self.cuts += 1
        return moment


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """A pipe to the server at ``url``; every connection through it is cut at the end."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 0
    wire = Wire("")
    server = await asyncio.start_server(lambda *ends: wire._connected(host, port, *ends), "127.0.0.1", 0)
    there = server.sockets[0].getsockname()[1]
    wire.url = parts._replace(netloc=parts.netloc.replace(f":{port}", f":{there}")).geturl()
    try:
        yield wire
    finally:
        server.close()
        wire.sever()
        await asyncio.gather(*wire._carrying)
