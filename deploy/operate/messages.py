"""Parked events and publishing again: each done to the database of one service, and said in a line or a table."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from deploy.local.console import print_table, say
from deploy.local.home import LocalError
from deploy.operate.parts import run
from shared.messaging.operate import NotParked, parked_drop, parked_list, parked_retry
from shared.messaging.operate import republish as publish_again


def show_parked(service: str, relay_url: str) -> None:
    """What a service could not apply, and how much waits behind each."""
    print_table(
        f"Parked in {service}",
        ("source", "tenant", "epoch", "sequence", "event", "key", "waiting", "error"),
        (
            (p.source, p.tenant, p.epoch, p.sequence, p.event, p.partition_key, p.waiting_behind, p.error)
            for p in run(parked_list(relay_url))
        ),
    )


def retry(relay_url: str, source: str, tenant: str, sequence: int) -> None:
    """Apply a parked event again. Raises LocalError where it is not parked."""
    released = _released(parked_retry(relay_url, source, tenant, sequence))
    say(f"{source}:{tenant}#{sequence} will be tried again; {released} events go on.")


def drop(relay_url: str, source: str, tenant: str, sequence: int, reason: str) -> None:
    """Leave a parked event out for good. Raises LocalError where it is not parked."""
    released = _released(parked_drop(relay_url, source, tenant, sequence, reason))
    say(f"{source}:{tenant}#{sequence} was dropped; {released} events go on.")


def _released(work: Coroutine[Any, Any, int]) -> int:
    try:
        return run(work)
    except NotParked as error:
        raise LocalError(f"{error}.") from error


def republish(service: str, relay_url: str, start: int, tenant: str | None) -> None:
    """Publish a service's events again, from a public sequence on."""
    count = run(publish_again(relay_url, tenant=tenant, from_sequence=start))
    say(f"{count} events of {service} will be published again.")
