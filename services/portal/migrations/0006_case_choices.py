"""The sessions and the units that have a case; the timeline by event, for the few of a kind that tell of a case."""

import sqlalchemy as sa
from alembic import op

from shared.eventstore.schema import protect

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "case_sessions",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(collation="C"), nullable=False),
        sa.Column("plan_year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "session"),
    )
    protect(op.get_bind(), "case_sessions", "private")
    op.create_table(
        "case_units",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("unit", sa.Text(collation="C"), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("official_order", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "unit"),
    )
    protect(op.get_bind(), "case_units", "private")
    op.create_index("timeline_by_event", "timeline", ["tenant", "event"])
