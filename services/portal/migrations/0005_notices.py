"""Where people want notices, and every notice that was made. Their desk, no tenant's facts."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.eventstore.schema import script

revision = "0005"
down_revision = "0004"

_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "notice_wishes",
        sa.Column("person", sa.Text(), primary_key=True),
        sa.Column("tenant", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mail", sa.Text(), nullable=True),
        sa.Column("webhook", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True, comment="what webhooks are signed with, sealed"),
        sa.Column("muted", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("grants", postgresql.JSONB(), nullable=False, comment="of the last token, in this tenant"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        schema="desk",
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Text(), primary_key=True, comment="of person, tenant, day and channel"),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tasks", postgresql.JSONB(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="pending"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("person", "tenant", "on", "channel"),
        schema="desk",
    )
    op.create_index(
        "notices_unsent",
        "notices",
        ["state", "next_at"],
        schema="desk",
        postgresql_where=sa.text("state in ('pending', 'sending')"),
    )
    script(op.get_bind(), Path(__file__).with_name("0005_notices.sql").read_text("utf-8"))
