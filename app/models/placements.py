"""Placements: who shadows which active mentor, the host, and from when to when."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.assessments import AssessmentOutcome
from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.moves import MoveOption

HOST_AT_MOST = 2  # how many may shadow one mentor at a time


class PlacementStatus(StrEnum):
    live = "live"
    ended = "ended"


class Placement(Versioned, table=True):
    """A mentor who shadows, with the active mentor who hosts them, for a time."""

    __tablename__ = "placement"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("mentor", "host_id", name="fk_placement_host"),
        CheckConstraint("mentor_id <> host_id", name="another_mentor"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
        Index(
            "uq_placement_live",
            "prison_id",
            "mentor_id",
            "host_id",
            unique=True,
            postgresql_where=text("status = 'live'"),
        ),
        Index("ix_placement_host", "prison_id", "host_id"),
    )

    mentor_id: UUID
    host_id: UUID
    starts_on: date
    status: PlacementStatus = Field(
        default=PlacementStatus.live, sa_type=choice(PlacementStatus, "status")
    )
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class PlacementCreate(Input):
    """A mentor to shadow a host, an active mentor."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    host_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})
    starts_on: Day = Field(
        description="The first day, in the prison's own time: today, or before if entered later.",
        schema_extra={"examples": ["2026-11-23"]},
    )


class PlacementRow(Identified):
    """A placement."""

    mentor_id: UUID
    mentor_name: str
    host_id: UUID
    host_name: str
    starts_on: date
    status: PlacementStatus
    ended_at: Instant | None


class PlacementRead(PlacementRow):
    """A placement, with what the caller may do next."""

    moves: list[MoveOption] = []


class PlacementObservation(Output):
    """A session observed in a placement, as its host may know it: not what was learnt."""

    id: UUID
    held_at: Instant
    minutes: int
    host_outcome: AssessmentOutcome | None = Field(description="The host's own view, if recorded.")
