"""The dates that evaluation waits for: none; a sheet is published when the organisation department says so."""

from __future__ import annotations

from shared.eventstore import Fires

FIRES: Fires = {}
