"""The clinical room: versions of text, caseloads, clinical notes, safety plans."""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCOPED = ["text_version", "caseload", "clinical_note", "safety_plan", "safety_item"]
ROLES = (
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
)
LIVE = sa.text("ended_at IS NULL")
# Whoever was granted the table by default may append and read; only the owner may do more.
APPEND_ONLY = """
DO $$
DECLARE who name;
BEGIN
    FOR who IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_name = 'text_version' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON text_version FROM %I', who);
    END LOOP;
END $$
"""


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def _disclosure() -> sa.Column[str]:
    kind = _choice("disclosure", "ordinary", "third_party", "serious_harm_test", "restricted")
    return sa.Column("disclosure", kind, nullable=False)


def _base(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f(f"fk_{table}_prison_id")),
    ]


def _of_person(table: str) -> list[sa.schema.SchemaItem]:
    return [
        *_base(table),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"],
            ["person.prison_id", "person.id"],
            name=op.f(f"fk_{table}_prison_id_person_id"),
        ),
    ]


def _to_staff(name: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["prison_id", column], ["staff.prison_id", "staff.id"], name=name
    )


def _time(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "text_version",
        *_base("text_version"),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        _disclosure(),
        sa.Column("author_subject", sa.String(length=200), nullable=False),
        sa.Column("author_role", _choice("author_role", *ROLES), nullable=False),
        sa.UniqueConstraint(
            "prison_id", "thing_id", "field", "number", name="uq_text_version_number"
        ),
    )
    op.create_table(
        "caseload",
        *_of_person("caseload"),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _time("started_at"),
        _time("ended_at", nullable=True),
        sa.Column(
            "ended_reason",
            _choice(
                "ended_reason",
                "discharged",
                "handed_over",
                "left_prison",
                "entered_in_error",
                "merged",
            ),
            nullable=True,
        ),
        _to_staff("fk_caseload_staff", "staff_id"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_reason IS NULL)", name=op.f("ck_caseload_ended")
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_caseload_ends_after_start")),
    )
    op.create_index(
        "uq_caseload_live",
        "caseload",
        ["prison_id", "person_id", "staff_id"],
        unique=True,
        postgresql_where=LIVE,
    )
    op.create_index("ix_caseload_staff", "caseload", ["prison_id", "staff_id", "started_at", "id"])
    op.create_table(
        "clinical_note",
        *_of_person("clinical_note"),
        sa.Column("author_staff_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _choice("kind", "contact", "assessment", "plan", "review", "telephone"),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        _disclosure(),
        _time("occurred_at"),
        _time("locks_at"),
        _to_staff("fk_clinical_note_author", "author_staff_id"),
    )
    op.create_index(
        "ix_clinical_note_person",
        "clinical_note",
        ["prison_id", "person_id", "occurred_at", "id"],
    )
    op.create_index("ix_clinical_note_author", "clinical_note", ["prison_id", "author_staff_id"])
    op.create_table(
        "safety_plan",
        *_of_person("safety_plan"),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        _time("reviewed_at", nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        _time("changed_at"),
        _time("ended_at", nullable=True),
        _to_staff("fk_safety_plan_made_by", "made_by"),
        _to_staff("fk_safety_plan_reviewed_by", "reviewed_by"),
    )
    op.create_index(
        "uq_safety_plan_live",
        "safety_plan",
        ["prison_id", "person_id"],
        unique=True,
        postgresql_where=LIVE,
    )
    op.create_table(
        "safety_item",
        *_base("safety_item"),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _choice(
                "kind",
                "warning_sign",
                "coping_strategy",
                "distraction",
                "person_to_contact",
                "professional_to_contact",
                "safer_surroundings",
                "reason_for_living",
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        _disclosure(),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("shared_with_mentor", sa.Boolean(), nullable=False),
        sa.Column("shared_with_staff", sa.Boolean(), nullable=False),
        _time("removed_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["prison_id", "plan_id"],
            ["safety_plan.prison_id", "safety_plan.id"],
            name=op.f("fk_safety_item_prison_id_plan_id"),
        ),
    )
    op.create_index("ix_safety_item_plan", "safety_item", ["prison_id", "plan_id", "position"])
    op.execute(APPEND_ONLY)
    for table in SCOPED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_prison ON {table}"
            " USING (prison_id = current_setting('app.prison_id', true))"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in reversed(SCOPED):
        op.drop_table(table)
