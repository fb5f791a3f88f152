"""The accounts of the NATS server: ours with the stream, and one for each subscriber outside, with two consumers.

An account of its own, and not a user in ours: a client may name any subject for the answer to its request, and no
permission is asked about that. In an account of its own the answer goes nowhere else (docs/decisions/0017).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from deploy.local.home import Home, LocalError, write_private

USER = "shufa"
STREAM_ACCOUNT = STREAM = "SHUFA"
"""The account and the stream in it; services say the stream's name in shared.messaging.topology."""
API = "SHUFA.API"
"""What a subscriber's client calls JetStream's API: ``$JS.API`` is its own account's, where there is none."""

KINDS = ("progress", "content")


@dataclass(frozen=True)
class Subscriber:
    """Who hears a tenant's events from outside. Of its password there is only what bcrypt made of it."""

    name: str
    tenant: str
    password: str = field(repr=False)

    @property
    def consumers(self) -> tuple[str, ...]:
        """Its two consumers: progress of the tenant's subtree, content of the tenant itself."""
        return tuple(f"{self.name}-{kind}" for kind in KINDS)

    @property
    def inbox(self) -> str:
        """What its client gives as prefix of its inboxes."""
        return f"_INBOX.{self.name}"


def read_subscribers(home: Home) -> tuple[Subscriber, ...]:
    """Everybody who was added, in order of their names."""
    try:
        stored = json.loads(home.subscribers.read_text())
        return tuple(Subscriber(**one) for one in sorted(stored, key=lambda one: one["name"]))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError, KeyError) as error:
        raise LocalError(f"{home.subscribers} is not a subscribers file of this version.") from error


def write_subscribers(home: Home, subscribers: Iterable[Subscriber]) -> None:
    """Replace the file that says who was added."""
    write_private(home.subscribers, json.dumps([asdict(one) for one in subscribers], indent=1) + "\n")


def accounts(password: str, subscribers: Iterable[Subscriber]) -> str:
    """The accounts as nats-server reads them: JSON is its configuration's own notation."""
    listed = tuple(subscribers)
    ours = {
        "jetstream": "enabled",
        "users": [{"user": USER, "password": password}],
        "exports": [
            # one question for messages has many answers
            {"service": subject, "accounts": [_account(one)], "response_type": "stream"}
            for one in listed
            for subject in _reached(one)
        ],
    }
    theirs = {_account(one): _of(one) for one in listed}
    return f"accounts: {json.dumps({STREAM_ACCOUNT: ours, **theirs}, indent=1)}\n"


def _of(subscriber: Subscriber) -> dict[str, Any]:
    imported = {subject: subject.replace("$JS.API", API) for subject in _reached(subscriber)}
    permissions = {"publish": list(imported.values()), "subscribe": [f"{subscriber.inbox}.>"]}
    return {
        "users": [
            {"user": subscriber.name, "password": subscriber.password, "permissions": permissions},
        ],
        "imports": [
            {"service": {"account": STREAM_ACCOUNT, "subject": subject}, "to": to}
            for subject, to in imported.items()
        ],
    }


def _account(subscriber: Subscriber) -> str:
    return f"subscriber-{subscriber.name}"


def _reached(subscriber: Subscriber) -> list[str]:
    """All of JetStream that a subscriber reaches: it asks for messages, acknowledges them, and looks how many wait."""
    reached = []
    for consumer in subscriber.consumers:
        reached += [
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}",
            f"$JS.API.CONSUMER.INFO.{STREAM}.{consumer}",
            f"$JS.ACK.{STREAM}.{consumer}.>",
        ]
    return reached
