"""Clearance in full, and the limits of a mentor's work."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
