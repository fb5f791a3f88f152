"""Every revision of a draft stands in its row; a rebuild of the view fills what was there before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    none = sa.text("'[]'")
    op.add_column("drafts", sa.Column("revisions", postgresql.JSONB(), nullable=False, server_default=none))
