"""Calendar feeds."""

import sqlalchemy as sa

from alembic import op
from app.ddl import chosen, moment, points, scoped, word

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '10min'")
    scoped(
        "calendar_feed",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        chosen("kind", "led", "room", "wing"),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("wing_id", sa.Uuid(), nullable=True),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        moment("issued_at"),
        moment("expires_at"),
        moment("ended_at", nullable=True),
        word("ended_by", 200, nullable=True),
        points("staff_id", "staff"),
        points("room_id", "room"),
        points("wing_id", "wing"),
        sa.UniqueConstraint("prison_id", "secret_digest", name="uq_calendar_feed_secret"),
        sa.CheckConstraint(
            "(kind = 'room') = (room_id IS NOT NULL) AND (kind = 'wing') = (wing_id IS NOT NULL)",
            name=op.f("ck_calendar_feed_of_what"),
        ),
        sa.CheckConstraint(
            "octet_length(secret_digest) = 32", name=op.f("ck_calendar_feed_secret")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_calendar_feed_ended")
        ),
    )
    op.create_index(
        "ix_calendar_feed_staff", "calendar_feed", ["prison_id", "staff_id", "recorded_at", "id"]
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("calendar_feed")
