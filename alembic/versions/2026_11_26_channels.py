"""Addresses of staff, what became of each page on each channel, and webhooks."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CODES = (
    "unreachable",
    "put_off",
    "rate_limited",
    "not_authorised",
    "refused",
    "no_such_address",
    "not_delivered",
    "given_up",
    "withheld",
    "broken",
)


TOPICS = (
    "concern",
    "session",
    "series",
    "shift",
    "rota",
    "lockdown",
    "regime",
    "regime_exception",
    "room",
    "room_closure",
    "duty",
    "campaign",
    "cohort",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    _addresses()
    _page_tests()
    _deliveries()
    _webhooks()


def _addresses() -> None:
    scoped(
        "address",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        chosen("kind", "email", "sms", "letter"),
        word("value", 254),
        sa.Column("code_number", sa.Integer(), nullable=False),
        moment("code_until"),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        moment("verified_at", nullable=True),
        sa.Column("safety", sa.Boolean(), nullable=False),
        sa.Column("ordinary", sa.Boolean(), nullable=False),
        sa.Column("ordinary_from", sa.Time(), nullable=True),
        sa.Column("ordinary_until", sa.Time(), nullable=True),
        moment("ended_at", nullable=True),
        word("ended_by", 200, nullable=True),
        points("staff_id", "staff"),
        sa.CheckConstraint(
            "(ordinary_from IS NULL) = (ordinary_until IS NULL)",
            name=op.f("ck_address_both_ends_of_the_day"),
        ),
        sa.CheckConstraint(
            "ordinary_from <> ordinary_until", name=op.f("ck_address_some_of_the_day")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_address_ended")
        ),
    )
    op.create_index(
        "uq_address_live",
        "address",
        ["prison_id", "staff_id", "kind", "value"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _page_tests() -> None:
    scoped(
        "page_test",
        chosen("last_resort", "inside", "outside"),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        word("address", 300, nullable=True),
        word("reference", 20),
        word("asked_by", 200),
        moment("arrived_at", nullable=True),
        word("confirmed_by", 200, nullable=True),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        points("staff_id", "staff"),
        sa.CheckConstraint("num_nonnulls(staff_id, address) = 1", name=op.f("ck_page_test_of_one")),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR arrived_at IS NOT NULL", name=op.f("ck_page_test_confirmed")
        ),
        sa.CheckConstraint(
            "(last_resort = 'inside') = (staff_id IS NOT NULL)",
            name=op.f("ck_page_test_staff_inside"),
        ),
    )
    op.create_index("ix_page_test_address", "page_test", ["prison_id", "address", "arrived_at"])


def _deliveries() -> None:
    scoped(
        "delivery",
        sa.Column("notification_id", sa.Uuid(), nullable=True),
        sa.Column("address_id", sa.Uuid(), nullable=True),
        sa.Column("page_test_id", sa.Uuid(), nullable=True),
        chosen("channel", "log", "email", "sms", "letter"),
        chosen("status", "pending", "sending", "sent", "delivered", "failed"),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        moment("not_before", nullable=True),
        moment("next_attempt_at", nullable=True),
        word("provider_reference", 100, nullable=True),
        sa.Column("asked", sa.SmallInteger(), nullable=False),
        moment("ask_at", nullable=True),
        chosen("code", *CODES, nullable=True),
        moment("sent_at", nullable=True),
        moment("delivered_at", nullable=True),
        points("notification_id", "notification"),
        points("address_id", "address"),
        points("page_test_id", "page_test"),
        sa.CheckConstraint(
            "num_nonnulls(notification_id, address_id, page_test_id) >= 1",
            name=op.f("ck_delivery_of_something"),
        ),
    )
    op.create_index(
        "uq_delivery_notification",
        "delivery",
        ["prison_id", "notification_id", "channel", "address_id"],
        unique=True,
        postgresql_where=sa.text("notification_id IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["prison_id", "channel", "rank", "next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "ix_delivery_to_ask",
        "delivery",
        ["prison_id", "channel", "ask_at"],
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )


def _webhooks() -> None:
    known = ", ".join(f"'{each}'" for each in TOPICS)
    scoped(
        "webhook",
        word("name", 100),
        word("url", 300),
        sa.Column("topics", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        chosen("ended_for", "by_hand", "gone", "failing", nullable=True),
        moment("failing_since", nullable=True),
        sa.Column("secret_number", sa.Integer(), nullable=False),
        moment("old_secret_until", nullable=True),
        sa.CheckConstraint(f"topics <@ ARRAY[{known}]::varchar[]", name=op.f("ck_webhook_topics")),
        sa.CheckConstraint("active = (ended_for IS NULL)", name=op.f("ck_webhook_ended")),
    )
    scoped(
        "webhook_delivery",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        word("topic", 80),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        moment("happened_at"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        moment("next_attempt_at", nullable=True),
        moment("delivered_at", nullable=True),
        sa.Column("tries", postgresql.JSONB(), nullable=False, server_default="[]"),
        points("webhook_id", "webhook"),
        sa.UniqueConstraint(
            "prison_id", "webhook_id", "event_id", name="uq_webhook_delivery_event"
        ),
    )
    op.create_index(
        "ix_webhook_delivery_waiting",
        "webhook_delivery",
        ["prison_id", "next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    op.drop_table("delivery")
    op.drop_table("page_test")
    op.drop_table("address")
