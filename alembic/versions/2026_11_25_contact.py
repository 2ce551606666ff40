"""Asking for a mentor, and whom it is put to."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATES = ("asked", "offered", "accepted", "under_way", "ended", "withdrawn", "unmet")
ANSWERS = ("open", "accepted", "declined", "lapsed", "taken_back")
WITH_A_MENTOR = "'offered', 'accepted', 'under_way', 'ended'"
OPEN = "'asked', 'offered', 'accepted', 'under_way'"


def _an_id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _requests()
    _offers()


def _requests() -> None:
    scoped(
        "contact_request",
        _an_id("mentee_id"),
        moment("asked_at"),
        word("recorded_by", 200),
        chosen("status", *STATES),
        _an_id("mentor_id", nullable=True),
        moment("accepted_at", nullable=True),
        _an_id("authorised_by", nullable=True),
        _an_id("room_id", nullable=True),
        moment("started_at", nullable=True),
        moment("ended_at", nullable=True),
        _an_id("session_id", nullable=True),
        sa.Column("warnings", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        points("mentee_id", "mentee"),
        points("mentor_id", "mentor"),
        points("authorised_by", "staff", name="fk_contact_request_authorised_by"),
        points("session_id", "session"),
        points("room_id", "room"),
        sa.CheckConstraint(
            f"status NOT IN ({WITH_A_MENTOR}) OR mentor_id IS NOT NULL",
            name=op.f("ck_contact_request_with_a_mentor"),
        ),
        sa.CheckConstraint(
            "(authorised_by IS NULL) = (started_at IS NULL)",
            name=op.f("ck_contact_request_started_by_authority"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('under_way', 'ended') OR started_at IS NOT NULL",
            name=op.f("ck_contact_request_authorised"),
        ),
        sa.CheckConstraint(
            "status <> 'ended' OR session_id IS NOT NULL",
            name=op.f("ck_contact_request_ends_in_a_session"),
        ),
    )
    op.create_index(
        "uq_contact_request_open",
        "contact_request",
        ["prison_id", "mentee_id"],
        unique=True,
        postgresql_where=sa.text(f"status IN ({OPEN})"),
    )
    in_order = ["prison_id", "asked_at", "id"]
    op.create_index("ix_contact_request_asked_at", "contact_request", in_order)


def _offers() -> None:
    scoped(
        "contact_offer",
        _an_id("contact_request_id"),
        _an_id("mentor_id"),
        moment("offered_at"),
        moment("answer_by"),
        chosen("answer", *ANSWERS),
        moment("answered_at", nullable=True),
        points("contact_request_id", "contact_request"),
        points("mentor_id", "mentor"),
        sa.CheckConstraint(
            "(answer = 'open') = (answered_at IS NULL)", name=op.f("ck_contact_offer_answered")
        ),
    )
    op.create_index(
        "uq_contact_offer_open",
        "contact_offer",
        ["prison_id", "contact_request_id"],
        unique=True,
        postgresql_where=sa.text("answer = 'open'"),
    )
    for column in ("mentor_id", "answer_by"):
        name = f"ix_contact_offer_{column.removesuffix('_id')}"
        op.create_index(name, "contact_offer", ["prison_id", column])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("contact_offer")
    op.drop_table("contact_request")
