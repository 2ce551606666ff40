"""Rows the service keeps for itself: idempotency keys, the sweep's pulse, the development clock."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.models.base import TIMESTAMP, Scoped


class IdempotencyKey(Scoped, table=True):
    """The answer once given under a key, written in the transaction that gave it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("prison_id", "subject", "key", name="uq_idempotency_key_key"),
    )

    subject: str = Field(max_length=200)
    key: str = Field(max_length=200)
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    thing_id: UUID | None = None
    status: int | None = None
    headers: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class SweepPulse(SQLModel, table=True):
    """When a prison was last swept, and its oldest overdue step then, by the database's clock.
    Health reads only this. Written in the prison's scope alone; a policy of the table sees to it.

    `skew_seconds`: how far the worker's clock was ahead of the database's; `skewed_at`: when one
    was last further than may be."""

    __tablename__ = "sweep_pulse"

    prison_id: str = Field(primary_key=True, foreign_key="prison.id", max_length=3)
    swept_at: datetime = Field(sa_type=TIMESTAMP)
    oldest_overdue_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    last_resort_tested_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    skew_seconds: float = Field(default=0, nullable=False)
    skewed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class DevelopmentClock(SQLModel, table=True):
    """How far development time is ahead of real time, shared by API and worker."""

    __tablename__ = "development_clock"

    id: int = Field(default=1, primary_key=True)
    offset_seconds: float = Field(default=0, nullable=False)
