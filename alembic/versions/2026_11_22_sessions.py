"""Sessions and participations, with the clashes they cannot have."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import changed

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCOPED = ["session", "participation"]


def _disclosure() -> sa.Column[str]:
    kinds = ("ordinary", "third_party", "serious_harm_test", "restricted")
    kind = sa.Enum(*kinds, name="disclosure", native_enum=False, create_constraint=True, length=60)
    return sa.Column("disclosure", kind, nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "session",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "one_to_one",
                "group",
                "cbt_course",
                "art_therapy",
                "day_to_day",
                "night_callout",
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
                "planned",
                "confirmed",
                "held",
                "noted",
                "locked",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("lead_staff_id", sa.Uuid(), nullable=True),
        sa.Column("authorised_by", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "live",
            sa.Boolean(),
            sa.Computed("status IN ('planned', 'confirmed')", persisted=True),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locks_at", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("prison_id"), "="),
            (sa.column("mentor_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("live"),
            using="gist",
            name="ex_session_mentor_during",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("prison_id"), "="),
            (sa.column("room_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("live"),
            using="gist",
            name="ex_session_room_during",
        ),
        _disclosure(),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_session_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["prison_id", "authorised_by"],
            ["staff.prison_id", "staff.id"],
            name="fk_session_authorised_by",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "lead_staff_id"],
            ["staff.prison_id", "staff.id"],
            name="fk_session_lead_staff",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "mentor_id"],
            ["mentor.prison_id", "mentor.id"],
            name=op.f("fk_session_prison_id_mentor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "room_id"],
            ["room.prison_id", "room.id"],
            name=op.f("fk_session_prison_id_room_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_session_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_session")),
        sa.UniqueConstraint("prison_id", "id", "during", "live", name="uq_session_plan"),
    )
    op.create_index(
        "ix_session_mentor", "session", ["prison_id", "mentor_id", "starts_at"], unique=False
    )
    op.create_index(
        "ix_session_starts_at", "session", ["prison_id", "starts_at", "id"], unique=False
    )
    op.create_index(
        "ix_session_status", "session", ["prison_id", "status", "starts_at", "id"], unique=False
    )
    op.create_index(
        "ix_session_locks_at",
        "session",
        ["prison_id", "locks_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('held', 'noted')"),
    )
    op.create_table(
        "participation",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "offered",
                "accepted",
                "declined",
                "attended",
                "dna",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "regime_lockdown",
                "staff_shortage",
                "no_room",
                "no_escort",
                "clash",
                "segregation",
                "transfer",
                "mentor_unavailable",
                "mentee_unwell",
                "safety",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=True,
        ),
        postgresql.ExcludeConstraint(
            (sa.column("prison_id"), "="),
            (sa.column("mentee_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("live AND status IN ('offered', 'accepted')"),
            using="gist",
            name="ex_participation_mentee_during",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "mentee_id"],
            ["mentee.prison_id", "mentee.id"],
            name=op.f("fk_participation_prison_id_mentee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "session_id", "during", "live"],
            ["session.prison_id", "session.id", "session.during", "session.live"],
            name="fk_participation_session",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_participation_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_participation")),
        sa.UniqueConstraint("prison_id", "session_id", "mentee_id", name="uq_participation_mentee"),
    )
    op.create_index(
        "ix_participation_mentee",
        "participation",
        ["prison_id", "mentee_id", "session_id"],
        unique=False,
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
    for table in ["participation", "session"]:
        op.drop_table(table)
