"""What the store must do, in plain Python: one tenant's ledger of notebooks, and everything that is kept beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from shared.eventstore import Answer
from tests.shared.conftest import SERVICE

DAYS_TO_THE_DEADLINE = timedelta(days=10)

Outcome = Answer | str
"""What a command was answered, or the code of its refusal."""


@dataclass(frozen=True)
class Asked:
    """A command as somebody gave it: a note to write, or None to close the notebook."""

    actor: str
    id: str
    note: int | None
    key: str | None = None
    seen_version: int | None = None

    @property
    def stream(self) -> str:
        return f"notebook-{self.id}"

    @property
    def body(self) -> str:
        """What the key stands for."""
        return f"{self.stream} {self.note} {self.seen_version}"

    @property
    def text(self) -> str:
        """What is written beside the ledger."""
        return f"text of {self.id} {self.note}"


@dataclass
class Happened:
    """One event. ``text`` is None where it has none, or where it was blanked."""

    stream: str
    version: int
    note: int | None
    on: date
    actor: str
    text: str | None

    @property
    def name(self) -> str:
        return "Closed" if self.note is None else "Written"


@dataclass
class Ledger:
    """One tenant's events in their order, and the keys that were used."""

    tenant: str
    events: list[Happened] = field(default_factory=list)
    keys: dict[tuple[str, str], tuple[str, Answer]] = field(default_factory=dict)

    def stream(self, name: str) -> list[Happened]:
        return [event for event in self.events if event.stream == name]

    def execute(self, asked: Asked, today: date) -> Outcome:
        used = self.keys.get((asked.actor, asked.key)) if asked.key else None
        if used is not None:
            body, answer = used
            return answer if body == asked.body else "kernel.idempotency-key-reused"
        before = self.stream(asked.stream)
        closed = any(event.name == "Closed" for event in before)
        if asked.seen_version not in (None, len(before)):
            return "kernel.changed-since"
        if asked.note is not None and closed:
            return "shared.not-allowed-now"
        if asked.note is not None and any(event.note == asked.note for event in before):
            return "review.note-twice"
        new: list[Happened] = []
        if not closed:
            text = None if asked.note is None else asked.text
            new = [Happened(asked.stream, len(before) + 1, asked.note, today, asked.actor, text)]
        self.events += new
        names = tuple(event.name for event in new)
        published = len(self.events) if "Written" in names else None
        version = len(before) + len(new)
        answer = Answer(SERVICE, self.tenant, len(self.events), asked.stream, version, names, published)
        if asked.key:
            self.keys[asked.actor, asked.key] = (asked.body, answer)
        return answer

    def deadlines(self) -> dict[str, date]:
        """On which day each notebook that was written in and not closed is to be closed."""
        last = {event.stream: event for event in self.events}
        return {
            stream: event.on + DAYS_TO_THE_DEADLINE
            for stream, event in last.items()
            if event.name == "Written"
        }

    def due(self, today: date) -> list[str]:
        """The notebooks whose day has come, in the order in which they are closed."""
        due = [(day, stream) for stream, day in self.deadlines().items() if day <= today]
        return [stream for _, stream in sorted(due)]

    def fire(self, streams: Iterable[str], today: date) -> None:
        for stream in streams:
            self.execute(Asked("deadline", stream.removeprefix("notebook-"), None), today)

    def written(self) -> list[tuple[int, Happened]]:
        """Events with a text, each with its sequence."""
        return [(n, event) for n, event in enumerate(self.events, start=1) if event.name == "Written"]

    def kept(self) -> dict[str, Any]:
        """Everything the database should hold of this tenant, table by table."""
        streams = {event.stream: self.stream(event.stream) for event in self.events}
        written = self.written()
        return {
            "events": [
                (n, one.stream, one.version, one.name, one.note, one.on, one.actor)
                for n, one in enumerate(self.events, start=1)
            ],
            "texts": {n: one.text for n, one in written},
            "outbox": [
                (public, n, one.stream, one.stream.removeprefix("notebook-"), one.version, one.on)
                for public, (n, one) in enumerate(written, start=1)
            ],
            "head": [(len(self.events), len(written))] if self.events else [],
            "keys": {
                (actor, key, answer.stream, answer.sequence, answer.version, answer.events)
                for (actor, key), (_, answer) in self.keys.items()
            },
            "deadlines": {(stream, "close", day, False, None) for stream, day in self.deadlines().items()},
            "notebooks": {
                (stream, sum(one.name == "Written" for one in events), events[-1].name == "Closed")
                for stream, events in streams.items()
            },
            "notes": {(one.stream, one.note, one.on) for _, one in written},
        }
