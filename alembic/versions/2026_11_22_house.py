"""Prisons, places, people, staff, duties; history, outbox and keys."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import changed

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCOPED = [
    "history",
    "idempotency_key",
    "outbox",
    "person",
    "regime",
    "staff",
    "wing",
    "room",
    "duty",
]


def _disclosure() -> sa.Column[str]:
    kinds = ("ordinary", "third_party", "serious_harm_test", "restricted")
    kind = sa.Enum(*kinds, name="disclosure", native_enum=False, create_constraint=True, length=60)
    return sa.Column("disclosure", kind, nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.create_table(
        "development_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offset_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_development_clock")),
    )
    op.create_table(
        "person_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("numbers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_identity")),
    )
    op.create_index(
        "ix_person_identity_numbers",
        "person_identity",
        ["numbers"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "prison",
        sa.Column("id", sa.String(length=3), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("shadowing_months", sa.Integer(), nullable=False),
        sa.Column("observed_sessions_needed", sa.Integer(), nullable=False),
        sa.Column("cooling_off_days", sa.Integer(), nullable=False),
        sa.Column("voluntary_weekly_hours", sa.Integer(), nullable=False),
        sa.Column("full_time_weekly_hours", sa.Integer(), nullable=False),
        sa.Column("nights_in_seven_days", sa.Integer(), nullable=False),
        sa.Column("mentees_per_voluntary", sa.Integer(), nullable=False),
        sa.Column("mentees_per_full_time", sa.Integer(), nullable=False),
        sa.Column("waiting_alert_days", sa.Integer(), nullable=False),
        sa.Column(
            "kinds_outside_regime",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{one_to_one,day_to_day,night_callout}'"),
            nullable=False,
        ),
        sa.Column("clearance_extension_days", sa.Integer(), nullable=False),
        sa.Column("contact_answer_minutes", sa.Integer(), nullable=False),
        sa.Column("contact_look_minutes", sa.Integer(), nullable=False),
        sa.Column("call_back_number", sa.String(length=40), nullable=True),
        sa.Column("outside_last_resort", sa.String(length=300), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id ~ '^[A-Z]{3}$'", name=op.f("ck_prison_three_capitals")),
        sa.CheckConstraint(
            "kinds_outside_regime <@ ARRAY['one_to_one', 'group', 'cbt_course', 'art_therapy',"
            " 'day_to_day', 'night_callout']::text[]",
            name=op.f("ck_prison_kinds_outside_regime"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prison")),
    )
    op.create_table(
        "history",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("actor_subject", sa.String(length=200), nullable=False),
        sa.Column(
            "actor_role",
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
                name="actor_role",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        _disclosure(),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_history_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_history")),
    )
    op.create_index(
        "ix_history_thing", "history", ["prison_id", "thing_id", "recorded_at"], unique=False
    )
    op.create_table(
        "idempotency_key",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_idempotency_key_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("prison_id", "subject", "key", name="uq_idempotency_key_key"),
    )
    op.create_table(
        "outbox",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("3"), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_outbox_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_xid", "outbox", ["prison_id", "xid", "id"])
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["prison_id", "recorded_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_pages",
        "outbox",
        ["prison_id", "rank", "recorded_at"],
        postgresql_where=sa.text("sent_at IS NULL AND topic = 'notification.page'"),
    )
    op.create_table(
        "person",
        changed(),
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=7), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("middle_names", sa.String(length=100), nullable=True),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=210), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("cell_location", sa.String(length=60), nullable=True),
        sa.Column(
            "presence",
            sa.Enum(
                "here",
                "away",
                "left",
                name="presence",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("came_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("no_it_access", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "prisoner_search",
                "manual",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "number ~ '^([A-Z]\\d{4}[A-Z]{2}|\\*[0-9a-f]{6})$'", name=op.f("ck_person_number")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["person_identity.id"], name=op.f("fk_person_identity_id")
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_person_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_person")),
        sa.UniqueConstraint("prison_id", "number", name="uq_person_number"),
    )
    op.create_index(
        "ix_person_display_name", "person", ["prison_id", "display_name", "id"], unique=False
    )
    op.create_table(
        "regime",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("lock_up", sa.Time(), nullable=False),
        sa.Column("slots", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 1 AND 8", name=op.f("ck_regime_weekday")),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_regime_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_regime")),
        sa.UniqueConstraint("prison_id", "weekday", name="uq_regime_weekday"),
    )
    op.create_table(
        "staff",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "support_worker",
                "wing_duty",
                "clinician",
                "nurse",
                "mental_health_lead",
                "governor",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("contact", sa.String(length=300), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("confirmation_asked_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "confirmation_asked_by IS NULL OR NOT active", name=op.f("ck_staff_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "confirmation_asked_by"],
            ["staff.prison_id", "staff.id"],
            name="fk_staff_confirmation_asked_by",
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_staff_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_staff")),
        sa.UniqueConstraint("prison_id", "subject", name="uq_staff_subject"),
    )
    op.create_table(
        "sweep_pulse",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("oldest_overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_resort_tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skew_seconds", sa.Float(), nullable=False),
        sa.Column("skewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["prison_id"], ["prison.id"], name=op.f("fk_sweep_pulse_prison_id")
        ),
        sa.PrimaryKeyConstraint("prison_id", name=op.f("pk_sweep_pulse")),
    )
    # Health reads every prison's; it is written from within the prison's scope or not at all, for
    # outside of it nothing is seen to be overdue.
    for policy in (
        "seen_by_health ON sweep_pulse FOR SELECT USING (true)",
        "in_prison ON sweep_pulse USING (prison_id = current_setting('app.prison_id', true))",
    ):
        op.execute(f"CREATE POLICY {policy}")
    op.execute("ALTER TABLE sweep_pulse ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE sweep_pulse FORCE ROW LEVEL SECURITY")
    op.create_table(
        "wing",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("dedicated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_wing_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_wing")),
        sa.UniqueConstraint("prison_id", "code", name="uq_wing_code"),
    )
    op.create_table(
        "room",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wing_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column(
            "kinds",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text(
                "'{one_to_one,group,cbt_course,art_therapy,day_to_day,night_callout}'"
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kinds <@ ARRAY['one_to_one', 'group', 'cbt_course', 'art_therapy', 'day_to_day',"
            " 'night_callout']::text[] AND cardinality(kinds) > 0",
            name=op.f("ck_room_kinds"),
        ),
        sa.ForeignKeyConstraint(
            ["prison_id", "wing_id"],
            ["wing.prison_id", "wing.id"],
            name=op.f("fk_room_prison_id_wing_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_room_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_room")),
        sa.UniqueConstraint("prison_id", "wing_id", "name", name="uq_room_name"),
    )
    op.create_table(
        "duty",
        sa.Column("prison_id", sa.String(length=3), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column(
            "post",
            sa.Enum(
                "clinician",
                "support_worker",
                "orderly_officer",
                "duty_governor",
                "last_resort",
                name="post",
                native_enum=False,
                create_constraint=True,
                length=60,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pattern_id", sa.Uuid(), nullable=True),
        sa.Column("pattern_day", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at >= starts_at", name=op.f("ck_duty_in_order")
        ),
        sa.CheckConstraint(
            "(pattern_id IS NULL) = (pattern_day IS NULL)", name=op.f("ck_duty_of_a_pattern")
        ),
        sa.UniqueConstraint("prison_id", "pattern_id", "pattern_day", name="uq_duty_of_a_pattern"),
        sa.ForeignKeyConstraint(
            ["prison_id", "staff_id"],
            ["staff.prison_id", "staff.id"],
            name=op.f("fk_duty_prison_id_staff_id"),
        ),
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f("fk_duty_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f("pk_duty")),
    )
    op.create_index("ix_duty_post", "duty", ["prison_id", "post", "starts_at"], unique=False)
    op.create_index("ix_duty_ends_at", "duty", ["prison_id", "ends_at"], unique=False)
    for table in SCOPED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY in_prison ON {table}"
            " USING (prison_id = current_setting('app.prison_id', true))"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in [
        "duty",
        "room",
        "wing",
        "sweep_pulse",
        "staff",
        "regime",
        "person",
        "outbox",
        "idempotency_key",
        "history",
        "prison",
        "person_identity",
        "development_clock",
    ]:
        op.drop_table(table)
