"""Public events as older versions said them: read for ever, said no more.

Module ``v<n>`` holds version n of every event that has a newer one, under the event's own name, and beside it how its
data becomes that of version n + 1. They lie in streams, inboxes and outboxes; nobody writes or hears them by hand:
``shared.contracts.envelope.decode`` brings each message to the newest version.
"""

from collections.abc import Callable
from typing import Any

from shared.contracts.superseded import v1

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

MODULES = (v1,)

UPCASTS: dict[tuple[str, int], Upcast] = {
    ("RectificationVerified", 1): v1.rectification_verified_1_to_2,
}
"""(name, n) → data of version n as data of version n + 1."""
