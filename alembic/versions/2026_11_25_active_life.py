"""Clearance in full, and the limits of a mentor's work."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CONDITIONS = (
    "'no_nights', 'no_one_to_one', 'groups_with_staff_only', 'own_wing_only',"
    " 'review_after_three_months'"
)
STAGES = ("current", "within_30_days", "within_7_days", "lapsed")


def _day(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=True)


def _conditions(name: str) -> sa.Column[object]:
    empty = sa.text("'{}'")
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=empty, nullable=False)


def _clearances() -> None:
    scoped(
        "clearance",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        chosen("outcome", "cleared", "refused"),
        _day("valid_from"),
        _day("valid_to"),
        _conditions("conditions"),
        word("decided_by", 200),
        moment("decided_at"),
        _day("extended_to", nullable=True),
        word("extended_by", 200, nullable=True),
        moment("extended_at", nullable=True),
        moment("superseded_at", nullable=True),
        chosen("told", *STAGES, nullable=True),
        moment("lapsed_at", nullable=True),
        _number("lost_pairings"),
        _number("lost_sessions"),
        _number("lost_mentees"),
        points("mentor_id", "mentor"),
        sa.CheckConstraint("valid_to >= valid_from", name="in_order"),
        sa.CheckConstraint("extended_to > valid_to", name="extension"),
        sa.CheckConstraint(
            "(extended_to IS NULL) = (extended_by IS NULL)"
            " AND (extended_to IS NULL) = (extended_at IS NULL)",
            name="extended_whole",
        ),
        sa.CheckConstraint(f"conditions <@ ARRAY[{CONDITIONS}]::text[]", name="conditions"),
    )
    op.create_index(
        "uq_clearance_standing",
        "clearance",
        ["prison_id", "mentor_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index("ix_clearance_mentor", "clearance", ["prison_id", "mentor_id", "decided_at"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.add_column("mentor", _conditions("clearance_conditions"))
    op.add_column("mentor", word("pay_reference", 20, nullable=True))
    op.create_check_constraint(
        "clearance_conditions", "mentor", f"clearance_conditions <@ ARRAY[{CONDITIONS}]::text[]"
    )
    op.create_check_constraint(
        "paid_full_time", "mentor", "pay_reference IS NULL OR commitment = 'full_time'"
    )
    _clearances()
    op.add_column("training", sa.Column("credited_from", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_training_credited_from",
        "training",
        "training",
        ["prison_id", "credited_from"],
        ["prison_id", "id"],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint("fk_training_credited_from", "training", type_="foreignkey")
    op.drop_column("training", "credited_from")
    op.drop_table("clearance")
    op.drop_constraint("paid_full_time", "mentor", type_="check")
    op.drop_constraint("clearance_conditions", "mentor", type_="check")
    op.drop_column("mentor", "pay_reference")
    op.drop_column("mentor", "clearance_conditions")
