"""Duties: who answers the pages, when. A minimal list until the clinicians' rota."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
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
    """One person's duty on one post; without an end it stands until it is ended."""

    __tablename__ = "duty"
    __table_args__ = (
        reference("staff", "staff_id"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_start"),
        Index("ix_duty_post", "prison_id", "post", "starts_at"),
    )

    staff_id: UUID
    post: Post = Field(sa_type=choice(Post, "post"))
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class DutyCreate(Input):
    """A duty to add."""

    staff_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]})
    post: Post = Field(schema_extra={"examples": ["clinician"]})
    starts_at: Instant = Field(schema_extra={"examples": ["2026-11-22T20:00:00+00:00"]})
    ends_at: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at: must be after starts_at")
        return self


class DutyUpdate(Input):
    """When a duty ends."""

    ends_at: Instant = Field(schema_extra={"examples": ["2026-11-23T08:00:00+00:00"]})


class DutyRead(Identified):
    """A duty."""

    staff_id: UUID
    post: Post
    starts_at: Instant
    ends_at: Instant | None
