"""Campaigns, adoption, and what an application is made of."""

import sqlalchemy as sa

from alembic import op
from app.ddl import chosen, moment, points, scoped, story, word

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LIVE = sa.text("withdrawn_at IS NULL")


def _campaigns() -> None:
    scoped(
        "campaign",
        word("title", 100),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        chosen("status", "draft", "open", "closed", "cancelled"),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_campaign_closes_after_it_opens")),
        sa.CheckConstraint("places >= 1", name=op.f("ck_campaign_has_a_place")),
    )
    op.create_index("ix_campaign_opens", "campaign", ["prison_id", "opens_on", "id"])
    op.add_column("mentor", sa.Column("campaign_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_mentor_campaign",
        "mentor",
        "campaign",
        ["prison_id", "campaign_id"],
        ["prison_id", "id"],
    )
    op.create_index("ix_mentor_campaign", "mentor", ["prison_id", "campaign_id"])


def _statements() -> None:
    prompts = ("why_mentor", "what_i_bring", "what_is_hard_for_me", "when_i_am_available")
    scoped(
        "statement",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        chosen("prompt", *prompts),
        story("text"),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        points("mentor_id", "mentor", name=op.f("fk_statement_prison_id_mentor_id")),
        points("recorded_by", "staff", name="fk_statement_recorded_by"),
        sa.UniqueConstraint("prison_id", "mentor_id", "prompt", name="uq_statement_prompt"),
        written=True,
    )


def _character_references() -> None:
    roles = ("wing_staff", "education", "work", "chaplaincy", "healthcare", "other")
    scoped(
        "character_reference",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        word("referee_name", 100),
        chosen("referee_role", *roles),
        chosen("supports", "yes", "with_reservations", "no"),
        story("text"),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        points("mentor_id", "mentor", name=op.f("fk_character_reference_prison_id_mentor_id")),
        points("recorded_by", "staff", name="fk_character_reference_recorded_by"),
        written=True,
    )
    op.create_index(
        "ix_character_reference_mentor",
        "character_reference",
        ["prison_id", "mentor_id", "recorded_at", "id"],
    )


def _interviews() -> None:
    scoped(
        "interview",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        chosen("interviewer", "support_worker", "clinician"),
        sa.Column("on_appeal", sa.Boolean(), nullable=False),
        moment("held_at"),
        chosen("recommendation", "recommended", "recommended_with_support", "not_recommended"),
        story("notes"),
        points("mentor_id", "mentor", name=op.f("fk_interview_prison_id_mentor_id")),
        points("staff_id", "staff", name="fk_interview_staff"),
        sa.UniqueConstraint(
            "prison_id", "mentor_id", "staff_id", "on_appeal", name="uq_interview_interviewer"
        ),
        written=True,
    )


def _adoptions() -> None:
    scoped(
        "adoption",
        chosen("part", "senior_manager", "governor", "mental_health_lead"),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        word("signed_by", 200),
        word("named_person", 100),
        moment("signed_at"),
        word("scheme_version", 60),
        moment("withdrawn_at", nullable=True),
        word("withdrawn_by", 200, nullable=True),
        points("staff_id", "staff", name="fk_adoption_staff"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name=op.f("ck_adoption_withdrawn_by_somebody"),
        ),
    )
    op.create_index(
        "uq_adoption_live_part",
        "adoption",
        ["prison_id", "part"],
        unique=True,
        postgresql_where=LIVE,
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _campaigns()
    _statements()
    _character_references()
    _interviews()
    _adoptions()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("adoption", "interview", "character_reference", "statement"):
        op.drop_table(table)
    op.drop_index("ix_mentor_campaign", "mentor")
    op.drop_constraint("fk_mentor_campaign", "mentor", type_="foreignkey")
    op.drop_column("mentor", "campaign_id")
    op.drop_table("campaign")
