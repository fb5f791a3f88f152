"""The kernel's tables as SQLAlchemy Core names; their definitions are sql/kernel.sql and sql/inbox.sql."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP

_INSTANT = TIMESTAMP(timezone=True)

events = sa.table(
    "events",
    sa.column("tenant", sa.Text),
    sa.column("sequence", sa.BigInteger),
    sa.column("stream", sa.Text),
    sa.column("version", sa.Integer),
    sa.column("name", sa.Text),
    sa.column("schema_version", sa.Integer),
    sa.column("data", sa.Text),
    sa.column("metadata", sa.Text),
    sa.column("recorded_at", _INSTANT),
    sa.column("hash", BYTEA),
)
heads = sa.table(
    "heads",
    sa.column("tenant", sa.Text),
    sa.column("sequence", sa.BigInteger),
    sa.column("hash", BYTEA),
    sa.column("epoch", sa.Integer),
    sa.column("public_sequence", sa.BigInteger),
)
texts = sa.table(
    "texts",
    sa.column("tenant", sa.Text),
    sa.column("ref", sa.Text),
    sa.column("stream", sa.Text),
    sa.column("body", sa.Text),
    sa.column("sha256", sa.Text),
)
commands = sa.table("commands", sa.column("accepted_at", _INSTANT))
deadlines = sa.table(
    "deadlines",
    sa.column("tenant", sa.Text),
    sa.column("stream", sa.Text),
    sa.column("name", sa.Text),
    sa.column("due_on", sa.Date),
    sa.column("fired_at", _INSTANT),
    sa.column("refused", sa.Text),
)
outbox = sa.table(
    "outbox",
    sa.column("position", sa.BigInteger),
    sa.column("tenant", sa.Text),
    sa.column("epoch", sa.Integer),
    sa.column("sequence", sa.BigInteger),
    sa.column("ledger_sequence", sa.BigInteger),
    sa.column("stream", sa.Text),
    sa.column("name", sa.Text),
    sa.column("version", sa.Integer),
    sa.column("partition_key", sa.Text),
    sa.column("data", sa.Text),
    sa.column("metadata", sa.Text),
    sa.column("recorded_at", _INSTANT),
    sa.column("published_at", _INSTANT),
)
received = sa.table(
    "received",
    sa.column("source", sa.Text),
    sa.column("tenant", sa.Text),
    sa.column("epoch", sa.Integer),
    sa.column("sequence", sa.BigInteger),
    sa.column("name", sa.Text),
    sa.column("partition_key", sa.Text),
    sa.column("payload", BYTEA),
    sa.column("received_at", _INSTANT),
)
pending = sa.table(
    "pending",
    sa.column("source", sa.Text),
    sa.column("tenant", sa.Text),
    sa.column("epoch", sa.Integer),
    sa.column("sequence", sa.BigInteger),
    sa.column("state", sa.Text),
    sa.column("error", sa.Text),
    sa.column("since", _INSTANT),
)
inbox = sa.table(
    "inbox",
    sa.column("source", sa.Text),
    sa.column("tenant", sa.Text),
    sa.column("epoch", sa.Integer),
    sa.column("sequence", sa.BigInteger),
    sa.column("name", sa.Text),
    sa.column("partition_key", sa.Text),
    sa.column("state", sa.Text),
    sa.column("error", sa.Text),
    sa.column("received_at", _INSTANT),
)
applied = sa.table(
    "applied",
    sa.column("source", sa.Text),
    sa.column("tenant", sa.Text),
    sa.column("epoch", sa.Integer),
    sa.column("sequence", sa.BigInteger),
    sa.column("turn", sa.BigInteger),
)
leases = sa.table(
    "leases",
    sa.column("name", sa.Text),
    sa.column("holder", sa.Text),
    sa.column("until", _INSTANT),
)
business_day = sa.table("business_day", sa.column("today", sa.Date), sa.column("only_row", sa.Boolean))
tenants = sa.Table(
    "tenants",
    sa.MetaData(),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("tier", sa.Text),
    sa.Column("official_order", sa.Integer),
    sa.Column("closed_on", sa.Date),
)
policies = sa.Table(
    "policies",
    sa.MetaData(),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("holds_from", sa.Date),
    sa.Column("values", JSONB),
)
calendars = sa.Table(
    "calendars",
    sa.MetaData(),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("holidays", ARRAY(sa.Date)),
    sa.Column("working_weekend_days", ARRAY(sa.Date)),
)
grants = sa.Table(
    "grants",
    sa.MetaData(),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text),
    sa.Column("subtree", sa.Boolean),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_until", sa.Date),
    sa.Column("revoked", sa.Boolean),
)
roots = sa.table("roots", sa.column("number", sa.BigInteger), sa.column("text", sa.Text))
