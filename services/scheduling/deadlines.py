"""The dates that scheduling waits for: none; the days its sessions set are watched by those who owe something."""

from __future__ import annotations

from shared.eventstore import Fires

FIRES: Fires = {}
