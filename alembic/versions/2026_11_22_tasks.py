"""Tasks, break-glass, and pages about them."""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DISCLOSURE = sa.Enum(
    "ordinary",
    "third_party",
    "serious_harm_test",
    "restricted",
    name="disclosure",
    native_enum=False,
    create_constraint=True,
    length=60,
)
SCOPED = ["task", "break_glass"]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "task",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("disclosure", DISCLOSURE, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "break_glass_review",
                "break_glass_follow_up",
                "debrief",
                "postvention",
                "welfare_check",
                "suspension_review",
                "application_step",
                "clearance_review",
                "clearance_lapsed",
                "requirement_lapsed",
                "training_refresher",
                "placement_ended",
                "supervision_due",
                "supervision_overdue",
                "joint_review_due",
                "check_in_due",
                "triage_due",
                "waiting_long",
                "offer_open",
                "outreach_due",
                "complaint_due",
                "reassignment_due",
                "wing_place_due",
                "outreach_visit_due",
                "proposal_due",
                "mentor_review",
                "contact_request_due",
                "shift_uncovered",
                "place_review",
                "duty_gap",
                "handover_due",
                "action_due",
                "receipt_due",
                "webhook_failing",
                "answer_review",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "done",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column(
            "thing_noun",
            sa.Enum(
                "break_glass",
                "complaints",
                "concerns",
                "contact_requests",
                "enrolments",
                "duties",
                "handovers",
                "joint_reviews",
                "match_proposals",
                "mentees",
                "mentors",
                "people",
                "placements",
                "questionnaires",
                "sessions",
                "shifts",
                "supervisions",
                "trainings",
                "webhooks",
                "wing_places",
                "wings",
                name="thing_noun",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column(
            "for_role",
            sa.Enum(
                "support_worker",
                "wing_duty",
                "clinician",
                "nurse",
                "mental_health_lead",
                "governor",
                name="for_role",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        sa.Column("for_staff_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "for_role IS NOT NULL OR for_staff_id IS NOT NULL", name=op.f("ck_task_for_someone")
        ),
        sa.CheckConstraint(
            "status <> 'open' OR next_step_at IS NOT NULL", name=op.f("ck_task_open_has_next_step")
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "for_staff_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_task_for_staff",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"], ["person.prison_id", "person.id"], name="fk_task_person"
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_task_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_task")),
        sa.UniqueConstraint("prison_id", "reference", name="uq_task_reference"),
    )
    op.create_index(
        "ix_task_step",
        "task",
        ["prison_id", "next_step_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_task_due", "task", ["prison_id", "due_at", "id"], unique=False)
    op.create_foreign_key(
        op.f("fk_action_prison_id_task_id"),
        "action",
        "task",
        ["prison_id", "task_id"],
        ["prison_id", "id"],
    )
    op.create_index("ix_task_thing", "task", ["prison_id", "thing_id"], unique=False)
    op.create_table(
        "break_glass",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("disclosure", DISCLOSURE, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason_code",
            sa.Enum(
                "danger_to_life",
                "serious_harm",
                "emergency_treatment",
                "safeguarding",
                "other",
                name="reason_code",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "ended",
                "expired",
                "reviewed_justified",
                "reviewed_not_justified",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=200), nullable=True),
        sa.Column("review_note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "expires_at > begins_at", name=op.f("ck_break_glass_expires_after_begin")
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"],
            ["person.prison_id", "person.id"],
            name="fk_break_glass_person",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "staff_id"], ["staff.prison_id", "staff.id"], name="fk_break_glass_staff"
        ),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_break_glass_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_break_glass")),
        sa.UniqueConstraint("prison_id", "reference", name="uq_break_glass_reference"),
    )
    op.create_index(
        "ix_break_glass_staff", "break_glass", ["prison_id", "staff_id", "expires_at"], unique=False
    )
    op.create_index(
        "ix_break_glass_open",
        "break_glass",
        ["prison_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_break_glass_recorded", "break_glass", ["prison_id", "recorded_at", "id"], unique=False
    )
    for table in SCOPED:
        op.create_foreign_key(
            op.f(f"fk_notification_prison_id_{table}_id"),
            "notification",
            table,
            ["prison_id", f"{table}_id"],
            ["prison_id", "id"],
        )
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_prison ON {table}"
            " USING (prison_id = current_setting('app.prison_id', true))"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in SCOPED:
        op.drop_constraint(
            op.f(f"fk_notification_prison_id_{table}_id"), "notification", type_="foreignkey"
        )
    op.drop_constraint(op.f("fk_action_prison_id_task_id"), "action", type_="foreignkey")
    for table in ["break_glass", "task"]:
        op.drop_table(table)
