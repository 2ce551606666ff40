"""Questionnaires, what mentees answered at first and later; and the cohorts that are counted."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op
from app.ddl import changed, chosen, moment, points, scoped, word

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTRUMENTS = (
    "survey",
    "phq9",
    "gad7",
    "core10",
    "ons4",
    "swemwbs",
    "reqol10",
    "outcomes_star",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _questionnaire()
    _cohort()


def _questionnaire() -> None:
    scoped(
        "questionnaire",
        changed(),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        chosen("instrument", *INSTRUMENTS),
        sa.Column("instrument_version", sa.Integer(), nullable=False),
        chosen("occasion", "baseline", "follow_up"),
        chosen("result", "answered", "declined", "not_asked", "unknown"),
        chosen("status", "recorded", "entered_in_error"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("answers", JSONB(none_as_null=True), nullable=True),
        sa.Column("total", sa.Float(), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=True),
        sa.Column("prorated", sa.Boolean(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("share_total", sa.Boolean(), nullable=False),
        word("recorded_by", 200),
        points("mentee_id", "mentee"),
        sa.CheckConstraint(
            "(result = 'answered') = (answers IS NOT NULL OR total IS NOT NULL)",
            name=op.f("ck_questionnaire_answered"),
        ),
    )
    op.create_index(
        "uq_questionnaire_baseline",
        "questionnaire",
        ["prison_id", "mentee_id", "instrument"],
        unique=True,
        postgresql_where=sa.text("occasion = 'baseline' AND status = 'recorded'"),
    )
    op.create_index(
        "ix_questionnaire_mentee", "questionnaire", ["prison_id", "mentee_id", "asked_on", "id"]
    )
    op.create_index("ix_questionnaire_asked", "questionnaire", ["prison_id", "asked_on", "id"])


def _cohort() -> None:
    whole = "(frozen_at IS NULL) = (digest IS NULL) AND (frozen_at IS NULL) = (size IS NULL)"
    scoped(
        "outcome_cohort",
        word("name", 100),
        chosen("status", "draft", "frozen", "withdrawn"),
        sa.Column("referred_from", sa.Date(), nullable=False),
        sa.Column("referred_to", sa.Date(), nullable=False),
        sa.Column("engaged_only", sa.Boolean(), nullable=False),
        sa.Column("follow_up_from_days", sa.Integer(), nullable=False),
        sa.Column("follow_up_to_days", sa.Integer(), nullable=False),
        word("recorded_by", 200),
        moment("frozen_at", nullable=True),
        word("frozen_by", 200, nullable=True),
        sa.Column("definition_version", sa.Integer(), nullable=True),
        word("digest", 64, nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.UniqueConstraint("prison_id", "name", name="uq_outcome_cohort_name"),
        sa.CheckConstraint("referred_to >= referred_from", name=op.f("ck_outcome_cohort_in_order")),
        sa.CheckConstraint(
            "follow_up_to_days >= follow_up_from_days", name=op.f("ck_outcome_cohort_window")
        ),
        sa.CheckConstraint(whole, name=op.f("ck_outcome_cohort_frozen_whole")),
        sa.CheckConstraint(
            "status <> 'frozen' OR frozen_at IS NOT NULL", name=op.f("ck_outcome_cohort_frozen")
        ),
    )
    scoped(
        "outcome_cohort_member",
        sa.Column("outcome_cohort_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        points("outcome_cohort_id", "outcome_cohort", name="fk_outcome_cohort_member_cohort"),
        points("mentee_id", "mentee"),
        sa.UniqueConstraint(
            "prison_id", "outcome_cohort_id", "mentee_id", name="uq_outcome_cohort_member"
        ),
        versioned=False,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("outcome_cohort_member")
    op.drop_table("outcome_cohort")
    op.drop_table("questionnaire")
