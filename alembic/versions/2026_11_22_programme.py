"""Mentors, their training, mentees and pairings."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import changed

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCOPED = ["mentor", "observation", "training", "mentee", "pairing"]


def _disclosure() -> sa.Column[str]:
    kinds = ("ordinary", "third_party", "serious_harm_test", "restricted")
    kind = sa.Enum(*kinds, name="disclosure", native_enum=False, create_constraint=True, length=60)
    return sa.Column("disclosure", kind, nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "mentor",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "screened",
                "interviewed",
                "governor_review",
                "approved_conditionally",
                "declined",
                "appealed",
                "withdrawn",
                "shadowing",
                "ready_for_sign_off",
                "active",
                "paused",
                "suspended",
                "stepped_down",
                "removed",
                "transferred",
                "released",
                "deceased",
                "merged",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column(
            "suspended_from",
            sa.Enum(
                "draft",
                "submitted",
                "screened",
                "interviewed",
                "governor_review",
                "approved_conditionally",
                "declined",
                "appealed",
                "withdrawn",
                "shadowing",
                "ready_for_sign_off",
                "active",
                "paused",
                "suspended",
                "stepped_down",
                "removed",
                "transferred",
                "released",
                "deceased",
                "merged",
                name="suspended_from",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        sa.Column(
            "commitment",
            sa.Enum(
                "full_time",
                "voluntary",
                name="commitment",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("motivation", sa.String(), nullable=True),
        sa.Column(
            "clearance",
            sa.Enum(
                "cleared",
                "refused",
                name="clearance_outcome",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        sa.Column("clearance_from", sa.Date(), nullable=True),
        sa.Column("clearance_to", sa.Date(), nullable=True),
        sa.Column("agreement_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "conditions",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("declined_by", sa.String(length=200), nullable=True),
        sa.Column("reapply_on", sa.Date(), nullable=True),
        sa.Column("correction_asked_by", sa.String(length=200), nullable=True),
        _disclosure(),
        sa.CheckConstraint(
            "conditions <@ ARRAY['no_nights', 'no_one_to_one', 'groups_with_staff_only',"
            " 'own_wing_only', 'review_after_three_months']::text[]",
            name=op.f("ck_mentor_conditions"),
        ),
        sa.CheckConstraint(
            "clearance_to IS NULL OR clearance_to >= clearance_from",
            name=op.f("ck_mentor_clearance"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"],
            ["person.prison_id", "person.id"],
            name=op.f("fk_mentor_prison_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "supervisor_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_mentor_supervisor",
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_mentor_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_mentor")),
    )
    op.create_index(
        "uq_mentor_live_person",
        "mentor",
        ["prison_id", "person_id"],
        unique=True,
        postgresql_where=sa.text(
            "status NOT IN ('deceased', 'declined', 'merged', 'released', 'removed', 'stepped_down', 'transferred', 'withdrawn')"
        ),
    )
    op.create_table(
        "observation",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("observed_mentor_id", sa.Uuid(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("learnt", sa.String(), nullable=False),
        sa.Column("assessor_id", sa.Uuid(), nullable=True),
        _disclosure(),
        sa.CheckConstraint(
            "mentor_id <> observed_mentor_id", name=op.f("ck_observation_another_mentor")
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "assessor_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_observation_assessor",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "mentor_id"],
            ["mentor.prison_id", "mentor.id"],
            name=op.f("fk_observation_prison_id_mentor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "observed_mentor_id"],
            ["mentor.prison_id", "mentor.id"],
            name="fk_observation_observed_mentor",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_observation_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_observation")),
    )
    op.create_table(
        "training",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("module", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("curriculum", sa.String(length=20), nullable=False),
        sa.Column("validity_months", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "not_started",
                "attended",
                "assessed",
                "competent",
                "refer",
                "expired",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("assessor_id", sa.Uuid(), nullable=True),
        sa.Column("competent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["prison_id", "assessor_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_training_assessor",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "mentor_id"],
            ["mentor.prison_id", "mentor.id"],
            name=op.f("fk_training_prison_id_mentor_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_training_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_training")),
        sa.UniqueConstraint("prison_id", "mentor_id", "module", name="uq_training_module"),
        sa.CheckConstraint("module ~ '^[a-z][a-z0-9_]{2,59}$'", name=op.f("ck_training_module")),
    )
    op.create_table(
        "mentee",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "referred",
                "self_referred",
                "triage",
                "accepted",
                "waiting",
                "offered",
                "engaged",
                "paused",
                "signposted",
                "stepped_up",
                "declined_by_person",
                "completed",
                "disengaged",
                "transferred",
                "released",
                "deceased",
                "merged",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column(
            "referred_by",
            sa.Enum(
                "self",
                "support_worker",
                "clinician",
                "wing_staff",
                "acct_review",
                name="referred_by",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("referral_reason", sa.String(), nullable=True),
        sa.Column("agreed_line", sa.String(length=300), nullable=True),
        sa.Column("safety_need", sa.Boolean(), nullable=False),
        sa.Column("triage_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("permission_to_share_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explained_version", sa.String(length=20), nullable=True),
        sa.Column("explained_language", sa.String(length=40), nullable=True),
        sa.Column("explained_by", sa.Uuid(), nullable=True),
        sa.Column("compatibility_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outreach_attempts", sa.Integer(), nullable=False),
        sa.Column("welfare_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_first_until", sa.DateTime(timezone=True), nullable=True),
        _disclosure(),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"],
            ["person.prison_id", "person.id"],
            name=op.f("fk_mentee_prison_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "explained_by"],
            ["staff.prison_id", "staff.id"],
            name="fk_mentee_explained_by",
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_mentee_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_mentee")),
    )
    op.create_index(
        "ix_mentee_status", "mentee", ["prison_id", "status", "recorded_at", "id"], unique=False
    )
    op.create_index(
        "uq_mentee_live_person",
        "mentee",
        ["prison_id", "person_id"],
        unique=True,
        postgresql_where=sa.text(
            "status NOT IN ('completed', 'deceased', 'declined_by_person', 'disengaged', 'merged', 'released', 'signposted', 'transferred')"
        ),
    )
    op.create_table(
        "pairing",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "live",
                "to_reassign",
                "ended",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["prison_id", "mentee_id"],
            ["mentee.prison_id", "mentee.id"],
            name=op.f("fk_pairing_prison_id_mentee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "mentor_id"],
            ["mentor.prison_id", "mentor.id"],
            name=op.f("fk_pairing_prison_id_mentor_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_pairing_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_pairing")),
    )
    op.create_index("ix_pairing_mentee", "pairing", ["prison_id", "mentee_id"], unique=False)
    op.create_index(
        "uq_pairing_live",
        "pairing",
        ["prison_id", "mentor_id", "mentee_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'ended'"),
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
    for table in ["pairing", "mentee", "training", "observation", "mentor"]:
        op.drop_table(table)
