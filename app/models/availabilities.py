"""Availabilities: when a mentor can serve, when not, and when they would like to or rather not."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Versioned,
    choice,
    reference,
)
from app.models.regimes import LocalTime


class AvailabilityKind(StrEnum):
    """With any `available` week by week a mentor serves only then; without, at any time. `away`
    takes from it. The last two are wishes, which bind nobody."""

    available = "available"
    away = "away"
    prefers = "prefers"
    rather_not = "rather_not"


class Availability(Versioned, table=True):
    """One mentor's word on one stretch of a weekday, or of one day; local times."""

    __tablename__ = "availability"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "recorded_by", name="fk_availability_recorded_by"),
        CheckConstraint("(weekday IS NULL) <> (on_day IS NULL)", name="when"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        Index("ix_availability_mentor", "prison_id", "mentor_id", "id"),
    )

    mentor_id: UUID
    kind: AvailabilityKind = Field(sa_type=choice(AvailabilityKind, "kind"))
    weekday: int | None = None
    on_day: date | None = None
    from_time: time
    to_time: time
    recorded_by: UUID | None = None
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class AvailabilityCreate(Input):
    """When a mentor can serve, or not. A mentor says it of themselves, staff for anybody."""

    mentor_id: UUID | None = Field(default=None, description="Absent: the caller.")
    kind: AvailabilityKind = Field(schema_extra={"examples": ["available"]})
    weekday: int | None = Field(
        default=None, ge=1, le=7, description="1 is Monday.", schema_extra={"examples": [1]}
    )
    on_day: Day | None = Field(default=None, description="One day only; then no weekday.")
    from_time: LocalTime = Field(schema_extra={"examples": ["08:00:00"]})
    to_time: LocalTime = Field(
        description="At or before `from_time`: on the next day.",
        schema_extra={"examples": ["12:00:00"]},
    )

    @model_validator(mode="after")
    def _when(self) -> Self:
        if (self.weekday is None) == (self.on_day is None):
            raise ValueError("weekday: give a weekday or a day, one of the two")
        return self


class AvailabilityRead(Identified):
    """When a mentor can serve, or not, or would like to."""

    mentor_id: UUID
    kind: AvailabilityKind
    weekday: int | None
    on_day: date | None
    from_time: LocalTime
    to_time: LocalTime
    recorded_by: UUID | None = Field(description="Who of the staff entered it; null: the mentor.")
    ended_at: Instant | None = Field(description="From then on it counts no more.")
