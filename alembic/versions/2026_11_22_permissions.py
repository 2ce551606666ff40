"""Permission to share, explanations of confidentiality, ACCT pointers."""

import sqlalchemy as sa

from alembic import op

revision = "0006b"
down_revision = "0006"
branch_labels = None
depends_on = None

SCOPED = ["acct_pointer", "sharing_permission", "explanation"]
LIVE_POINTER = sa.text("status <> 'closed'")
GIVEN = sa.text("status = 'given'")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def _base(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f(f"fk_{table}_prison_id")),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"],
            ["person.prison_id", "person.id"],
            name=op.f(f"fk_{table}_prison_id_person_id"),
        ),
    ]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "acct_pointer",
        *_base("acct_pointer"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", _choice("status", "open", "post_closure", "closed"), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (closed_on IS NULL)", name=op.f("ck_acct_pointer_closed_on")
        ),
        sa.CheckConstraint(
            "closed_on >= opened_on", name=op.f("ck_acct_pointer_closed_after_opened")
        ),
    )
    op.create_index(
        "uq_acct_pointer_live",
        "acct_pointer",
        ["prison_id", "person_id"],
        unique=True,
        postgresql_where=LIVE_POINTER,
    )
    op.create_index("ix_acct_pointer_opened", "acct_pointer", ["prison_id", "opened_on", "id"])
    op.create_table(
        "sharing_permission",
        *_base("sharing_permission"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "recipient",
            _choice(
                "recipient",
                "mentor",
                "support_workers",
                "clinicians",
                "wing_staff",
                "chaplaincy",
                "education",
                "family",
                "gp",
                "other_prison",
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            _choice(
                "purpose",
                "peer_support",
                "safety_plan",
                "questionnaire_scores",
                "referral",
                "family_contact",
                "research",
            ),
            nullable=False,
        ),
        sa.Column("status", _choice("status", "given", "revoked"), nullable=False),
        sa.Column("how", _choice("how", "spoken", "written"), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(status = 'revoked') = (revoked_at IS NOT NULL)",
            name=op.f("ck_sharing_permission_revoked"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "recorded_by"],
            ["staff.prison_id", "staff.id"],
            name="fk_sharing_permission_recorded_by",
        ),
    )
    op.create_index(
        "uq_sharing_permission_given",
        "sharing_permission",
        ["prison_id", "person_id", "recipient", "purpose"],
        unique=True,
        postgresql_where=GIVEN,
    )
    op.create_index(
        "ix_sharing_permission_person",
        "sharing_permission",
        ["prison_id", "person_id", "recorded_at", "id"],
    )
    op.create_table(
        "explanation",
        *_base("explanation"),
        sa.Column("explained_version", sa.String(length=20), nullable=False),
        sa.Column("explained_language", sa.String(length=40), nullable=False),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explained_by", sa.Uuid(), nullable=True),
        sa.Column("understood", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prison_id", "explained_by"],
            ["staff.prison_id", "staff.id"],
            name="fk_explanation_explained_by",
        ),
    )
    op.create_index(
        "ix_explanation_person", "explanation", ["prison_id", "person_id", "explained_at", "id"]
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
    for table in ["explanation", "sharing_permission", "acct_pointer"]:
        op.drop_table(table)
