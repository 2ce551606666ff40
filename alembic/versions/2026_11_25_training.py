"""Placements, assessments of observed sessions, the site's modules, cohorts."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, moment, points, scoped, story, word

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = [
    "attendance",
    "cohort_member",
    "cohort_day",
    "cohort",
    "module",
    "assessment",
    "placement",
]


def _placements() -> None:
    scoped(
        "placement",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("host_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        chosen("status", "live", "ended"),
        moment("ended_at", nullable=True),
        points("mentor_id", "mentor"),
        points("host_id", "mentor", name="fk_placement_host"),
        sa.CheckConstraint("mentor_id <> host_id", name=op.f("ck_placement_another_mentor")),
        sa.CheckConstraint(
            "(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_placement_ended_at")
        ),
    )
    op.create_index(
        "uq_placement_live",
        "placement",
        ["prison_id", "mentor_id", "host_id"],
        unique=True,
        postgresql_where=sa.text("status = 'live'"),
    )
    op.create_index("ix_placement_host", "placement", ["prison_id", "host_id"])
    op.add_column("observation", sa.Column("placement_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_observation_prison_id_placement_id"),
        "observation",
        "placement",
        ["prison_id", "placement_id"],
        ["prison_id", "id"],
    )


def _assessments() -> None:
    scoped(
        "assessment",
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("assessor_id", sa.Uuid(), nullable=True),
        sa.Column("host_id", sa.Uuid(), nullable=True),
        chosen("outcome", "meets", "more_practice"),
        story("note", nullable=True),
        word("recorded_by", 200),
        points("observation_id", "observation"),
        points("mentor_id", "mentor"),
        points("host_id", "mentor", name="fk_assessment_host"),
        points("assessor_id", "staff", name="fk_assessment_assessor"),
        sa.CheckConstraint(
            "(host_id IS NULL) <> (assessor_id IS NULL)", name=op.f("ck_assessment_one_assessor")
        ),
        versioned=False,
        written=True,
    )
    op.create_index(
        "uq_assessment_by_staff",
        "assessment",
        ["prison_id", "observation_id", "assessor_id"],
        unique=True,
        postgresql_where=sa.text("assessor_id IS NOT NULL"),
    )
    op.create_index(
        "uq_assessment_by_host",
        "assessment",
        ["prison_id", "observation_id"],
        unique=True,
        postgresql_where=sa.text("host_id IS NOT NULL"),
    )
    op.create_index("ix_assessment_mentor", "assessment", ["prison_id", "mentor_id"])


def _modules() -> None:
    scoped(
        "module",
        word("code", 60),
        word("title", 100),
        sa.Column("validity_months", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("required_from", sa.Date(), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=False),
        chosen("status", "active", "retired"),
        sa.UniqueConstraint("prison_id", "code", name="uq_module_code"),
        sa.CheckConstraint(
            "required = (required_from IS NOT NULL)", name=op.f("ck_module_required_from")
        ),
    )
    op.add_column("training", sa.Column("refresher_for", sa.Date(), nullable=True))


def _cohorts() -> None:
    scoped(
        "cohort",
        word("title", 100),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("modules", postgresql.ARRAY(sa.Text()), nullable=False),
        chosen("status", "planned", "running", "completed", "cancelled"),
        points("lead_id", "staff", name="fk_cohort_lead"),
    )
    scoped(
        "cohort_day",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        word("module", 60),
        moment("starts_at"),
        moment("ends_at"),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("called_off", sa.Boolean(), nullable=False),
        moment("marked_at", nullable=True),
        points("cohort_id", "cohort"),
        points("room_id", "room"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_cohort_day_in_order")),
    )
    op.create_index("ix_cohort_day_cohort", "cohort_day", ["prison_id", "cohort_id", "starts_at"])
    scoped(
        "cohort_member",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        moment("left_at", nullable=True),
        points("cohort_id", "cohort"),
        points("mentor_id", "mentor"),
    )
    op.create_index(
        "uq_cohort_member_mentor",
        "cohort_member",
        ["prison_id", "cohort_id", "mentor_id"],
        unique=True,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_index("ix_cohort_member_mentor", "cohort_member", ["prison_id", "mentor_id"])
    scoped(
        "attendance",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("day_id", sa.Uuid(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        chosen("status", "present", "absent", "excused"),
        points("cohort_id", "cohort"),
        points("day_id", "cohort_day"),
        points("mentor_id", "mentor"),
        sa.UniqueConstraint("prison_id", "day_id", "mentor_id", name="uq_attendance_day"),
    )
    op.create_index("ix_attendance_mentor", "attendance", ["prison_id", "mentor_id"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _placements()
    _assessments()
    _modules()
    _cohorts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("training", "refresher_for")
    op.drop_column("observation", "placement_id")
    for table in TABLES:
        op.drop_table(table)
