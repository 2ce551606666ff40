"""Export jobs: files that workers write and machine clients fetch."""

import sqlalchemy as sa

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

DATASETS = (
    "sessions",
    "attendance",
    "mentors",
    "mentees",
    "concerns",
    "outcomes",
    "rota",
    "history",
)
FAILURES = (
    "disk_full",
    "over_quota",
    "access_ended",
    "release_ended",
    "cursor_ended",
    "interrupted",
    "our_mistake",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    scoped(
        "export_job",
        word("subject", 200),
        word("token_id", 200, nullable=True),
        moment("token_issued_at"),
        chosen("dataset", *DATASETS),
        chosen("format", "csv", "ndjson", "parquet"),
        chosen("compression", "none", "gzip", "zstd"),
        sa.Column("identifiable", sa.Boolean(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        word("kind", 60, nullable=True),
        word("changed_since", 400, nullable=True),
        word("same_as", 400, nullable=True),
        chosen("status", "queued", "running", "ready", "failed", "cancelled", "expired"),
        chosen("failure", *FAILURES, nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rows_expected", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        word("sha256", 64, nullable=True),
        word("next_cursor", 400, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        moment("beat_at", nullable=True),
        moment("finished_at", nullable=True),
        moment("expires_at", nullable=True),
        moment("collected_at", nullable=True),
        points("release_id", "release"),
        sa.CheckConstraint(
            "(release_id IS NOT NULL) = identifiable", name=op.f("ck_export_job_released")
        ),
        sa.CheckConstraint(
            "(status = 'failed') = (failure IS NOT NULL)", name=op.f("ck_export_job_failed")
        ),
        sa.CheckConstraint(
            "(claimed_by IS NULL) = (beat_at IS NULL)", name=op.f("ck_export_job_claimed")
        ),
        sa.CheckConstraint(
            "status <> 'ready' OR (sha256 IS NOT NULL AND expires_at IS NOT NULL)",
            name=op.f("ck_export_job_ready"),
        ),
    )
    op.create_index(
        "uq_export_job_release",
        "export_job",
        ["prison_id", "release_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running', 'ready')"),
    )
    op.create_index(
        "ix_export_job_subject", "export_job", ["prison_id", "subject", "recorded_at", "id"]
    )
    op.create_index("ix_export_job_status", "export_job", ["prison_id", "status", "recorded_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("export_job")
