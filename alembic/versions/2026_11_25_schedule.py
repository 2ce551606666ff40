"""The day: what the prison has planned for people, and dates that are unlike others."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = ("court", "transfer", "visit", "adjudication", "appointment", "activity")


def _prison_events() -> None:
    scoped(
        "prison_event",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        chosen("kind", *KINDS),
        moment("starts_at"),
        moment("ends_at"),
        sa.Column("end_assumed", sa.Boolean(), nullable=False),
        chosen("source", "staff", "imported"),
        word("source_id", 60, nullable=True),
        word("recorded_by", 200),
        moment("cancelled_at", nullable=True),
        word("cancelled_by", 200, nullable=True),
        points("person_id", "person"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_prison_event_ends_after_start")),
        sa.CheckConstraint(
            "(source = 'imported') = (source_id IS NOT NULL)",
            name=op.f("ck_prison_event_source_id"),
        ),
    )
    op.create_index(
        "uq_prison_event_source",
        "prison_event",
        ["prison_id", "person_id", "source_id"],
        unique=True,
    )
    for name, columns in (
        ("person", ["prison_id", "person_id", "starts_at"]),
        ("starts_at", ["prison_id", "starts_at", "id"]),
    ):
        op.create_index(f"ix_prison_event_{name}", "prison_event", columns)


REASONS = (
    "staff_training",
    "staff_shortage",
    "maintenance",
    "searching",
    "public_holiday",
    "event",
    "other",
)


def _regime_exceptions() -> None:
    scoped(
        "regime_exception",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("lock_up", sa.Time(), nullable=True),
        sa.Column("slots", postgresql.JSONB(), nullable=False),
        chosen("reason", *REASONS),
        moment("withdrawn_at", nullable=True),
        sa.CheckConstraint(
            "lock_up IS NOT NULL OR slots = '[]'::jsonb",
            name=op.f("ck_regime_exception_no_regime"),
        ),
    )
    op.create_index(
        "uq_regime_exception_date",
        "regime_exception",
        ["prison_id", "on_date"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


TABLES = (("prison_event", _prison_events), ("regime_exception", _regime_exceptions))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    for _, create in TABLES:
        create()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, _ in reversed(TABLES):
        op.drop_table(table)
