"""The simulated business day: it moves on only when nothing is on its way, and stops at every date that fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from deploy.local.credentials import SERVICES
from deploy.local.demo.talk import Talk
from deploy.local.home import LocalError
from deploy.local.waiting import until
from shared.messaging.topology import LISTENS_TO

Clocks = dict[str, dict[str, Any]]
"""Each service's answer to ``GET /clock``."""


@dataclass
class Day:
    """The one hand that moves the clocks of all services (design: two clocks). Whoever gives a command calls
    `settle` after it: nothing else but commands and the day itself disturbs the rest."""

    talk: Talk
    operator: str
    patience: float = 90.0
    _rest: Clocks = field(default_factory=dict)

    def settle(self) -> Clocks:
        """Wait until every service is at rest. Raises LocalError if an event was parked: it would never be."""
        moving: list[str] = []

        def rested() -> Clocks | None:
            clocks = self._clocks()
            moving[:] = unrest(clocks)
            return None if moving else clocks

        try:
            self._rest = until(rested, within=self.patience, what="The services did not come to rest")
        except LocalError as error:
            raise LocalError("; ".join([str(error), *moving])) from error
        return self._rest

    def advance(self, to: date) -> None:
        """Move to a day, by way of every date that is due before it, each settled before the next."""
        clocks = self._rest or self.settle()
        while {clock["today"] for clock in clocks.values()} != {to.isoformat()}:
            due = (clock["next_due"] for clock in clocks.values() if clock["next_due"])
            self._set(min([to, *map(date.fromisoformat, due)]))
            clocks = self.settle()

    def _set(self, day: date) -> None:
        for service in SERVICES:
            answer = self.talk.post(self.operator, service, "/clock", {"today": day.isoformat()})
            if not answer.ok:
                raise LocalError(f"{service} does not take {day} as its day: {answer.body.get('detail')}")

    def _clocks(self) -> Clocks:
        clocks = {}
        for service in SERVICES:
            answer = self.talk.get(self.operator, service, "/clock")
            if not answer.ok:
                raise LocalError(f"{service} does not tell its clock: {answer.body.get('detail')}")
            if answer.body["parked"]:
                raise LocalError(f"{service} has parked an event; see `shufa parked list {service}`.")
            clocks[service] = answer.body
        return clocks


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
