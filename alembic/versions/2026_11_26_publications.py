"""Publications: figures that may leave the prison, frozen."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op
from app.ddl import chosen, points, scoped, word

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    scoped(
        "publication",
        chosen("kind", "period", "outcome_cohort"),
        chosen("status", "prepared", "published", "refused", "withdrawn"),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("outcome_cohort_id", sa.Uuid(), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("tables", JSONB(), nullable=False),
        word("digest", 64),
        word("recorded_by", 200),
        points("outcome_cohort_id", "outcome_cohort", name="fk_publication_cohort"),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_publication_in_order")),
        sa.CheckConstraint(
            "(kind = 'outcome_cohort') = (outcome_cohort_id IS NOT NULL)",
            name=op.f("ck_publication_of_a_cohort"),
        ),
        postgresql.ExcludeConstraint(
            ("prison_id", "="),
            ("kind", "="),
            (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            where=sa.text("status <> 'refused'"),
            using="gist",
            name="ex_publication_days",
        ),
    )
    op.execute(
        "CREATE FUNCTION publication_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN"
        " IF (NEW.kind, NEW.first_day, NEW.last_day, NEW.outcome_cohort_id, NEW.rule_version,"
        " NEW.tables, NEW.digest, NEW.recorded_by) IS DISTINCT FROM (OLD.kind, OLD.first_day,"
        " OLD.last_day, OLD.outcome_cohort_id, OLD.rule_version, OLD.tables, OLD.digest,"
        " OLD.recorded_by) THEN RAISE EXCEPTION 'a publication is frozen'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON publication FOR EACH ROW"
        " EXECUTE FUNCTION publication_is_frozen()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("publication")
    op.execute("DROP FUNCTION publication_is_frozen()")
