"""A date arrives: the command it fires on its case."""

from __future__ import annotations

from services.rectification.domain.case import NoteOverdue
from shared.eventstore import Fires

FIRES: Fires = {("case", "overdue"): NoteOverdue}
