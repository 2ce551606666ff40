"""The outbox: what the service has to say, kept in the transaction that made it true."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import TIMESTAMP, Scoped


class Outbox(Scoped, table=True):
    """One event, ids only. `xid` gives readers the commit order that times do not."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_unsent", "prison_id", "recorded_at", postgresql_where=text("sent_at IS NULL")
        ),
        Index(
            "ix_outbox_pages",
            "prison_id",
            "rank",
            "recorded_at",
            postgresql_where=text("sent_at IS NULL AND topic = 'notification.page'"),
        ),
        Index("ix_outbox_xid", "prison_id", "xid", "id"),
    )

    topic: str = Field(max_length=80)
    thing_id: UUID
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    rank: int = Field(  # which page goes first; `deliveries/routing.py` says how it is reckoned
        default=3, sa_column=Column(SmallInteger, nullable=False, server_default=text("3"))
    )
    xid: int = Field(
        default=None,
        sa_column=Column(
            BigInteger,
            server_default=text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
    )
    attempts: int = Field(default=0, nullable=False)
    next_attempt_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
