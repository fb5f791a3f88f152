"""The simulated business day: it moves on only when nothing is on its way, and stops at every date that fires."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from deploy.local.credentials import SERVICES
from deploy.local.demo.talk import Answer, Talk
from deploy.local.home import LocalError
from deploy.local.waiting import until
from shared.messaging.topology import LISTENS_TO

Clocks = dict[str, dict[str, Any]]
"""Each service's answer to ``GET /clock``."""


@dataclass
class Day:
    """The one hand that moves the clocks of all services (design: two clocks).

    Nothing else but commands and the day itself disturbs the rest: whoever gives a command says so by `stir`, and
    asks by `calm` for what was said to have arrived before it acts on it elsewhere.
    """

    talk: Talk
    operator: str
    patience: float = 90.0
    _stirred: set[str] = field(default_factory=set)
    _rest: Clocks = field(default_factory=dict)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(len(SERVICES)))

    def stir(self, service: str) -> None:
        """A command was carried out there: something may be on its way from it."""
        self._stirred.add(service)

    def calm(self, at: str | None = None) -> None:
        """Wait for whatever was said, except by ``at`` itself: a service knows what it said without being told."""
        if not self._rest or self._stirred - {at}:
            self.settle()

    def settle(self) -> Clocks:
        """Wait until every service is at rest. Raises LocalError if an event was parked: it would never be."""
        moving: list[str] = []

        def rested() -> Clocks | None:
            clocks = self._clocks()
            moving[:] = unrest(clocks)
            return None if moving else clocks

        try:
            self._rest = until(
                rested, within=self.patience, what="The services did not come to rest", pause=_look_again
            )
        except LocalError as error:
            raise LocalError("; ".join([str(error), *moving])) from error
        self._stirred.clear()
        return self._rest

    def advance(self, to: date) -> None:
        """Move to a day, by way of every date that is due before it, each settled before the next."""
        if self._rest and self._is_everywhere(to):
            return
        self.calm()
        while not self._is_everywhere(to):
            due = (clock["next_due"] for clock in self._rest.values() if clock["next_due"])
            self._rest = self._move(min([to, *map(date.fromisoformat, due)]))
            if unrest(self._rest):
                self.settle()

    def _is_everywhere(self, day: date) -> bool:
        return {clock["today"] for clock in self._rest.values()} == {day.isoformat()}

    def _move(self, day: date) -> Clocks:
        """Say to all that it is that day. Each answers with what the day brought it: where all rested before and
        nothing fell due, all rest still."""
        body = {"today": day.isoformat()}
        return {
            service: _clock(service, answer, f"does not take {day} as its day")
            for service, answer in self._all(lambda one: self.talk.post(self.operator, one, "/clock", body))
        }

    def _clocks(self) -> Clocks:
        return {
            service: _clock(service, answer, "does not tell its clock")
            for service, answer in self._all(lambda one: self.talk.get(self.operator, one, "/clock"))
        }

    def _all(self, ask: Callable[[str], Answer]) -> Iterable[tuple[str, Answer]]:
        """Every service asked at once."""
        return zip(SERVICES, self._hands.map(ask, SERVICES), strict=True)


def _clock(service: str, answer: Answer, complaint: str) -> dict[str, Any]:
    if not answer.ok:
        raise LocalError(f"{service} {complaint}: {answer.body.get('detail')}")
    if answer.body["parked"]:
        raise LocalError(f"{service} has parked an event; see `shufa parked list {service}`.")
    return answer.body


def _look_again(_: float) -> None:
    """An event travels for some 20 ms: asking more often would only take the machine from it."""
    time.sleep(0.03)


def unrest(clocks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is still on its way, in words: unpublished, unapplied, due, or said and not yet applied by a listener.

    The answers are of different instants. That is safe: whatever moved between two of them was published after the
    one was read or applied after the other, and either shows as a difference between source and listener.
    """
    moving = [
        f"{service}: {clock[what]} {what}"
        for service, clock in clocks.items()
        for what in ("outbox", "waiting", "due")
        if clock[what]
    ]
    moving += [
        f"{listener} has {applied or 'nothing'} of {source}'s {said} ({tenant})"
        for listener, sources in LISTENS_TO.items()
        for source in sources
        for tenant, said in clocks[source]["published"].items()
        if (applied := clocks[listener]["applied"].get(source, {}).get(tenant)) != said and not _silent(said)
    ]
    return moving


def _silent(said: str) -> bool:
    """A ledger that has published nothing: ``<epoch>/0``."""
    return said.endswith("/0")
