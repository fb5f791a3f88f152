"""The timeline of everything that was said of a tenant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.eventstore.schema import protect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "timeline",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(collation="C"), nullable=True),
        sa.Column("unit", sa.Text(collation="C"), nullable=True),
        sa.Column("case", sa.Text(collation="C"), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "source", "ledger_sequence", "event", "key"),
    )
    op.create_index("timeline_by_case", "timeline", ["tenant", "case"])
    op.create_index("timeline_by_session", "timeline", ["tenant", "session"])
    protect(op.get_bind(), "timeline", "private")
