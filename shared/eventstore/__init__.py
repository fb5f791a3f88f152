"""The event-sourcing kernel: ledgers, deciders, read models, deadlines. docs/decisions says why it is as it is."""

from shared.eventstore.aggregate import Aggregate, Judged, Recorded, View, text_link, view_table
from shared.eventstore.clock import BusinessClock
from shared.eventstore.deadlines import Deadlines, Fires
from shared.eventstore.store import EventStore
from shared.eventstore.unit_of_work import Answer, Context, Key, UnitOfWork

__all__ = [
    "Aggregate",
    "Answer",
    "BusinessClock",
    "Context",
    "Deadlines",
    "EventStore",
    "Fires",
    "Judged",
    "Key",
    "Recorded",
    "UnitOfWork",
    "View",
    "text_link",
    "view_table",
]
