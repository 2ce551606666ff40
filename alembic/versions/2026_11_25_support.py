"""Referral and waiting times, goals, complaints, and those turned away."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from alembic import op
from app.ddl import chosen, moment, points, scoped, story, word

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SOURCES = ("self", "support_worker", "clinician", "wing_staff", "acct_review")


def _mentee() -> None:
    """When a referral was made, and by whom it was entered; then the times of the way."""
    for column in ("waiting_since", "offered_at", "engaged_at", "referred_at"):
        op.add_column("mentee", moment(column, nullable=True))
    op.add_column("mentee", word("recorded_by", 200, nullable=True))
    for table in ("mentee", "history"):  # else no row is read or updated
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE mentee m SET referred_at = m.recorded_at, recorded_by = coalesce("
        "(SELECT h.actor_subject FROM history h WHERE h.prison_id = m.prison_id"
        " AND h.thing_id = m.id ORDER BY h.recorded_at LIMIT 1), 'system')"
    )
    for table in ("mentee", "history"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.alter_column("mentee", "referred_at", nullable=False)
    op.alter_column("mentee", "recorded_by", nullable=False)


def _goal() -> None:
    kinds = ("goal", "coping_strategy", "early_sign", "what_helps", "who_to_turn_to")
    scoped(
        "goal",
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        chosen("kind", *kinds),
        chosen("status", "open", "achieved", "dropped"),
        story("text"),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("share_with_mentor", sa.Boolean(), nullable=False),
        word("recorded_by", 200),
        points("mentee_id", "mentee", name=op.f("fk_goal_prison_id_mentee_id")),
        written=True,
    )
    op.create_index("ix_goal_mentee", "goal", ["prison_id", "mentee_id", "recorded_at", "id"])


def _complaint() -> None:
    states = ("received", "assigned", "answered", "reopened", "closed", "withdrawn_by_person")
    scoped(
        "complaint",
        word("reference", 12),
        chosen("status", *states),
        chosen("about", "mentor", "staff", "decision", "service", "other"),
        sa.Column("about_mentor_id", sa.Uuid(), nullable=True),
        sa.Column("about_staff_id", sa.Uuid(), nullable=True),
        sa.Column("about_line_ids", ARRAY(sa.Uuid()), nullable=False),
        word("about_as_told", 400, nullable=True),
        sa.Column("raised_by_person_id", sa.Uuid(), nullable=False),
        word("recorded_by", 200),
        story("account"),
        story("wanted", nullable=True),
        moment("occurred_at"),
        moment("due_at"),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        story("answer", nullable=True),
        moment("answered_at", nullable=True),
        word("answered_by", 200, nullable=True),
        points("raised_by_person_id", "person", name="fk_complaint_raised_by"),
        points("about_mentor_id", "mentor", name="fk_complaint_about_mentor"),
        points("about_staff_id", "staff", name="fk_complaint_about_staff"),
        points("assigned_to", "staff", name="fk_complaint_assigned_to"),
        sa.UniqueConstraint("prison_id", "reference", name="uq_complaint_reference"),
        written=True,
    )
    op.create_index("ix_complaint_due", "complaint", ["prison_id", "due_at", "id"])
    op.create_index("ix_complaint_raised_by", "complaint", ["prison_id", "raised_by_person_id"])


def _turned_away() -> None:
    reasons = (
        "not_eligible",
        "no_capacity",
        "better_served_elsewhere",
        "not_in_this_prison",
        "other",
    )
    scoped(
        "turned_away",
        chosen("reason", *reasons),
        chosen("source", *SOURCES),
        moment("occurred_at"),
        word("recorded_by", 200),
        versioned=False,
    )
    op.create_index("ix_turned_away_occurred", "turned_away", ["prison_id", "occurred_at"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _mentee()
    _goal()
    _complaint()
    _turned_away()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("turned_away", "complaint", "goal"):
        op.drop_table(table)
    for column in ("recorded_by", "referred_at", "engaged_at", "offered_at", "waiting_since"):
        op.drop_column("mentee", column)
