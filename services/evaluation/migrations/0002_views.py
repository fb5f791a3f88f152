"""The read models as they were first laid out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.eventstore.schema import protect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "registered_units",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("official_order", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "registered_units", "inherited")
    op.create_table(
        "sheets",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=True),
        sa.Column("official_order", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("changed_since", sa.Boolean(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("published_lines", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "sheets", "private")
    op.create_table(
        "sheet_cases",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("case", sa.Text(collation="C"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", "case"),
    )
    protect(op.get_bind(), "sheet_cases", "private")
