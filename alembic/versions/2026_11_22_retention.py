"""Retention: what was taken away, and the one way in which a version of a text loses its words."""

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Versions are append-only for the service. This lets it empty them, none younger than the shortest
# class, whatever it asks for; row-level security holds inside as well.
EXPIRE_TEXTS = """
CREATE FUNCTION expire_texts(prison text, things uuid[], before timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
    WITH emptied AS (
        UPDATE text_version SET text = NULL
        WHERE prison_id = prison AND thing_id = ANY (things) AND text IS NOT NULL
            AND recorded_at < least(before, statement_timestamp() - interval '7 years')
        RETURNING 1
    )
    SELECT count(*) FROM emptied
$$
"""
GRANT = """
DO $$
DECLARE who name;
BEGIN
    FOR who IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_name = 'expiry' AND grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION expire_texts TO %I', who);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON expiry FROM %I', who);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "expiry",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "retention_class",
            sa.Enum(
                "scheme_administration",
                "mental_health_record",
                "audit",
                name="retention_class",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_expiry_prison_id")),
        sa.ForeignKeyConstraint(
            ["prison_id", "person_id"],
            ["person.prison_id", "person.id"],
            name=op.f("fk_expiry_prison_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_expiry")),
        sa.UniqueConstraint("prison_id", "person_id", "retention_class", name="uq_expiry_class"),
    )
    op.execute("ALTER TABLE expiry ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE expiry FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY in_prison ON expiry"
        " USING (prison_id = current_setting('app.prison_id', true))"
    )
    op.execute(EXPIRE_TEXTS)
    op.execute("REVOKE ALL ON FUNCTION expire_texts FROM PUBLIC")
    op.execute(GRANT)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP FUNCTION expire_texts")
    op.drop_table("expiry")
