"""The kernel: inbox, and what every decision needs to know of the tree. The portal's own ledger stays empty."""

from alembic import op

from shared.eventstore.schema import create_kernel

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_kernel(op.get_bind(), "portal")
