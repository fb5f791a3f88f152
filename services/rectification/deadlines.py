"""A date arrives: the command it fires on its case."""

from __future__ import annotations

from functools import partial

from services.rectification.domain.commands import NoteOverdue, SendReminder
from shared.eventstore import Fires

FIRES: Fires = {
    ("case", "remind-yellow"): partial(SendReminder, "yellow"),
    ("case", "remind-orange"): partial(SendReminder, "orange"),
    ("case", "overdue"): NoteOverdue,
}
