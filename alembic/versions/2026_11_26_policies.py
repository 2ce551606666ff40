"""Escalation policies of a prison's own; duties that come again; parts of duties that others take;
hand-overs."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, moment, points, scoped, story

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KINDS = (
    "welfare",
    "self_harm_or_suicide",
    "harm_to_others",
    "safeguarding",
    "coercion_of_mentor",
    "misconduct",
    "security_matter",
)

POSTS = ("clinician", "support_worker", "orderly_officer", "duty_governor", "last_resort")


def _policies() -> None:
    scoped(
        "escalation_policy",
        chosen("kind", *KINDS, nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        chosen("status", "draft", "signed_off", "in_force", "superseded", "withdrawn"),
        sa.Column("policy", postgresql.JSONB(), nullable=False),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("signed_off_by", sa.Uuid(), nullable=True),
        moment("signed_off_at", nullable=True),
        sa.Column("put_in_force_by", sa.Uuid(), nullable=True),
        moment("in_force_from", nullable=True),
        moment("superseded_at", nullable=True),
        points("drafted_by", "staff", name="fk_escalation_policy_drafted_by"),
        points("signed_off_by", "staff", name="fk_escalation_policy_signed_off_by"),
        points("put_in_force_by", "staff", name="fk_escalation_policy_put_in_force_by"),
        sa.CheckConstraint(
            "signed_off_by <> put_in_force_by", name=op.f("ck_escalation_policy_two_people")
        ),
        sa.CheckConstraint(
            "status NOT IN ('in_force', 'superseded')"
            " OR (signed_off_by IS NOT NULL AND put_in_force_by IS NOT NULL)",
            name=op.f("ck_escalation_policy_signed_off_and_put_in_force"),
        ),
        sa.UniqueConstraint(
            "prison_id",
            "kind",
            "number",
            name="uq_escalation_policy_number",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "uq_escalation_policy_in_force",
        "escalation_policy",
        ["prison_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status = 'in_force'"),
        postgresql_nulls_not_distinct=True,
    )


def _overrides() -> None:
    scoped(
        "duty_override",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        moment("starts_at"),
        moment("ends_at"),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        moment("withdrawn_at", nullable=True),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at)", persisted=True),
            nullable=False,
        ),
        points("duty_id", "duty"),
        points("staff_id", "staff", name="fk_duty_override_staff"),
        points("recorded_by", "staff", name="fk_duty_override_recorded_by"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_duty_override_ends_after_start")),
        postgresql.ExcludeConstraint(
            (sa.column("prison_id"), "="),
            (sa.column("duty_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("withdrawn_at IS NULL"),
            using="gist",
            name="ex_duty_override_duty_during",
        ),
    )
    op.create_index("ix_duty_override_duty", "duty_override", ["prison_id", "duty_id"])


def _patterns() -> None:
    scoped(
        "duty_pattern",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        chosen("post", *POSTS),
        sa.Column("weekdays", postgresql.JSONB(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=False),
        sa.Column("to_time", sa.Time(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        moment("ended_at", nullable=True),
        sa.Column("made_until", sa.Date(), nullable=False),
        points("staff_id", "staff"),
        points("recorded_by", "staff", name="fk_duty_pattern_recorded_by"),
        sa.CheckConstraint(
            "every_weeks BETWEEN 1 AND 12", name=op.f("ck_duty_pattern_every_weeks")
        ),
        sa.CheckConstraint("post <> 'last_resort'", name=op.f("ck_duty_pattern_no_last_resort")),
    )
    op.create_index("ix_duty_pattern_made_until", "duty_pattern", ["prison_id", "made_until"])
    op.create_foreign_key(
        "fk_duty_pattern",
        "duty",
        "duty_pattern",
        ["prison_id", "pattern_id"],
        ["prison_id", "id"],
    )


def _handovers() -> None:
    scoped(
        "handover",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        chosen("post", *POSTS),
        sa.Column("from_staff_id", sa.Uuid(), nullable=False),
        sa.Column("to_staff_id", sa.Uuid(), nullable=False),
        chosen("status", "offered", "accepted", "withdrawn"),
        story("notes", nullable=True),
        moment("accept_by"),
        moment("accepted_at", nullable=True),
        points("duty_id", "duty"),
        points("from_staff_id", "staff", name="fk_handover_from_staff"),
        points("to_staff_id", "staff", name="fk_handover_to_staff"),
        sa.CheckConstraint("from_staff_id <> to_staff_id", name=op.f("ck_handover_two_people")),
        sa.CheckConstraint(
            "(status = 'accepted') = (accepted_at IS NOT NULL)", name=op.f("ck_handover_accepted")
        ),
        written=True,
    )
    op.create_index("ix_handover_recorded", "handover", ["prison_id", "recorded_at", "id"])
    scoped(
        "handover_item",
        sa.Column("handover_id", sa.Uuid(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        moment("accepted_at", nullable=True),
        moment("declined_at", nullable=True),
        points("handover_id", "handover"),
        points("concern_id", "concern"),
        sa.UniqueConstraint("prison_id", "handover_id", "concern_id", name="uq_handover_item"),
        sa.CheckConstraint(
            "accepted_at IS NULL OR declined_at IS NULL", name=op.f("ck_handover_item_one_answer")
        ),
        versioned=False,
    )
    op.create_index("ix_handover_item_concern", "handover_item", ["prison_id", "concern_id"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _policies()
    _overrides()
    _patterns()
    _handovers()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("handover_item", "handover", "duty_override"):
        op.drop_table(table)
    op.drop_constraint("fk_duty_pattern", "duty", type_="foreignkey")
    op.drop_table("duty_pattern")
    op.drop_table("escalation_policy")
