"""The read models as they were first laid out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.eventstore.schema import protect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "case_register",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("plan_year", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False, comment="how many task lines"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("minutes_sent_on", sa.Date(), nullable=False),
        sa.Column("original_due_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column(
            "due_history", postgresql.JSONB(), nullable=False, comment="[{due_on, why, on}], oldest first"
        ),
        sa.Column(
            "extension_asked_on", sa.Date(), nullable=True, comment="a request nobody has answered yet"
        ),
        sa.Column("extension_asked_to", sa.Date(), nullable=True),
        sa.Column(
            "overdue_since",
            sa.Date(),
            nullable=True,
            comment="the first day it was late; stays when the feedback came late",
        ),
        sa.Column("fed_back_on", sa.Date(), nullable=True),
        sa.Column(
            "receipts", postgresql.JSONB(), nullable=False, comment="[{office, on}] of the feedback in hand"
        ),
        sa.Column(
            "offices_missing",
            postgresql.JSONB(),
            nullable=False,
            comment="offices that still have to receipt",
        ),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("by_office", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("on_time", sa.Boolean(), nullable=True, comment="null until verified"),
        sa.Column(
            "handovers",
            postgresql.JSONB(),
            nullable=False,
            comment="[{from_person, to_person, title, effective_on}]",
        ),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "case_register", "progress")
    op.create_table(
        "items",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("plan_year", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("task_line", sa.Text(), nullable=False),
        sa.Column("focus_area", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False, comment="the comment it comes from"),
        sa.Column("by", sa.Text(), nullable=False, comment="the leader who asked"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="its case's"),
        sa.PrimaryKeyConstraint("tenant", "stream", "item"),
    )
    protect(op.get_bind(), "items", "progress")
