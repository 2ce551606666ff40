"""Check-ins: someone asks a mentor how they are themselves, and what they can carry."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Disclosure,
    Instant,
    Output,
    Scoped,
    Story,
    Writing,
    Written,
    choice,
    reference,
)


class CheckInLimit(StrEnum):
    """What a mentor is not asked to carry for now."""

    none = "none"
    no_nights = "no_nights"
    shorter_sessions = "shorter_sessions"
    no_groups = "no_groups"
    rest_this_week = "rest_this_week"
    lighter_load = "lighter_load"


class Fitness(StrEnum):
    fit = "fit"
    fit_with_limits = "fit_with_limits"
    rest = "rest"


_LIMITS_SQL = ", ".join(f"'{limit.value}'" for limit in CheckInLimit)


class CheckIn(Scoped, Written, table=True):
    """One check-in: kept as it was said, never changed; a later one takes its place."""

    __tablename__ = "check_in"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "staff_id"),
        Index("ix_check_in_mentor", "prison_id", "mentor_id", "at", "id"),
        CheckConstraint(
            f"limits <@ ARRAY[{_LIMITS_SQL}]::text[] AND cardinality(limits) > 0", name="limits"
        ),
    )

    mentor_id: UUID
    at: datetime = Field(sa_type=TIMESTAMP)
    staff_id: UUID
    limits: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    fitness: Fitness = Field(sa_type=choice(Fitness, "fitness"))
    said: str | None = None
    next_on: date
    recorded_by: str = Field(max_length=200)


class CheckInCreate(Writing):
    """How a mentor is, as they said it, and what they are not asked to carry for now."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    at: Instant | None = Field(
        default=None, description="When they were asked, if entered later; never in the future."
    )
    staff_id: UUID | None = Field(
        default=None, description="Who asked them; absent: whoever enters it."
    )
    limits: list[CheckInLimit] = Field(
        min_length=1,
        max_length=len(CheckInLimit),
        description="`none` stands alone.",
        schema_extra={"examples": [["no_nights", "lighter_load"]]},
    )
    fitness: Fitness = Field(schema_extra={"examples": ["fit_with_limits"]})
    said: Story | None = Field(
        default=None,
        description="The mentor's own words: for them, and for a clinician whose patient they are.",
        schema_extra={"examples": ["The nights wear me out. I would like to go on by day."]},
    )
    next_on: Day | None = Field(
        default=None,
        description="When to ask again, at most 28 days later, which it is when absent.",
        schema_extra={"examples": ["2026-12-07"]},
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        limits = set(self.limits)
        if len(limits) != len(self.limits):
            raise ValueError("limits: must each be named once")
        if CheckInLimit.none in limits and len(limits) > 1:
            raise ValueError("limits: none stands alone")
        unlimited = limits == {CheckInLimit.none}
        if self.fitness is Fitness.fit_with_limits and unlimited:
            raise ValueError("limits: fit_with_limits needs a limit")
        if self.fitness is Fitness.fit and not unlimited:
            raise ValueError("limits: fit has no limits")
        return self


class CheckInForGovernor(Output):
    """A check-in, as governors see it: how fit the mentor is."""

    id: UUID
    recorded_at: Instant
    mentor_id: UUID
    at: Instant
    fitness: Fitness


class CheckInLimits(Output):
    """A check-in, as staff see it who plan with the mentor: the limits and the days."""

    id: UUID
    recorded_at: Instant
    mentor_id: UUID
    at: Instant
    staff_id: UUID
    limits: list[CheckInLimit]
    next_on: date


class CheckInOwn(CheckInLimits):
    """A mentor's own check-in."""

    fitness: Fitness
    said: str | None


class CheckInRead(CheckInOwn):
    """A check-in of a mentor who is the clinician's own patient."""

    disclosure: Disclosure
    recorded_by: str
