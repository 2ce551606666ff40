"""Wing places, outreach, hours of work, merged persons."""

import sqlalchemy as sa

from alembic import op
from app.ddl import chosen, moment, points, scoped

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PLACE_STATES = (
    "requested",
    "waiting",
    "allocated",
    "resident",
    "moved_off",
    "declined",
    "withdrawn",
)
PLACE_ENDS = (
    "support_ended",
    "own_wish",
    "conduct",
    "moved_wing",
    "left_prison",
    "merged",
    "other",
)
PLACE_OVER = "'declined', 'moved_off', 'withdrawn'"
ACTIVITIES = (
    "supervision",
    "training",
    "debrief",
    "preparation",
    "administration",
    "outreach",
    "joint_review",
    "clinical_input",
    "escort",
    "other",
)


def _an_id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _a_number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    op.add_column("wing", sa.Column("places", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_wing_places"), "wing", "places >= 0")
    _wing_places()
    _outreach()
    _efforts()
    _merges()


def _wing_places() -> None:
    scoped(
        "wing_place",
        _an_id("person_id"),
        _an_id("wing_id"),
        chosen("status", *PLACE_STATES),
        moment("requested_at"),
        _an_id("recorded_by", nullable=True),
        moment("allocated_at", nullable=True),
        moment("moved_in_at", nullable=True),
        moment("ended_at", nullable=True),
        chosen("end_reason", *PLACE_ENDS, nullable=True),
        points("person_id", "person"),
        points("wing_id", "wing"),
        points("recorded_by", "staff", name="fk_wing_place_recorded_by"),
        sa.CheckConstraint(
            f"(status IN ({PLACE_OVER})) = (end_reason IS NOT NULL AND ended_at IS NOT NULL)",
            name=op.f("ck_wing_place_ended"),
        ),
    )
    op.create_index(
        "uq_wing_place_live_person",
        "wing_place",
        ["prison_id", "person_id"],
        unique=True,
        postgresql_where=sa.text(f"status NOT IN ({PLACE_OVER})"),
    )
    order = ["prison_id", "wing_id", "requested_at", "id"]
    op.create_index("ix_wing_place_order", "wing_place", order)


def _outreach() -> None:
    scoped(
        "outreach_visit",
        _an_id("wing_id"),
        chosen("kind", "stall", "talk", "door_to_door", "group"),
        moment("held_at"),
        _a_number("people_spoken_with"),
        _a_number("referrals_taken"),
        _an_id("recorded_by", nullable=True),
        points("wing_id", "wing"),
        points("recorded_by", "staff", name="fk_outreach_visit_recorded_by"),
        sa.CheckConstraint(
            "people_spoken_with >= 0 AND referrals_taken >= 0"
            " AND referrals_taken <= people_spoken_with",
            name=op.f("ck_outreach_visit_counts"),
        ),
    )
    by_wing = ["prison_id", "wing_id", "held_at", "id"]
    op.create_index("ix_outreach_visit_wing", "outreach_visit", by_wing)
    scoped(
        "outreach_part",
        _an_id("outreach_visit_id"),
        _an_id("mentor_id", nullable=True),
        _an_id("staff_id", nullable=True),
        points("outreach_visit_id", "outreach_visit"),
        points("mentor_id", "mentor"),
        points("staff_id", "staff"),
        sa.CheckConstraint(
            "num_nonnulls(mentor_id, staff_id) = 1", name=op.f("ck_outreach_part_one_of_both")
        ),
        sa.UniqueConstraint(
            "prison_id", "outreach_visit_id", "mentor_id", name="uq_outreach_part_mentor"
        ),
        sa.UniqueConstraint(
            "prison_id", "outreach_visit_id", "staff_id", name="uq_outreach_part_staff"
        ),
        versioned=False,
    )


def _efforts() -> None:
    scoped(
        "effort",
        _an_id("mentor_id", nullable=True),
        _an_id("staff_id", nullable=True),
        chosen("activity", *ACTIVITIES),
        sa.Column("done_on", sa.Date(), nullable=False),
        _a_number("minutes"),
        _an_id("recorded_by", nullable=True),
        moment("voided_at", nullable=True),
        chosen("void_reason", "entered_in_error", "entered_twice", "of_another", nullable=True),
        points("mentor_id", "mentor"),
        points("staff_id", "staff"),
        points("recorded_by", "staff", name="fk_effort_recorded_by"),
        sa.CheckConstraint("num_nonnulls(mentor_id, staff_id) = 1", name=op.f("ck_effort_of_one")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 720", name=op.f("ck_effort_minutes")),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (void_reason IS NULL)", name=op.f("ck_effort_voided")
        ),
    )
    op.create_index("ix_effort_done_on", "effort", ["prison_id", "done_on", "id"])
    op.create_index("ix_effort_mentor", "effort", ["prison_id", "mentor_id", "done_on"])


def _merges() -> None:
    op.add_column("person", _an_id("merged_into", nullable=True))
    op.add_column("person", moment("merged_at", nullable=True))
    op.create_check_constraint(
        op.f("ck_person_merged"), "person", "(merged_into IS NULL) = (merged_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_person_merged_away"), "person", "merged_into IS NULL OR presence = 'left'"
    )
    op.create_index("ix_person_identity_id", "person", ["prison_id", "identity_id"])
    op.create_index("ix_person_merged_into", "person", ["prison_id", "merged_into"])
    _points_to_its_like("person")
    for table in ("mentor", "mentee"):
        op.add_column(table, _an_id("merged_into", nullable=True))
        op.create_check_constraint(
            op.f(f"ck_{table}_merged"), table, "status <> 'merged' OR merged_into IS NOT NULL"
        )
        _points_to_its_like(table)


def _points_to_its_like(table: str) -> None:
    op.create_foreign_key(
        f"fk_{table}_merged_into",
        table,
        table,
        ["prison_id", "merged_into"],
        ["prison_id", "id"],
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("mentee", "mentor", "person"):
        op.drop_column(table, "merged_into")
    op.drop_column("person", "merged_at")
    op.drop_index("ix_person_identity_id", "person")
    for table in ("effort", "outreach_part", "outreach_visit", "wing_place"):
        op.drop_table(table)
    op.drop_column("wing", "places")
