"""Prometheus metrics for three questions: is anything stuck, is it fast, is anything parked. Labels are bounded."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)

COMMAND_SECONDS = Histogram(
    "shufa_command_seconds", "How long a command took.", ["command", "outcome"], buckets=_BUCKETS
)
TRAVEL_SECONDS = Histogram(
    "shufa_travel_seconds", "From an event's commit to its effect here.", ["source"], buckets=_BUCKETS
)
SECURITY_EVENTS = Counter(
    "shufa_security_events_total",
    "Requests that were refused for who sent them or what they tried.",
    ["code"],
)
PUBLISHED = Counter("shufa_published_total", "Public events the broker has acknowledged.")
PARKED_EVENTS = Counter("shufa_parked_total", "Events that were parked.", ["source"])

OUTBOX = Gauge("shufa_outbox_events", "Public events not yet published.")
OUTBOX_AGE = Gauge("shufa_outbox_age_seconds", "Age of the oldest of them.")
INBOX = Gauge("shufa_inbox_events", "Received events not yet applied.")
INBOX_AGE = Gauge("shufa_inbox_age_seconds", "Age of the oldest of them.")
PARKED = Gauge("shufa_parked_events", "Events that are parked now.")
DEADLINES_DUE = Gauge("shufa_deadlines_due", "Deadlines that are due and have not fired.")
UNSEALABLE = Gauge("shufa_unsealable_ledgers", "Ledgers that do not extend what a root sealed of them.")
