"""What a process remembers of the streams it wrote last, so that the next command on one need not read it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.eventstore.aggregate import Recorded

MOST = 256
"""Streams that are remembered; the one that was written longest ago is forgotten first."""


@dataclass(frozen=True)
class Seen:
    """What a decision stands on, as begin_command answered it: a stream, and what holds in the tree.

    ``as_of`` is another text where anything but the stream has changed since.
    """

    history: list[Recorded[Any]]
    policies: tuple[tuple[str, int, date, str], ...]
    years: tuple[tuple[int, str], ...]
    tier: str | None
    closed_on: date | None
    day: date | None
    as_of: str | None


class Outdated(Exception):
    """What was remembered is not so any more: nothing was written."""


class Remembered:
    """The streams of one process. Who takes one has it alone; it is remembered again when it was written."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], Seen] = {}

    def take(self, tenant: str, stream: str) -> Seen | None:
        """What is remembered of a stream, once."""
        return self._streams.pop((tenant, stream), None)

    def keep(self, tenant: str, stream: str, seen: Seen) -> None:
        """Remember a stream as the last one written."""
        self._streams[tenant, stream] = seen
        if len(self._streams) > MOST:
            del self._streams[next(iter(self._streams))]
