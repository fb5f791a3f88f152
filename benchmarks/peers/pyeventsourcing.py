"""The PyPI package eventsourcing with its PostgreSQL module: an application, an aggregate, a repository."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks import errand


def today() -> str:
    """As text: the transcoder then needs no converter for dates, which is its fastest way."""
    return datetime.now(UTC).date().isoformat()


class Errand(Aggregate):
    """The same errand: its events carry the same fields."""

    @event("Given")
    def __init__(self, unit: str, title: str, office: str, on: str) -> None:
        self.unit, self.title, self.office, self.last = unit, title, office, on
        self.notes = 0

    @event("ProgressNoted")
    def note(self, number: int, text: str, office: str, on: str) -> None:
        self.notes, self.last = number, on


class Errands(Application[UUID]):
    """Five commands an errand, each of which reads the aggregate, triggers an event, saves."""

    def give(self) -> UUID:
        given = Errand(errand.UNIT, errand.TITLE, errand.OFFICE, today())
        self.save(given)
        id: UUID = given.id
        return id

    def note(self, id: UUID, number: int) -> None:
        one: Errand = self.repository.get(id)
        one.note(number, errand.TEXT, errand.OFFICE, today())
        self.save(one)


class PyEventSourcing:
    """The application in a database of its own, with as many threads and connections as we have of both."""

    def __init__(self, url: str, concurrency: int) -> None:
        place = sa.make_url(url)
        self.concurrency = concurrency
        self.threads = ThreadPoolExecutor(concurrency)
        self.application = Errands(
            env={
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": str(place.database),
                "POSTGRES_HOST": str(place.host),
                "POSTGRES_PORT": str(place.port),
                "POSTGRES_USER": str(place.username),
                "POSTGRES_PASSWORD": str(place.password),
                "POSTGRES_POOL_SIZE": str(concurrency),
                "POSTGRES_MAX_OVERFLOW": "0",
                "POSTGRES_ENABLE_DB_FUNCTIONS": "yes",  # one round trip a save: its fastest way
            }
        )

    def append(self, seconds: float) -> int:
        """Errands for so long, in all threads; how many saves that was."""
        until = time.perf_counter() + seconds
        return sum(self.threads.map(self._work, [until] * self.concurrency))

    def _work(self, until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            id = self.application.give()
            for number in range(1, errand.NOTES + 1):
                self.application.note(id, number)
            done += 1 + errand.NOTES
        return done

    def close(self) -> None:
        self.threads.shutdown()
        self.application.close()
