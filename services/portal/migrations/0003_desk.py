"""A person's desk: sign-ins, what is typed and not sent, what is to be said on the next page. No tenant's facts."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.eventstore.schema import script

revision = "0003"
down_revision = "0002"

_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.execute(sa.schema.CreateSchema("desk"))
    op.create_table(
        "signins",
        sa.Column("id", sa.LargeBinary(), primary_key=True, comment="sha256 of the cookie"),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the tokens, sealed"),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        schema="desk",
    )
    op.create_table(
        "unsent",
        sa.Column("person", sa.Text(), primary_key=True),
        sa.Column("tenant", sa.Text(), primary_key=True),
        sa.Column("form", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        schema="desk",
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        schema="desk",
    )
    script(op.get_bind(), Path(__file__).with_name("0003_desk.sql").read_text("utf-8"))
