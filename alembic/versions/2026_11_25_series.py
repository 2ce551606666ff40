"""Series of sessions, their plans, their occurrences, who is enrolled."""

import sqlalchemy as sa

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ["enrolment", "occurrence", "series_plan", "series"]
KINDS = ("one_to_one", "group", "cbt_course", "art_therapy", "day_to_day", "night_callout")


def _series() -> None:
    scoped(
        "series",
        word("title", 100),
        chosen("kind", *KINDS),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("meetings", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("skip_bank_holidays", sa.Boolean(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("attend_at_least", sa.Integer(), nullable=True),
        sa.Column("join_until", sa.Integer(), nullable=True),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        chosen("status", "planned", "running", "completed", "ended"),
        sa.CheckConstraint(
            "(meetings IS NULL) <> (last_day IS NULL)", name=op.f("ck_series_one_end")
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_series_in_order")),
        sa.CheckConstraint("places >= 1", name=op.f("ck_series_at_least_one")),
    )
    op.create_index("ix_series_status", "series", ["prison_id", "status", "recorded_at"])


def _plans() -> None:
    scoped(
        "series_plan",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("from_number", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("lead_staff_id", sa.Uuid(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        moment("superseded_at", nullable=True),
        points("series_id", "series"),
        points("room_id", "room"),
        points("mentor_id", "mentor"),
        points("lead_staff_id", "staff", name="fk_series_plan_lead_staff"),
        points("supersedes_id", "series_plan", name="fk_series_plan_supersedes"),
        sa.UniqueConstraint("prison_id", "supersedes_id", name="uq_series_plan_supersedes"),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_series_plan_minutes")),
        sa.CheckConstraint("every_weeks >= 1", name=op.f("ck_series_plan_every_weeks")),
    )
    op.create_index(
        "uq_series_plan_now",
        "series_plan",
        ["prison_id", "series_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index("ix_series_plan_mentor", "series_plan", ["prison_id", "mentor_id"])


def _occurrences() -> None:
    scoped(
        "occurrence",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        moment("superseded_at", nullable=True),
        points("series_id", "series"),
        points("session_id", "session"),
        points("supersedes_id", "occurrence", name="fk_occurrence_supersedes"),
        sa.UniqueConstraint("prison_id", "session_id", name="uq_occurrence_session"),
        sa.UniqueConstraint("prison_id", "supersedes_id", name="uq_occurrence_supersedes"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_occurrence_number")),
    )
    op.create_index(
        "uq_occurrence_number",
        "occurrence",
        ["prison_id", "series_id", "number"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def _enrolments() -> None:
    states = ("waiting", "offered", "accepted", "declined", "completed", "ended", "withdrawn")
    scoped(
        "enrolment",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        chosen("status", *states),
        moment("waiting_since"),
        sa.Column("place", sa.Integer(), nullable=True),
        moment("offered_at", nullable=True),
        moment("answer_by", nullable=True),
        moment("place_free_since", nullable=True),
        moment("passed_over_at", nullable=True),
        points("series_id", "series"),
        points("mentee_id", "mentee"),
        sa.CheckConstraint(
            "(status IN ('offered', 'accepted')) = (place IS NOT NULL)",
            name=op.f("ck_enrolment_holds_a_place"),
        ),
        sa.CheckConstraint(
            "(status = 'offered') = (answer_by IS NOT NULL)", name=op.f("ck_enrolment_answer_by")
        ),
    )
    live = sa.text("status IN ('waiting', 'offered', 'accepted')")
    op.create_index(
        "uq_enrolment_live",
        "enrolment",
        ["prison_id", "series_id", "mentee_id"],
        unique=True,
        postgresql_where=live,
    )
    op.create_index(
        "uq_enrolment_place",
        "enrolment",
        ["prison_id", "series_id", "place"],
        unique=True,
        postgresql_where=sa.text("place IS NOT NULL"),
    )
    op.create_index("ix_enrolment_mentee", "enrolment", ["prison_id", "mentee_id"])
    op.create_index(
        "ix_enrolment_answer_by",
        "enrolment",
        ["prison_id", "answer_by"],
        postgresql_where=sa.text("answer_by IS NOT NULL"),
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _series()
    _plans()
    _occurrences()
    _enrolments()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    for table in TABLES:
        op.drop_table(table)
