"""Machine clients and revoked tokens."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0007"
down_revision = "0006b"
branch_labels = None
depends_on = None

SCOPED: list[str] = ["client"]
SCOPES = (
    "ARRAY['concerns.read', 'export.pseudonymised', 'export.identifiable', 'fhir.read',"
    " 'events.write']::varchar[]"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "client",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("pending_scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"scopes <@ {SCOPES}", name=op.f("ck_client_scopes")),
        sa.CheckConstraint(f"pending_scopes <@ {SCOPES}", name=op.f("ck_client_pending_scopes")),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_client_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_client")),
        sa.UniqueConstraint("prison_id", "client_id", name="uq_client_client_id"),
    )
    op.create_table(
        "revocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prison_id", sa.String(length=3), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.String(length=200), nullable=True),
        sa.Column("issued_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "signed_out",
                "lost_or_stolen",
                "left_post",
                "misuse",
                "precaution",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("revoked_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(subject, person_id, token_id) > 0",
            name=op.f("ck_revocation_of_something"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(token_id, issued_until) > 0", name=op.f("ck_revocation_of_the_past")
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_revocation_prison_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation")),
    )
    op.create_index("ix_revocation_prison_id", "revocation", ["prison_id", "recorded_at", "id"])
    for column in ("subject", "person_id", "token_id"):
        op.create_index(
            f"ix_revocation_{column}",
            "revocation",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
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
    for table in ["revocation", "client"]:
        op.drop_table(table)
