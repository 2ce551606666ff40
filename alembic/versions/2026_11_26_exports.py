"""Exported rows say which transaction wrote them last, whoever writes them; and the audit keeps
the hash of what left."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

EXPORTED = (
    "concern",
    "history",
    "mentee",
    "mentor",
    "participation",
    "person",
    "questionnaire",
    "session",
    "shift",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " NEW.changed_xid := pg_current_xact_id()::text::bigint; RETURN NEW; END $$"
    )
    for table in EXPORTED:
        op.execute(
            f"CREATE TRIGGER note_change BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION note_change()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in EXPORTED:
        op.execute(f"DROP TRIGGER note_change ON {table}")
    op.execute("DROP FUNCTION note_change()")
