"""The dates that review waits for: none. Due dates of drafts are shown; what is late is recorded when it comes."""

from __future__ import annotations

from shared.eventstore import Fires

FIRES: Fires = {}
