"""The kernel: ledger, texts, heads, commands, deadlines, outbox, inbox."""

from alembic import op

from shared.eventstore.schema import create_kernel

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_kernel(op.get_bind(), "rectification")
