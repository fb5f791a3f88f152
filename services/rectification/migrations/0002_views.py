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
            "due_history",
            postgresql.JSONB(),
            nullable=False,
            comment="[{due_on, why, on, days if suspended}], oldest first",
        ),
        sa.Column(
            "suspensions",
            postgresql.JSONB(),
            nullable=False,
            comment="[{suspension, suspended_from, suspended_until}]",
        ),
        sa.Column(
            "reminders", postgresql.JSONB(), nullable=False, comment="[{kind, due_on, on}] that were sent"
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
        sa.Column(
            "unfinished",
            postgresql.JSONB(),
            nullable=True,
            comment="items not done; null until verified, and where that is not on record",
        ),
        sa.Column("on_time", sa.Boolean(), nullable=True, comment="null until verified"),
        sa.Column(
            "handovers",
            postgresql.JSONB(),
            nullable=False,
            comment="[{from_person, to_person, title, effective_on}]",
        ),
        sa.Column(
            "category", sa.Text(), nullable=False, comment="of the unit; empty where the minutes did not say"
        ),
        sa.Column("official_order", sa.Integer(), nullable=False),
        sa.Column(
            "houses_offices", postgresql.JSONB(), nullable=False, comment="their steps pass to another office"
        ),
        sa.Column("classified", sa.Boolean(), nullable=False, comment="the paper governs, no text is kept"),
        sa.Column("feedback_ref", sa.Text(), nullable=True, comment="text of the feedback in hand"),
        sa.Column("entered_for", sa.Text(), nullable=True, comment="who told the short form in hand"),
        sa.Column("remarks_ref", sa.Text(), nullable=True, comment="text of the last return"),
        sa.Column(
            "progress_noted_on",
            sa.Date(),
            nullable=True,
            comment="last note of progress, if the unit made one",
        ),
        sa.Column(
            "notice_number", sa.Text(), nullable=True, comment="of the supervision notice that is open"
        ),
        sa.Column("reply_by", sa.Date(), nullable=True, comment="until when that notice asks for a reply"),
        sa.Column(
            "inspections",
            postgresql.JSONB(),
            nullable=False,
            comment="[{plan_line, inspected_on, by_office}]",
        ),
        sa.Column(
            "corrections",
            postgresql.JSONB(),
            nullable=False,
            comment="[{what, value_before, value, by, title, on}]",
        ),
        sa.Column(
            "minutes_corrections",
            postgresql.JSONB(),
            nullable=False,
            comment="[{document_number, corrected_on, applied}]",
        ),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    op.create_index("case_register_by_state", "case_register", ["tenant", "state"])
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
        sa.Column(
            "finished",
            sa.Boolean(),
            nullable=True,
            comment="null until verified, and where that is not on record",
        ),
        sa.PrimaryKeyConstraint("tenant", "stream", "item"),
    )
    protect(op.get_bind(), "items", "progress")
    op.create_table(
        "supervision_notices",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("by_office", sa.Text(), nullable=False),
        sa.Column("matter_ref", sa.Text(), nullable=True, comment="its text"),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("reply_by", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True, comment="verification or office"),
        sa.Column("reason_ref", sa.Text(), nullable=True, comment="why the office closed it"),
        sa.PrimaryKeyConstraint("tenant", "stream", "notice_number"),
    )
    protect(op.get_bind(), "supervision_notices", "private")
    op.create_table(
        "inspections",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "place", sa.Integer(), autoincrement=False, nullable=False, comment="in the case's history"
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("plan_line", sa.Text(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("by_office", sa.Text(), nullable=False),
        sa.Column("finding_ref", sa.Text(), nullable=True, comment="its text"),
        sa.PrimaryKeyConstraint("tenant", "stream", "place"),
    )
    protect(op.get_bind(), "inspections", "private")
    op.create_table(
        "progress_notes",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "place", sa.Integer(), autoincrement=False, nullable=False, comment="in the case's history"
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True, comment="null: of the whole case"),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("text_ref", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "stream", "place"),
    )
    protect(op.get_bind(), "progress_notes", "private")
    op.create_table(
        "suspensions",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("suspended_from", sa.Date(), nullable=False),
        sa.Column("suspended_until", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False, comment="of the period, both ends included"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "suspensions", "progress")
    op.create_table(
        "bulletins",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("session", sa.Text(), nullable=False, comment="the session it is told at"),
        sa.Column("about_session", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column(
            "lines",
            postgresql.JSONB(),
            nullable=False,
            comment="[{case, unit, unit_name, state, due_on, carried_on}]",
        ),
        sa.PrimaryKeyConstraint("tenant", "stream"),
    )
    protect(op.get_bind(), "bulletins", "progress")
    op.create_table(
        "handovers_heard",
        sa.Column("tenant", sa.Text(collation="C"), nullable=False),
        sa.Column("stream", sa.Text(collation="C"), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False, comment="in the order heard"),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("to_person", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", "place"),
    )
    protect(op.get_bind(), "handovers_heard", "private")
