"""Supervision, joint reviews, check-ins."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from alembic import op
from app.ddl import chosen, moment, points, scoped, story, word

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("status IN ('missed', 'rescheduled', 'scheduled')")
LIMITS = (
    "limits <@ ARRAY['none', 'no_nights', 'shorter_sessions', 'no_groups', 'rest_this_week',"
    " 'lighter_load']::text[] AND cardinality(limits) > 0"
)


def _day(name: str) -> sa.Column[sa.Date]:
    return sa.Column(name, sa.Date(), nullable=False)


def _id(name: str, *, nullable: bool = False) -> sa.Column[sa.Uuid]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _supervision() -> None:
    scoped(
        "supervision",
        _id("mentor_id"),
        _id("supervisor_id", nullable=True),
        chosen("status", "scheduled", "held", "signed", "missed", "rescheduled", "cancelled"),
        chosen("commitment", "full_time", "voluntary"),
        _day("counts_from"),
        _day("first_due_on"),
        _day("due_on"),
        moment("due_at"),
        sa.Column("alerts", sa.Integer(), nullable=False),
        moment("next_alert_at", nullable=True),
        moment("held_at", nullable=True),
        _id("held_by", nullable=True),
        chosen("mode", "in_person", "by_phone", "other", nullable=True),
        story("shared_note", nullable=True),
        story("next_steps", nullable=True),
        story("staff_note", nullable=True),
        moment("supervisor_signed_at", nullable=True),
        _id("supervisor_signed_by", nullable=True),
        chosen("mentor_signature", "signed", "refused", "unable", nullable=True),
        word("mentor_signature_reason", 300, nullable=True),
        moment("mentor_signature_at", nullable=True),
        word("mentor_signature_recorded_by", 200, nullable=True),
        points("mentor_id", "mentor"),
        points("supervisor_id", "staff", name="fk_supervision_supervisor"),
        points("held_by", "staff", name="fk_supervision_held_by"),
        points("supervisor_signed_by", "staff", name="fk_supervision_signed_by"),
        sa.CheckConstraint("due_on >= first_due_on", name=op.f("ck_supervision_put_off")),
        sa.CheckConstraint(
            "status NOT IN ('held', 'signed') OR held_at IS NOT NULL",
            name=op.f("ck_supervision_held"),
        ),
        written=True,
    )
    op.create_index(
        "uq_supervision_open_mentor",
        "supervision",
        ["prison_id", "mentor_id"],
        unique=True,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_supervision_mentor", "supervision", ["prison_id", "mentor_id", "first_due_on"]
    )
    op.create_index("ix_supervision_due", "supervision", ["prison_id", "due_at", "id"])
    op.create_index(
        "ix_supervision_alert",
        "supervision",
        ["prison_id", "next_alert_at"],
        postgresql_where=OPEN,
    )


def _joint_review() -> None:
    scoped(
        "joint_review",
        _day("month"),
        chosen("status", "due", "held", "signed_by_both"),
        _day("due_on"),
        moment("due_at"),
        _id("support_worker_id", nullable=True),
        _id("clinician_id", nullable=True),
        moment("held_at", nullable=True),
        story("summary", nullable=True),
        sa.Column("actions", sa.Integer(), nullable=True),
        moment("support_worker_signed_at", nullable=True),
        moment("clinician_signed_at", nullable=True),
        points("support_worker_id", "staff", name="fk_joint_review_support_worker"),
        points("clinician_id", "staff", name="fk_joint_review_clinician"),
        sa.UniqueConstraint("prison_id", "month", name="uq_joint_review_month"),
        sa.CheckConstraint(
            "extract(day FROM month) = 1", name=op.f("ck_joint_review_first_of_the_month")
        ),
        sa.CheckConstraint(
            "status = 'due' OR held_at IS NOT NULL", name=op.f("ck_joint_review_held")
        ),
        sa.CheckConstraint(
            "support_worker_id <> clinician_id", name=op.f("ck_joint_review_two_people")
        ),
        written=True,
    )


def _check_in() -> None:
    scoped(
        "check_in",
        _id("mentor_id"),
        moment("at"),
        _id("staff_id"),
        sa.Column("limits", ARRAY(sa.Text()), nullable=False),
        chosen("fitness", "fit", "fit_with_limits", "rest"),
        story("said", nullable=True),
        _day("next_on"),
        word("recorded_by", 200),
        points("mentor_id", "mentor"),
        points("staff_id", "staff"),
        sa.CheckConstraint(LIMITS, name=op.f("ck_check_in_limits")),
        versioned=False,
        written=True,
    )
    op.create_index("ix_check_in_mentor", "check_in", ["prison_id", "mentor_id", "at", "id"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _supervision()
    _joint_review()
    _check_in()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("check_in", "joint_review", "supervision"):
        op.drop_table(table)
