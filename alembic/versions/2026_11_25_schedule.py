"""The day: what the prison has planned for people, dates that are unlike others, lockdowns,
and rooms that are closed."""

from typing import Any

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


CANCEL_REASONS = (
    "regime_lockdown",
    "staff_shortage",
    "no_room",
    "no_escort",
    "clash",
    "segregation",
    "transfer",
    "mentor_unavailable",
    "mentee_unwell",
    "safety",
    "other",
)


def _ids(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), nullable=False, **options)


def _lockdowns() -> None:
    scoped(
        "lockdown",
        moment("starts_at"),
        moment("ends_at"),
        chosen("reason", *CANCEL_REASONS),
        word("declared_by", 200),
        moment("lifted_at", nullable=True),
        word("lifted_by", 200, nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_lockdown_ends_after_start")),
        sa.CheckConstraint("lifted_at < ends_at", name=op.f("ck_lockdown_lifted_early")),
    )
    op.create_index("ix_lockdown_ends_at", "lockdown", ["prison_id", "ends_at"])
    op.create_index("ix_lockdown_starts_at", "lockdown", ["prison_id", "starts_at", "id"])


def _lockdown_sessions() -> None:
    scoped(
        "lockdown_session",
        sa.Column("lockdown_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        _ids("mentee_ids"),
        sa.Column("reoffered_as", sa.Uuid(), nullable=True),
        points("lockdown_id", "lockdown"),
        points("session_id", "session"),
        points("reoffered_as", "session", name="fk_lockdown_session_reoffered_as"),
        sa.UniqueConstraint("prison_id", "session_id", name="uq_lockdown_session_session"),
    )
    op.create_index(
        "ix_lockdown_session_lockdown", "lockdown_session", ["prison_id", "lockdown_id"]
    )


def _welfare_checks() -> None:
    scoped(
        "welfare_check",
        sa.Column("lockdown_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("open_acct", sa.Boolean(), nullable=False),
        sa.Column("first_session", sa.Boolean(), nullable=False),
        _ids("concern_ids", server_default=sa.text("'{}'")),
        moment("looked_in_at", nullable=True),
        word("looked_in_by", 200, nullable=True),
        points("lockdown_id", "lockdown"),
        points("mentee_id", "mentee"),
        sa.UniqueConstraint(
            "prison_id", "lockdown_id", "mentee_id", name="uq_welfare_check_mentee"
        ),
        sa.CheckConstraint(
            "open_acct OR first_session OR cardinality(concern_ids) > 0",
            name=op.f("ck_welfare_check_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(looked_in_at IS NULL) = (looked_in_by IS NULL)",
            name=op.f("ck_welfare_check_looked_in"),
        ),
    )


def _room_closures() -> None:
    scoped(
        "room_closure",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        moment("starts_at"),
        moment("ends_at"),
        chosen("reason", "repair", "cleaning", "searching", "other_use", "other"),
        moment("withdrawn_at", nullable=True),
        points("room_id", "room"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_room_closure_ends_after_start")),
    )
    for name, columns in (
        ("room", ["prison_id", "room_id", "ends_at"]),
        ("starts_at", ["prison_id", "starts_at", "id"]),
    ):
        op.create_index(f"ix_room_closure_{name}", "room_closure", columns)


TABLES = (
    ("prison_event", _prison_events),
    ("regime_exception", _regime_exceptions),
    ("lockdown", _lockdowns),
    ("lockdown_session", _lockdown_sessions),
    ("welfare_check", _welfare_checks),
    ("room_closure", _room_closures),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    for _, create in TABLES:
        create()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, _ in reversed(TABLES):
        op.drop_table(table)
