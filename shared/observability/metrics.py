"""Prometheus metrics for three questions: is anything stuck, is it fast, is the work itself in trouble.

Labels are bounded: names of commands, codes, services, tiers; never a tenant, a case or a person. Gauges are set when
they are asked for (shared/runtime/measuring.py), not by each event. docs/operations/metrics.md lists all of it.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own omission; when each series began doubles their number, and nobody asks

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)
_FEW_BUCKETS = (0.01, 0.05, 0.2, 1.0, 5.0)

# Is it fast?
COMMAND_SECONDS = Histogram(
    "shufa_command_seconds",
    "How long a command took; outcome: done, refused or fault.",
    ["command", "outcome"],
    buckets=_BUCKETS,
)
REFUSALS = Counter("shufa_refusals_total", "Requests that a rule refused.", ["code"])
HTTP_SECONDS = Histogram(
    "shufa_http_seconds",
    "How long a request took, by the route's template and the class of its status.",
    ["method", "route", "status"],
    buckets=_FEW_BUCKETS,
)
TRAVEL_SECONDS = Histogram(
    "shufa_travel_seconds", "From an event's commit to its effect here.", ["source"], buckets=_BUCKETS
)
LOOP_LATE_SECONDS = Counter(
    "shufa_loop_late_seconds_total", "How late the event loop was, in sum: its rate is the share lost."
)

# Is anything stuck?
OUTBOX = Gauge("shufa_outbox_events", "Public events not yet published.")
OUTBOX_AGE = Gauge("shufa_outbox_age_seconds", "Age of the oldest of them.")
PUBLISHED = Counter("shufa_published_total", "Public events the broker has acknowledged.")
INBOX = Gauge("shufa_inbox_events", "Received events not yet applied.", ["source"])
INBOX_AGE = Gauge("shufa_inbox_age_seconds", "Since when the oldest of them waits.", ["source"])
APPLIED = Gauge("shufa_applied_events", "Events of a source taken in order, in all tenants.", ["source"])
PARKED = Gauge("shufa_parked_events", "Events that are parked now.", ["source"])
HELD = Gauge("shufa_held_events", "Events that wait behind a parked one of their key.", ["source"])
PARKED_EVENTS = Counter("shufa_parked_total", "Events that were parked by this process.", ["source"])
DEADLINES_DUE = Gauge("shufa_deadlines_due", "Deadlines that are due and have not fired.")
DEADLINE_LAG = Gauge("shufa_deadline_lag_days", "By how many business days the oldest of them is late.")
LOOP_FAILURES = Counter("shufa_loop_failures_total", "Steps of a background loop that failed.", ["loop"])
CONSUMER_PENDING = Gauge(
    "shufa_consumer_pending_events",
    "Events of a source that the broker has not delivered to a hearer.",
    ["source", "hearer"],
)
CONSUMER_UNACKNOWLEDGED = Gauge(
    "shufa_consumer_unacknowledged_events", "Delivered to it and not acknowledged.", ["source", "hearer"]
)
CONSUMER_REDELIVERED = Gauge(
    "shufa_consumer_redelivered_events", "Of these, delivered more than once.", ["source", "hearer"]
)
SUBSCRIBER_PENDING = Gauge(
    "shufa_subscriber_pending_events", "What the farthest behind of the subscribers outside has not taken."
)
STREAM_MESSAGES = Gauge("shufa_stream_messages", "Messages on the broker's stream.")
STREAM_BYTES = Gauge("shufa_stream_bytes", "What they take on its disk.")

# Can it work?
ANSWERS = Gauge("shufa_answers", "Did a part that is needed answer in time? 1 yes, 0 no.", ["part"])
CLOSED = Gauge("shufa_closed", "Why no command is taken; no series where commands are.", ["code"])
DATABASE_BUSY = Gauge("shufa_database_connections_busy", "Connections in use here.", ["pool"])
DATABASE_POOL = Gauge("shufa_database_connections", "Connections there may be here.", ["pool"])
DATABASE_BYTES = Gauge("shufa_database_bytes", "Size of the service's database.")
DATABASE_BACKENDS = Gauge("shufa_database_backends", "Sessions on it, of all its users.")
DATABASE_COMMITS = Gauge("shufa_database_commits", "Transactions committed in it since its statistics began.")
DATABASE_ROLLBACKS = Gauge("shufa_database_rollbacks", "Transactions rolled back, likewise.")
DATABASE_DEADLOCKS = Gauge("shufa_database_deadlocks", "Deadlocks, likewise.")

# Is the ledger safe?
SECURITY_EVENTS = Counter(
    "shufa_security_events_total",
    "Requests that were refused for who sent them or what they tried.",
    ["code"],
)
UNSEALABLE = Gauge("shufa_unsealable_ledgers", "Ledgers that do not extend what a root sealed of them.")
ROOT_SIGNED = Gauge("shufa_root_signed_timestamp_seconds", "When the last root was signed.")
SEALED = Gauge(
    "shufa_sealed_timestamp_seconds",
    "When the sealer last found nothing to do: all sealed, or the hour not over.",
)
