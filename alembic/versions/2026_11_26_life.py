"""Events of life, monthly counts of incidents, and the experience survey."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, points, scoped, word

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KINDS = (
    "self_seclusion",
    "education_started",
    "work_started",
    "full_time_work_started",
    "family_contact",
    "self_care",
    "other_service",
    "mental_health_contact",
    "disruptive_incident",
)
FACTS = ("self_report", "staff_recorded", "clinical_finding")
SOURCES = (
    "own_words",
    "wing_book",
    "prison_record",
    "education_or_work",
    "other_provider",
    "clinical_record",
)
INCIDENTS = (
    "assault_on_staff",
    "assault_on_prisoner",
    "fight",
    "damage",
    "fire",
    "barricade",
    "incident_at_height",
    "disobedience",
    "other",
)
SOURCED = (
    "(fact = 'self_report' AND source IN ('own_words'))"
    " OR (fact = 'clinical_finding' AND source IN ('clinical_record'))"
    " OR (fact = 'staff_recorded' AND source IN"
    " ('education_or_work', 'other_provider', 'prison_record', 'wing_book'))"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _life_event()
    _incident_count()
    _survey()


def _life_event() -> None:
    scoped(
        "life_event",
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        chosen("kind", *KINDS),
        chosen("fact", *FACTS),
        chosen("source", *SOURCES),
        chosen("incident", *INCIDENTS, nullable=True),
        chosen("status", "recorded", "entered_in_error"),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        word("recorded_by", 200),
        points("mentee_id", "mentee"),
        sa.CheckConstraint(
            "last_day IS NULL OR kind = 'self_seclusion'", name=op.f("ck_life_event_a_spell")
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_life_event_in_order")),
        sa.CheckConstraint(
            "(kind = 'disruptive_incident') = (incident IS NOT NULL)",
            name=op.f("ck_life_event_one_incident"),
        ),
        sa.CheckConstraint(SOURCED, name=op.f("ck_life_event_sourced")),
        postgresql.ExcludeConstraint(
            (sa.column("prison_id"), "="),
            (sa.column("mentee_id"), "="),
            (sa.column("fact"), "="),
            (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            where=sa.text("kind = 'self_seclusion' AND status = 'recorded'"),
            using="gist",
            name="ex_life_event_spell",
        ),
    )
    op.create_index(
        "uq_life_event_day",
        "life_event",
        ["prison_id", "mentee_id", "kind", "fact", "first_day", "incident"],
        unique=True,
        postgresql_where=sa.text("status = 'recorded'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_life_event_mentee", "life_event", ["prison_id", "mentee_id", "first_day", "id"]
    )
    op.create_index("ix_life_event_day", "life_event", ["prison_id", "first_day", "id"])


def _incident_count() -> None:
    scoped(
        "incident_count",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("wing_id", sa.Uuid(), nullable=True),
        chosen("incident", *INCIDENTS),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("held", sa.Float(), nullable=True),
        chosen("status", "recorded", "entered_in_error"),
        word("recorded_by", 200),
        points("wing_id", "wing"),
        sa.CheckConstraint(
            "extract(day FROM month) = 1", name=op.f("ck_incident_count_whole_month")
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_incident_count_number")),
        sa.CheckConstraint("held > 0", name=op.f("ck_incident_count_held")),
    )
    op.create_index(
        "uq_incident_count_month",
        "incident_count",
        ["prison_id", "month", "wing_id", "incident"],
        unique=True,
        postgresql_where=sa.text("status = 'recorded'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_incident_count_month", "incident_count", ["prison_id", "month", "id"])


def _survey() -> None:
    scoped(
        "survey_round",
        chosen("audience", "mentees", "clinicians", "staff"),
        sa.Column("survey_version", sa.Integer(), nullable=False),
        chosen("status", "open", "closed", "withdrawn"),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("codes_made", sa.Integer(), nullable=False),
        word("recorded_by", 200),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_survey_round_closed")
        ),
        sa.CheckConstraint("codes_made >= 0", name=op.f("ck_survey_round_codes")),
    )
    scoped(
        "survey_code",
        sa.Column("survey_round_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        points("survey_round_id", "survey_round"),
        sa.UniqueConstraint("prison_id", "digest", name="uq_survey_code_digest"),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_survey_code_digest")),
        versioned=False,
    )
    scoped(
        "survey_tally",
        sa.Column("survey_round_id", sa.Uuid(), nullable=False),
        word("question", 60),
        word("answer", 60),
        sa.Column("number", sa.Integer(), nullable=False),
        points("survey_round_id", "survey_round"),
        sa.UniqueConstraint(
            "prison_id", "survey_round_id", "question", "answer", name="uq_survey_tally_answer"
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_survey_tally_number")),
        versioned=False,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("survey_tally", "survey_code", "survey_round", "incident_count", "life_event"):
        op.drop_table(table)
