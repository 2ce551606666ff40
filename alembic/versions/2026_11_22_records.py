"""Deaths, legal holds, releases, outages, retention."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCOPED = ["former_value", "outage", "death", "legal_hold", "release"]
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
# What was so cannot be changed; what is let go by retention can be deleted.
NEVER_CHANGED = """
DO $$
DECLARE who name;
BEGIN
    FOR who IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_name = '{table}' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, TRUNCATE ON {table} FROM %I', who);
    END LOOP;
END $$
"""


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _word(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _base(table: str, *, versioned: bool = True) -> list[sa.schema.SchemaItem]:
    version = [sa.Column("version", sa.Integer(), nullable=False)] if versioned else []
    return [
        _word("prison_id", 3),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("recorded_at"),
        *version,
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f(f"fk_{table}_prison_id")),
    ]


def _points(column: str, table: str, name: str) -> sa.ForeignKeyConstraint:
    there = [f"{table}.prison_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["prison_id", column], there, name=name)


def _software() -> None:
    op.create_table(
        "software_start",
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("recorded_at"),
        sa.Column("process", _choice("process", "api", "worker"), nullable=False),
        _word("software_version", 40),
        _word("build", 64),
        _word("settings_digest", 64),
        sa.Column("reference_digests", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_software_start")),
    )
    op.create_index("ix_software_start_recorded_at", "software_start", ["recorded_at", "id"])
    op.create_table(
        "outage",
        *_base("outage", versioned=False),
        _time("began_at"),
        _time("ended_at"),
        sa.CheckConstraint("ended_at > began_at", name=op.f("ck_outage_ends_after_begin")),
    )
    op.create_index("ix_outage_began_at", "outage", ["prison_id", "began_at"])


def _former_values() -> None:
    op.create_table(
        "former_value",
        *_base("former_value", versioned=False),
        _word("noun", 40),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("former", postgresql.JSONB(), nullable=False),
        _word("subject", 200, nullable=True),
        sa.Column("role", _choice("role", *ROLES), nullable=True),
    )
    in_order = ["prison_id", "thing_id", "recorded_at", "id"]
    op.create_index("ix_former_value_thing", "former_value", in_order)


def _deaths() -> None:
    sources = ("wing_staff", "healthcare", "hospital", "control_room", "other_prison")
    op.create_table(
        "death",
        *_base("death"),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("status", _choice("status", "reported", "corrected"), nullable=False),
        _time("occurred_at"),
        sa.Column("source", _choice("source", *sources, "recorded_with_a_move"), nullable=False),
        _word("reported_by", 200),
        sa.Column("reported_role", _choice("reported_role", *ROLES), nullable=False),
        sa.Column(
            "presence_before", _choice("presence_before", "here", "away", "left"), nullable=False
        ),
        _word("corrected_by", 200, nullable=True),
        _time("corrected_at", nullable=True),
        _points("person_id", "person", op.f("fk_death_prison_id_person_id")),
    )
    op.create_index(
        "uq_death_standing",
        "death",
        ["prison_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("status = 'reported'"),
    )


def _legal_holds() -> None:
    reasons = ("death_in_custody", "investigation", "complaint", "court_order")
    op.create_table(
        "legal_hold",
        *_base("legal_hold"),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", _choice("reason", *reasons), nullable=False),
        sa.Column("status", _choice("status", "placed", "lift_asked", "lifted"), nullable=False),
        _word("placed_by", 200),
        _word("lift_asked_by", 200, nullable=True),
        _word("lifted_by", 200, nullable=True),
        _time("lifted_at", nullable=True),
        _points("person_id", "person", op.f("fk_legal_hold_prison_id_person_id")),
    )
    op.create_index(
        "uq_legal_hold_standing",
        "legal_hold",
        ["prison_id", "person_id", "reason"],
        unique=True,
        postgresql_where=sa.text("status <> 'lifted'"),
    )
    op.create_index("ix_legal_hold_recorded", "legal_hold", ["prison_id", "recorded_at", "id"])


def _releases() -> None:
    disclosure = ("ordinary", "third_party", "serious_harm_test", "restricted")
    states = ("requested", "released", "collected", "refused", "expired")
    op.create_table(
        "release",
        *_base("release"),
        sa.Column("disclosure", _choice("disclosure", *disclosure), nullable=False),
        sa.Column(
            "kind", _choice("kind", "chronology_bundle", "identifiable_export"), nullable=False
        ),
        sa.Column("status", _choice("status", *states), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        _time("as_at", nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_role", _choice("requested_role", *ROLES), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_role", _choice("released_role", *ROLES), nullable=True),
        _time("released_at", nullable=True),
        _time("expires_at"),
        _time("collected_at", nullable=True),
        sa.Column("audit_position", sa.BigInteger(), nullable=True),
        _word("audit_digest", 64, nullable=True),
        _points("person_id", "person", op.f("fk_release_prison_id_person_id")),
        _points("requested_by", "staff", "fk_release_requested_by"),
        _points("released_by", "staff", "fk_release_released_by"),
        sa.CheckConstraint("released_by <> requested_by", name=op.f("ck_release_two_persons")),
        sa.CheckConstraint(
            "(kind = 'chronology_bundle') = (person_id IS NOT NULL AND as_at IS NOT NULL)",
            name=op.f("ck_release_bundle_of_a_person"),
        ),
    )
    op.create_index("ix_release_recorded", "release", ["prison_id", "recorded_at", "id"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _software()
    _former_values()
    _deaths()
    _legal_holds()
    _releases()
    for table in ("former_value", "software_start", "outage"):
        op.execute(NEVER_CHANGED.format(table=table))
    for table in SCOPED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_prison ON {table}"
            " USING (prison_id = current_setting('app.prison_id', true))"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in [*reversed(SCOPED), "software_start"]:
        op.drop_table(table)
