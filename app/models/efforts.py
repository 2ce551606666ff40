"""Efforts: the hours that mentors and staff give to the scheme beside the sessions themselves.

Sessions are counted by themselves, so an effort names none of them: nothing is counted twice.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import field_validator, model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.sessions import SessionKind

SHORTEST, LONGEST = 5, 720


class EffortActivity(StrEnum):
    supervision = "supervision"
    training = "training"
    debrief = "debrief"
    preparation = "preparation"
    administration = "administration"
    outreach = "outreach"
    joint_review = "joint_review"
    clinical_input = "clinical_input"
    escort = "escort"
    other = "other"


class EffortVoid(StrEnum):
    """Why an effort counts no more."""

    entered_in_error = "entered_in_error"
    entered_twice = "entered_twice"
    of_another = "of_another"


class EffortSource(StrEnum):
    """Where an hour is known from."""

    recorded = "recorded"
    sessions = "sessions"


class EffortBy(StrEnum):
    """How hours are put together."""

    activity = "activity"
    mentor = "mentor"
    role = "role"
    week = "week"


class Effort(Versioned, table=True):
    """Minutes of one day that one mentor or one member of staff gave to one activity."""

    __tablename__ = "effort"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("staff", "staff_id"),
        reference("staff", "recorded_by", name="fk_effort_recorded_by"),
        CheckConstraint("num_nonnulls(mentor_id, staff_id) = 1", name="of_one"),
        CheckConstraint(f"minutes BETWEEN {SHORTEST} AND {LONGEST}", name="minutes"),
        CheckConstraint("(voided_at IS NULL) = (void_reason IS NULL)", name="voided"),
        Index("ix_effort_done_on", "prison_id", "done_on", "id"),
        Index("ix_effort_mentor", "prison_id", "mentor_id", "done_on"),
    )

    mentor_id: UUID | None = None
    staff_id: UUID | None = None
    activity: EffortActivity = Field(sa_type=choice(EffortActivity, "activity"))
    done_on: date
    minutes: int
    recorded_by: UUID | None = None
    voided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    void_reason: EffortVoid | None = Field(default=None, sa_type=choice(EffortVoid, "void_reason"))


def not_a_session(value: Any) -> Any:
    """Raises ValueError for the kind of a session, which is counted by itself."""
    if isinstance(value, str) and value in set(SessionKind):
        raise ValueError("sessions are counted by themselves: record the session")
    return value


class EffortCreate(Input):
    """Time given. Without a mentor or a member of staff it is the caller's own."""

    mentor_id: UUID | None = Field(default=None, description="A mentor, entered for by staff.")
    staff_id: UUID | None = Field(default=None, description="The caller; nobody else of the staff.")
    activity: EffortActivity = Field(schema_extra={"examples": ["preparation"]})
    done_on: Day = Field(
        description="The day, in the prison's time; never in the future.",
        schema_extra={"examples": ["2026-11-23"]},
    )
    minutes: int = Field(ge=SHORTEST, le=LONGEST, schema_extra={"examples": [45]})

    _no_session = field_validator("activity", mode="before")(not_a_session)

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if self.mentor_id is not None and self.staff_id is not None:
            raise ValueError("staff_id: an effort is of a mentor or of a member of staff")
        return self


class EffortUpdate(Input):
    """What is corrected of an effort. What is left out stays."""

    activity: EffortActivity | None = Field(
        default=None, schema_extra={"examples": ["administration"]}
    )
    done_on: Day | None = Field(default=None, schema_extra={"examples": ["2026-11-23"]})
    minutes: int | None = Field(
        default=None, ge=SHORTEST, le=LONGEST, schema_extra={"examples": [60]}
    )

    _no_session = field_validator("activity", mode="before")(not_a_session)
    _given = field_validator("activity", "done_on", "minutes")(given)


class EffortVoided(Input):
    """That an effort counts no more."""

    reason: EffortVoid = Field(schema_extra={"examples": ["entered_twice"]})


class EffortRead(Identified):
    """Time given by one mentor or one member of staff."""

    mentor_id: UUID | None
    staff_id: UUID | None
    activity: EffortActivity
    done_on: date
    minutes: int
    recorded_by: UUID | None = Field(description="Who of the staff entered it; null: the mentor.")
    voided_at: Instant | None = Field(description="From then on it counts no more.")
    void_reason: EffortVoid | None


class EffortLine(Output):
    """Hours put together under one key, from one source."""

    key: str = Field(
        description="An activity or a kind of session, a mentor's id, a role, or a week (2026-W48)."
    )
    source: EffortSource
    mentor_minutes: int
    staff_minutes: int
    entries: int = Field(description="How many efforts or sessions it is made of.")


class EffortSummary(Output):
    """The hours of a period."""

    since: date
    until: date = Field(description="The last day, included.")
    by: EffortBy
    lines: list[EffortLine]
    mentor_minutes: int
    staff_minutes: int
