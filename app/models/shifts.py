"""Shifts: one mentor's part of a rota. Live ones of one mentor never overlap."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, Computed, Index, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Exported,
    Identified,
    Input,
    Instant,
    Versioned,
    choice,
    reference,
)
from app.models.moves import MoveOption
from app.models.rota_demands import RotaRole

LIVE_SQL = (
    "superseded_at IS NULL AND status IN ('published', 'accepted', 'swap_requested', 'on_shift')"
)


class ShiftStatus(StrEnum):
    draft = "draft"
    published = "published"
    accepted = "accepted"
    on_shift = "on_shift"
    ended = "ended"
    swap_requested = "swap_requested"
    uncovered = "uncovered"
    cancelled_regime = "cancelled_regime"


class Shift(Versioned, Exported, table=True):
    """A shift. Nobody has an uncovered one; what another rota took the place of is superseded."""

    __tablename__ = "shift"
    __table_args__ = (
        reference("rota", "rota_id"),
        reference("mentor", "mentor_id"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint(
            "mentor_id IS NOT NULL OR status IN ('uncovered', 'cancelled_regime')",
            name="somebody",
        ),
        ExcludeConstraint(
            ("prison_id", "="),
            ("mentor_id", "="),
            ("during", "&&"),
            where=text("live"),
            using="gist",
            name="ex_shift_mentor_during",
        ),
        Index("ix_shift_starts_at", "prison_id", "starts_at", "id"),
        Index("ix_shift_mentor", "prison_id", "mentor_id", "starts_at"),
        Index("ix_shift_rota", "prison_id", "rota_id"),
    )
    __mapper_args__ = {"eager_defaults": True}

    rota_id: UUID
    role: RotaRole = Field(sa_type=choice(RotaRole, "role"))
    day: date
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    mentor_id: UUID | None = None
    status: ShiftStatus = Field(default=ShiftStatus.draft, sa_type=choice(ShiftStatus, "status"))
    superseded_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    during: Any = Field(
        default=None,
        sa_column=Column(
            TSTZRANGE, Computed("tstzrange(starts_at, ends_at)", persisted=True), nullable=False
        ),
    )
    live: bool = Field(
        default=None,
        sa_column=Column(Boolean, Computed(LIVE_SQL, persisted=True), nullable=False),
    )


class ShiftGive(Input):
    """A mentor for an uncovered shift."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})


class ShiftTake(Input):
    """Who takes a shift that was offered. Absent: the caller; staff say who."""

    mentor_id: UUID | None = Field(
        default=None, schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]}
    )


class ShiftForMentor(Identified):
    """A shift as mentors see it: their own, or one that somebody would like to give away."""

    role: RotaRole
    day: date = Field(description="The local day on which it begins.")
    starts_at: Instant
    ends_at: Instant
    status: ShiftStatus
    mine: bool = Field(description="False: it may be taken over.")
    moves: list[MoveOption] = []


class ShiftRow(Identified):
    """A shift in a list."""

    rota_id: UUID
    role: RotaRole
    day: date = Field(description="The local day on which it begins.")
    starts_at: Instant
    ends_at: Instant
    mentor_id: UUID | None = Field(description="Null: nobody has it.")
    mentor_name: str | None
    status: ShiftStatus
    superseded_at: Instant | None = Field(description="Since then another rota stands.")


class ShiftRowForMentor(Identified):
    """A shift in a mentor's list."""

    role: RotaRole
    day: date
    starts_at: Instant
    ends_at: Instant
    status: ShiftStatus
    mine: bool = Field(description="False: it may be taken over.")


class ShiftRead(ShiftRow):
    """A shift, with what the caller may do next."""

    moves: list[MoveOption] = []
