"""The audit: entries, their chain."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SCOPED = ["audit_entry", "audit_link"]
ROLES = [
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
]
# Whoever was granted the tables by default may append and read; only the owner may do more.
APPEND_ONLY = """
DO $$
DECLARE who name;
BEGIN
    FOR who IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_name = '{table}' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM %I', who);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "audit_entry",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column(
            "role",
            sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=True, length=60),
            nullable=True,
        ),
        sa.Column("client", sa.String(length=200), nullable=True),
        sa.Column("operation", sa.String(length=100), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "read",
                "listed",
                "written",
                "refused",
                name="act",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("break_glass_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_audit_entry_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_ids", "audit_entry", ["ids"], postgresql_using="gin")
    op.create_index("ix_audit_entry_recorded_at", "audit_entry", ["prison_id", "recorded_at", "id"])
    op.create_index("ix_audit_entry_xid", "audit_entry", ["prison_id", "xid", "id"])
    op.create_table(
        "audit_link",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["prison_id", "entry_id"],
            ["audit_entry.prison_id", "audit_entry.id"],
            name=op.f("fk_audit_link_prison_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_audit_link_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "position", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("prison_id", "entry_id", name="uq_audit_link_entry"),
    )
    for table in SCOPED:
        op.execute(APPEND_ONLY.format(table=table))
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_prison ON {table}"
            " USING (prison_id = current_setting('app.prison_id', true))"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ["audit_link", "audit_entry"]:
        op.drop_table(table)
