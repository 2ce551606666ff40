"""Tickets for streams, and the announcement of events to whoever listens."""

import sqlalchemy as sa

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    scoped(
        "stream_ticket",
        word("subject", 200),
        chosen(
            "role",
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
        ),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("bearer_person_id", sa.Uuid(), nullable=True),
        word("token_id", 200, nullable=True),
        moment("token_issued_at"),
        moment("token_expires_at"),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        moment("expires_at"),
        moment("used_at", nullable=True),
        sa.Column("after_xid", sa.BigInteger(), nullable=True),
        sa.Column("after_event_id", sa.Uuid(), nullable=True),
        points("staff_id", "staff"),
        sa.UniqueConstraint("prison_id", "secret_digest", name="uq_stream_ticket_secret"),
        sa.CheckConstraint(
            "octet_length(secret_digest) = 32", name=op.f("ck_stream_ticket_secret")
        ),
        sa.CheckConstraint(
            "(used_at IS NULL) = (after_xid IS NULL)", name=op.f("ck_stream_ticket_used")
        ),
        sa.CheckConstraint(
            "staff_id IS NOT NULL OR bearer_person_id IS NOT NULL",
            name=op.f("ck_stream_ticket_whose"),
        ),
        versioned=False,
    )
    op.create_index("ix_stream_ticket_recorded", "stream_ticket", ["prison_id", "recorded_at"])
    # The prison and nothing else; said when the transaction commits, once for each prison in it.
    op.execute(
        "CREATE FUNCTION announce_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM pg_notify('wellwing_events', NEW.prison_id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER announce_event AFTER INSERT ON outbox FOR EACH ROW"
        " WHEN (split_part(NEW.topic, '.', 1) IN ('concern', 'notification', 'task'))"
        " EXECUTE FUNCTION announce_event()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER announce_event ON outbox")
    op.execute("DROP FUNCTION announce_event()")
    op.drop_table("stream_ticket")
