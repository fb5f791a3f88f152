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
        sa.Column("houses_offices", postgresql.JSONB(), nullable=False),
        sa.Column("heads", postgresql.JSONB(), nullable=False),
        sa.Column("handovers", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "registered_units", "inherited")
    op.create_table(
        "drafts",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("approve_by", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=True),
        sa.Column("length", sa.Text(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.Column("entered_for", sa.Text(), nullable=True),
        sa.Column("text_ref", sa.Text(), nullable=True),
        sa.Column("remarks_ref", sa.Text(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("approved_late", sa.Boolean(), nullable=True),
        sa.Column("houses_offices", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "drafts", "private")
    op.create_table(
        "proceedings",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("plan_year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("roster", postgresql.JSONB(), nullable=False),
        sa.Column("observers", postgresql.JSONB(), nullable=False),
        sa.Column("agenda", postgresql.JSONB(), nullable=False),
        sa.Column("deputy_director", sa.Text(), nullable=True),
        sa.Column("agenda_confirmed_on", sa.Date(), nullable=True),
        sa.Column("bulletin", sa.Text(), nullable=True),
        sa.Column("speeches", postgresql.JSONB(), nullable=False),
        sa.Column("supplements", postgresql.JSONB(), nullable=False),
        sa.Column("not_held", postgresql.JSONB(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("drafted_on", sa.Date(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("words", postgresql.JSONB(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("numbered_on", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("due_on", postgresql.JSONB(), nullable=False),
        sa.Column("passed_over", postgresql.JSONB(), nullable=False),
        sa.Column("decisions", postgresql.JSONB(), nullable=False),
        sa.Column("classified", sa.Boolean(), nullable=False),
        sa.Column("bulletin_issued", sa.Text(), nullable=True),
        sa.Column("guests", postgresql.JSONB(), nullable=False),
        sa.Column("checked_by", postgresql.JSONB(), nullable=False),
        sa.Column("scan", sa.Text(), nullable=True),
        sa.Column("corrections", postgresql.JSONB(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "proceedings", "private")
    op.create_table(
        "comments",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("comment", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_title", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("praise_only", sa.Boolean(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(), nullable=False),
        sa.Column("text_ref", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "stream", "comment"),
    )
    protect(op.get_bind(), "comments", "private")
