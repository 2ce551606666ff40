"""Questionnaires: what mentees answered at the beginning of their support, and later."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op
from app.ddl import chosen, points, scoped, word

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
    scoped(
        "questionnaire",
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


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("questionnaire")
