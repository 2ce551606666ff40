"""Duties: who answers the pages, when; what others take of them, and when nobody has a post."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Column, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)


class Post(StrEnum):
    """What someone on duty answers for."""

    clinician = "clinician"
    support_worker = "support_worker"
    orderly_officer = "orderly_officer"
    duty_governor = "duty_governor"
    last_resort = "last_resort"


class Duty(Versioned, table=True):
    """One person's duty on one post; without an end it stands until it is ended. One that ends
    as it begins was called off before."""

    __tablename__ = "duty"
    __table_args__ = (
        reference("staff", "staff_id"),
        reference("duty_pattern", "pattern_id", name="fk_duty_pattern"),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="in_order"),
        CheckConstraint("(pattern_id IS NULL) = (pattern_day IS NULL)", name="of_a_pattern"),
        UniqueConstraint("prison_id", "pattern_id", "pattern_day", name="uq_duty_of_a_pattern"),
        Index("ix_duty_post", "prison_id", "post", "starts_at"),
        Index("ix_duty_ends_at", "prison_id", "ends_at"),
    )

    staff_id: UUID
    post: Post = Field(sa_type=choice(Post, "post"))
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    pattern_id: UUID | None = None
    pattern_day: date | None = None


class DutyOverride(Versioned, table=True):
    """Somebody takes a part of another's duty, and its pages with it."""

    __tablename__ = "duty_override"
    __table_args__ = (
        reference("duty", "duty_id"),
        reference("staff", "staff_id", name="fk_duty_override_staff"),
        reference("staff", "recorded_by", name="fk_duty_override_recorded_by"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        ExcludeConstraint(
            ("prison_id", "="),
            ("duty_id", "="),
            ("during", "&&"),
            where=text("withdrawn_at IS NULL"),
            using="gist",
            name="ex_duty_override_duty_during",
        ),
        Index("ix_duty_override_duty", "prison_id", "duty_id"),
    )
    __mapper_args__ = {"eager_defaults": True}

    duty_id: UUID
    staff_id: UUID
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    recorded_by: UUID
    withdrawn_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    during: Any = Field(
        default=None,
        sa_column=Column(
            TSTZRANGE, Computed("tstzrange(starts_at, ends_at)", persisted=True), nullable=False
        ),
    )


class DutyCreate(Input):
    """A duty to add."""

    staff_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]})
    post: Post = Field(schema_extra={"examples": ["clinician"]})
    starts_at: Instant = Field(schema_extra={"examples": ["2035-11-25T20:00:00+00:00"]})
    ends_at: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at: must be after starts_at")
        return self


class DutyUpdate(Input):
    """When a duty ends."""

    ends_at: Instant = Field(
        description="Before it begins, `starts_at` calls it off.",
        schema_extra={"examples": ["2035-11-26T08:00:00+00:00"]},
    )


class DutyRead(Identified):
    """A duty."""

    staff_id: UUID
    post: Post
    starts_at: Instant
    ends_at: Instant | None
    pattern_id: UUID | None = Field(description="Of one that comes again: its pattern.")


class DutyOverrideCreate(Input):
    """A part of a duty that somebody else takes."""

    staff_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    starts_at: Instant = Field(schema_extra={"examples": ["2035-11-25T23:00:00+00:00"]})
    ends_at: Instant = Field(schema_extra={"examples": ["2035-11-26T02:00:00+00:00"]})

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at: must be after starts_at")
        return self


class DutyOverrideRead(Identified):
    """A part of a duty that somebody else takes."""

    duty_id: UUID
    staff_id: UUID
    starts_at: Instant
    ends_at: Instant
    recorded_by: UUID
    withdrawn_at: Instant | None


class DutyGap(Output):
    """A time in which a post has nobody; `after_duty_id` is the duty before it, if
    any; null too where a pattern has yet to make that one."""

    post: Post
    starts_at: Instant
    ends_at: Instant
    after_duty_id: UUID | None
