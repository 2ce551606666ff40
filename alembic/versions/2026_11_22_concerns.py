"""Concerns, their actions, and pages."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import changed

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCOPED = ["concern", "action", "addendum", "notification"]


def _disclosure() -> sa.Column[str]:
    kinds = ("ordinary", "third_party", "serious_harm_test", "restricted")
    kind = sa.Enum(*kinds, name="disclosure", native_enum=False, create_constraint=True, length=60)
    return sa.Column("disclosure", kind, nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "concern",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "welfare",
                "self_harm_or_suicide",
                "harm_to_others",
                "safeguarding",
                "coercion_of_mentor",
                "misconduct",
                "security_matter",
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
                "raised",
                "acknowledged",
                "under_review",
                "actions_open",
                "ready_to_close",
                "closed",
                "reopened",
                "merged_duplicate",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column(
            "immediacy",
            sa.Enum(
                "now",
                "this_session",
                "within_24h",
                "routine",
                name="immediacy",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("immediacy_as_said", sa.String(length=300), nullable=True),
        sa.Column("subject_person_id", sa.Uuid(), nullable=True),
        sa.Column("subject_as_told", sa.String(length=400), nullable=True),
        sa.Column("about_staff_id", sa.Uuid(), nullable=True),
        sa.Column("about_staff_as_told", sa.String(length=400), nullable=True),
        sa.Column("about_line_id", sa.Uuid(), nullable=True),
        sa.Column("about_mentor", sa.Boolean(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("needs", sa.String(), nullable=True),
        sa.Column("protects", sa.String(), nullable=True),
        sa.Column("told", sa.String(length=300), nullable=True),
        sa.Column("mentions_self_harm", sa.Boolean(), nullable=False),
        sa.Column("handed_over_to", sa.String(length=300), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_by_subject", sa.String(length=200), nullable=True),
        sa.Column(
            "raised_by_role",
            sa.Enum(
                "support_worker",
                "wing_duty",
                "mentor",
                "suspended_mentor",
                "applicant",
                "clinician",
                "nurse",
                "mental_health_lead",
                "governor",
                "machine",
                "system",
                name="raised_by_role",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("raised_by_person_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lock_up", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=200), nullable=True),
        sa.Column("accepted_on_duty_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_staff_id", sa.Uuid(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_subject", sa.String(length=200), nullable=True),
        sa.Column("not_seen_reason", sa.String(length=300), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column(
            "acct_decision",
            sa.Enum(
                "opened",
                "already_open",
                "post_closure_review",
                "not_opened",
                name="acct_decision",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        sa.Column("acct_reason", sa.String(length=300), nullable=True),
        sa.Column("clinician_signed_by", sa.String(length=200), nullable=True),
        sa.Column(
            "feedback",
            sa.Enum(
                "received",
                "acted",
                "cannot_share_more",
                "impossible",
                name="feedback",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        sa.Column("feedback_text", sa.String(length=300), nullable=True),
        sa.Column("feedback_told_by", sa.String(length=200), nullable=True),
        sa.Column("feedback_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject_left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_left_reason", sa.String(length=300), nullable=True),
        sa.Column("receiving_side", sa.String(length=300), nullable=True),
        sa.Column("received_there_by", sa.String(length=200), nullable=True),
        sa.Column("received_there_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "lower_to",
            sa.Enum(
                "now",
                "this_session",
                "within_24h",
                "routine",
                name="lower_to",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        sa.Column("lower_reason", sa.String(length=300), nullable=True),
        sa.Column("lower_by", sa.String(length=200), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        _disclosure(),
        sa.CheckConstraint(
            "num_nonnulls(receiving_side, received_there_by, received_there_at) IN (0, 3)",
            name=op.f("ck_concern_named_receipt"),
        ),
        sa.CheckConstraint(
            "status IN ('closed', 'merged_duplicate') OR next_step_at IS NOT NULL",
            name=op.f("ck_concern_open_has_next_step"),
        ),
        sa.CheckConstraint(
            "subject_person_id IS NOT NULL OR subject_as_told IS NOT NULL",
            name=op.f("ck_concern_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "about_line_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_concern_about_line",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "merged_into"],
            ["concern.prison_id", "concern.id"],
            name="fk_concern_merged_into",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "about_staff_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_concern_about_staff",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "accepted_by_staff_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_concern_accepted_by",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "raised_by_person_id"],
            ["person.prison_id", "person.id"],
            name="fk_concern_raised_by",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "subject_person_id"],
            ["person.prison_id", "person.id"],
            name="fk_concern_subject",
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_concern_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_concern")),
        sa.UniqueConstraint("prison_id", "reference", name="uq_concern_reference"),
    )
    op.create_index(
        "ix_concern_due",
        "concern",
        ["prison_id", "next_step_at"],
        unique=False,
        postgresql_where=sa.text("status NOT IN ('closed', 'merged_duplicate')"),
    )
    op.create_index(
        "ix_concern_recorded", "concern", ["prison_id", "recorded_at", "id"], unique=False
    )
    op.create_table(
        "action",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("handed_to", sa.Uuid(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        _disclosure(),
        sa.ForeignKeyConstraint(
            ["prison_id", "concern_id"],
            ["concern.prison_id", "concern.id"],
            name=op.f("fk_action_prison_id_concern_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "handed_to"], ["staff.prison_id", "staff.id"], name="fk_action_handed_to"
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "owner_id"], ["staff.prison_id", "staff.id"], name="fk_action_owner"
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_action_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_action")),
    )
    op.create_index("ix_action_concern", "action", ["prison_id", "concern_id"], unique=False)
    op.create_table(
        "addendum",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(length=200), nullable=False),
        sa.Column("as_sent", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        _disclosure(),
        sa.ForeignKeyConstraint(
            ["prison_id", "concern_id"],
            ["concern.prison_id", "concern.id"],
            name=op.f("fk_addendum_prison_id_concern_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_addendum_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_addendum")),
    )
    op.create_index("ix_addendum_concern", "addendum", ["prison_id", "concern_id"], unique=False)
    op.create_table(
        "notification",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("break_glass_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column(
            "urgency",
            sa.Enum(
                "now",
                "safety",
                "ordinary",
                name="urgency",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "delivered",
                "read",
                "failed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hasten_owed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(concern_id, task_id, break_glass_id) = 1",
            name=op.f("ck_notification_about_one"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "concern_id"],
            ["concern.prison_id", "concern.id"],
            name=op.f("fk_notification_prison_id_concern_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "staff_id"],
            ["staff.prison_id", "staff.id"],
            name=op.f("fk_notification_prison_id_staff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_notification_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_notification")),
    )
    op.create_index(
        "ix_notification_concern",
        "notification",
        ["prison_id", "concern_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        "ix_notification_staff",
        "notification",
        ["prison_id", "staff_id", "recorded_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notification_owed",
        "notification",
        ["prison_id", "recorded_at"],
        postgresql_where=sa.text("hasten_owed"),
    )
    for table in SCOPED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_prison ON {table}"
            " USING (prison_id = current_setting('app.prison_id', true))"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ["notification", "addendum", "action", "concern"]:
        op.drop_table(table)
