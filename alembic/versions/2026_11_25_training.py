"""Placements, the site's modules, cohorts."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
