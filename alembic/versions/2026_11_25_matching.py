"""Profiles, acquaintances, non-associations, proposals."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LANGUAGES = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht
    hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky
    la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny
    oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss
    st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo
    za zh zu
""".split()  # noqa: SIM905 - a list would be a hundred and eighty lines
SKILLS = (
    "art",
    "literacy",
    "sport",
    "music",
    "cbt_group",
    "listening",
    "quiet_company",
    "faith",
    "older_men",
    "young_adults",
    "family",
    "daily_routine",
)
PREFERENCES = (
    "same_language",
    "older_mentor",
    "younger_mentor",
    "similar_age",
    "lived_experience",
    "group_first",
    "quiet_person",
)
TOPICS = (
    "self_harm",
    "bereavement",
    "addiction",
    "anxiety",
    "low_mood",
    "first_time_in_prison",
    "long_sentence",
)
RELATIONS = (
    "family",
    "friend",
    "partner",
    "co_worker",
    "former_cellmate",
    "debt",
    "conflict",
    "other",
)


def _codes(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
    )


def _among(table: str, column: str, codes: Sequence[str]) -> sa.CheckConstraint:
    names = ", ".join(f"'{code}'" for code in codes)
    rule = f"{column} <@ ARRAY[{names}]::text[]"
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{column}"))


def _profiles() -> None:
    scoped(
        "profile",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        _codes("languages"),
        _codes("skills"),
        _codes("needs"),
        _codes("preferences"),
        _codes("lived_experience"),
        moment("lived_experience_consent_at", nullable=True),
        moment("lived_experience_revoked_at", nullable=True),
        word("recorded_by", 200),
        points("person_id", "person"),
        sa.UniqueConstraint("prison_id", "person_id", name="uq_profile_person"),
        _among("profile", "languages", LANGUAGES),
        _among("profile", "skills", SKILLS),
        _among("profile", "needs", SKILLS),
        _among("profile", "preferences", PREFERENCES),
        _among("profile", "lived_experience", TOPICS),
        sa.CheckConstraint(
            "lived_experience_consent_at IS NOT NULL OR lived_experience = '{}'",
            name=op.f("ck_profile_consented"),
        ),
    )


def _acquaintances() -> None:
    scoped(
        "acquaintance",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("other_person_id", sa.Uuid(), nullable=True),
        word("other_as_told", 300, nullable=True),
        chosen("relation", *RELATIONS),
        chosen("declared_by", "own_word", "told_to_staff", "known_to_staff"),
        moment("declared_at"),
        word("recorded_by", 200),
        moment("withdrawn_at", nullable=True),
        word("withdrawn_by", 200, nullable=True),
        points("person_id", "person"),
        points("other_person_id", "person", name="fk_acquaintance_other_person"),
        sa.CheckConstraint(
            "person_id <> other_person_id", name=op.f("ck_acquaintance_another_person")
        ),
        written=True,
    )
    for name, column in (("person", "person_id"), ("other_person", "other_person_id")):
        op.create_index(f"ix_acquaintance_{name}", "acquaintance", ["prison_id", column])


def _non_associations() -> None:
    scoped(
        "non_association",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        word("number_low", 7),
        word("number_high", 7),
        chosen("restriction", "cell", "landing", "wing"),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        moment("changed_at", nullable=True),
        moment("seen_at"),
        sa.UniqueConstraint(
            "prison_id",
            "source_id",
            "number_low",
            "number_high",
            name="uq_non_association_source",
        ),
        sa.CheckConstraint("number_low < number_high", name=op.f("ck_non_association_in_order")),
    )
    for side in ("low", "high"):
        op.create_index(
            f"ix_non_association_{side}",
            "non_association",
            ["prison_id", f"number_{side}"],
            postgresql_where=sa.text("is_open"),
        )


def _proposals() -> None:
    scoped(
        "match_proposal",
        chosen("status", "proposed", "approved", "rejected", "superseded", "expired"),
        word("made_by", 200),
        chosen("solver", "optimal", "feasible"),
        sa.Column("gap", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("mentees", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        moment("expires_at"),
    )
    op.create_index(
        "uq_match_proposal_open",
        "match_proposal",
        ["prison_id"],
        unique=True,
        postgresql_where=sa.text("status = 'proposed'"),
    )
    op.create_index(
        "ix_match_proposal_recorded_at", "match_proposal", ["prison_id", "recorded_at", "id"]
    )
    outcomes = ("proposed", "unmatched", "paired", "left_out", "refused")
    scoped(
        "match_proposal_pair",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        chosen("outcome", *outcomes),
        chosen("why", "every_candidate_excluded", "no_capacity", nullable=True),
        _codes("refused_for"),
        sa.Column("pairing_id", sa.Uuid(), nullable=True),
        points("proposal_id", "match_proposal"),
        points("mentee_id", "mentee"),
        points("mentor_id", "mentor"),
        points("pairing_id", "pairing"),
        sa.UniqueConstraint(
            "prison_id", "proposal_id", "mentee_id", name="uq_match_proposal_pair_mentee"
        ),
        sa.CheckConstraint(
            "(mentor_id IS NULL) = (outcome = 'unmatched')",
            name=op.f("ck_match_proposal_pair_matched"),
        ),
        sa.CheckConstraint(
            "(why IS NOT NULL) = (outcome = 'unmatched')",
            name=op.f("ck_match_proposal_pair_explained"),
        ),
        sa.CheckConstraint(
            "outcome <> 'paired' OR pairing_id IS NOT NULL",
            name=op.f("ck_match_proposal_pair_paired"),
        ),
        versioned=False,
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _profiles()
    _acquaintances()
    _non_associations()
    _proposals()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        "match_proposal_pair",
        "match_proposal",
        "non_association",
        "acquaintance",
        "profile",
    ):
        op.drop_table(table)
