"""The rota: availabilities, demand, rotas and their solves, shifts."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import changed, chosen, moment, points, scoped, word

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ["shift", "rota_solve", "rota", "rota_demand", "availability"]
ROLES = ("mentor_on_shift", "mentor_on_call")
DAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "bank_holiday",
)
LIVE = "superseded_at IS NULL AND status IN ('published', 'accepted', 'swap_requested', 'on_shift')"


def _availabilities() -> None:
    scoped(
        "availability",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        chosen("kind", "available", "away", "prefers", "rather_not"),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=True),
        sa.Column("from_time", sa.Time(), nullable=False),
        sa.Column("to_time", sa.Time(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        moment("ended_at", nullable=True),
        points("mentor_id", "mentor"),
        points("recorded_by", "staff", name="fk_availability_recorded_by"),
        sa.CheckConstraint(
            "(weekday IS NULL) <> (on_day IS NULL)", name=op.f("ck_availability_when")
        ),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_availability_weekday")),
    )
    op.create_index("ix_availability_mentor", "availability", ["prison_id", "mentor_id", "id"])


def _demand() -> None:
    scoped(
        "rota_demand",
        chosen("day", *DAYS),
        sa.Column("from_time", sa.Time(), nullable=False),
        sa.Column("to_time", sa.Time(), nullable=False),
        chosen("role", *ROLES),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        points("recorded_by", "staff", name="fk_rota_demand_recorded_by"),
        sa.CheckConstraint("needed BETWEEN 1 AND 20", name=op.f("ck_rota_demand_needed")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_rota_demand_in_order")
        ),
    )
    op.create_index("ix_rota_demand_valid", "rota_demand", ["prison_id", "valid_from", "id"])


def _rotas() -> None:
    scoped(
        "rota",
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        chosen("status", "draft", "solving", "proposed", "published", "superseded", "withdrawn"),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        moment("published_at", nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("accepted_gaps", postgresql.JSONB(), nullable=False),
        points("made_by", "staff", name="fk_rota_made_by"),
        points("published_by", "staff", name="fk_rota_published_by"),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_rota_in_order")),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)",
            name=op.f("ck_rota_published_by_someone"),
        ),
    )
    op.create_index("ix_rota_first_day", "rota", ["prison_id", "first_day", "id"])


def _solves() -> None:
    scoped(
        "rota_solve",
        sa.Column("rota_id", sa.Uuid(), nullable=False),
        chosen("mode", "anew", "repair"),
        word("asked_by", 200),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        moment("beat_at", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("best", sa.Integer(), nullable=True),
        sa.Column("bound", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        moment("finished_at", nullable=True),
        chosen("outcome", "done", "failed", "cancelled", nullable=True),
        sa.Column("optimal", sa.Boolean(), nullable=True),
        sa.Column("gap", sa.Float(), nullable=True),
        sa.Column("cost", postgresql.JSONB(), nullable=False),
        sa.Column("gaps", postgresql.JSONB(), nullable=False),
        points("rota_id", "rota"),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (outcome IS NULL)", name=op.f("ck_rota_solve_finished")
        ),
        sa.CheckConstraint(
            "(claimed_by IS NULL) = (beat_at IS NULL)", name=op.f("ck_rota_solve_claimed")
        ),
        versioned=False,
    )
    op.create_index(
        "uq_rota_solve_open",
        "rota_solve",
        ["prison_id", "rota_id"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_rota_solve_rota", "rota_solve", ["prison_id", "rota_id", "recorded_at"])


def _shifts() -> None:
    scoped(
        "shift",
        changed(),
        sa.Column("rota_id", sa.Uuid(), nullable=False),
        chosen("role", *ROLES),
        sa.Column("day", sa.Date(), nullable=False),
        moment("starts_at"),
        moment("ends_at"),
        sa.Column("mentor_id", sa.Uuid(), nullable=True),
        chosen(
            "status",
            "draft",
            "published",
            "accepted",
            "on_shift",
            "ended",
            "swap_requested",
            "uncovered",
            "cancelled_regime",
        ),
        moment("superseded_at", nullable=True),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at)", persisted=True),
            nullable=False,
        ),
        sa.Column("live", sa.Boolean(), sa.Computed(LIVE, persisted=True), nullable=False),
        points("rota_id", "rota"),
        points("mentor_id", "mentor"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shift_ends_after_start")),
        sa.CheckConstraint(
            "mentor_id IS NOT NULL OR status IN ('uncovered', 'cancelled_regime')",
            name=op.f("ck_shift_somebody"),
        ),
        postgresql.ExcludeConstraint(
            (sa.column("prison_id"), "="),
            (sa.column("mentor_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("live"),
            using="gist",
            name="ex_shift_mentor_during",
        ),
    )
    op.create_index("ix_shift_starts_at", "shift", ["prison_id", "starts_at", "id"])
    op.create_index("ix_shift_mentor", "shift", ["prison_id", "mentor_id", "starts_at"])
    op.create_index("ix_shift_rota", "shift", ["prison_id", "rota_id"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _availabilities()
    _demand()
    _rotas()
    _solves()
    _shifts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in TABLES:
        op.drop_table(table)
