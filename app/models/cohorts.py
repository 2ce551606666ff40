"""Cohorts: mentors trained together, the days of the course, and who came to them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, model_validator
from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Name,
    Versioned,
    choice,
    given,
    reference,
)
from app.models.moves import MoveOption
from app.models.trainings import ModuleCode

LONGEST_DAY_HOURS = 12
MEMBERS_AT_MOST = 30
DAYS_AT_MOST = 60


class CohortStatus(StrEnum):
    planned = "planned"
    running = "running"
    completed = "completed"
    cancelled = "cancelled"


class AttendanceStatus(StrEnum):
    present = "present"
    absent = "absent"
    excused = "excused"


class Cohort(Versioned, table=True):
    """Mentors trained together, led by a nurse or the mental health lead."""

    __tablename__ = "cohort"
    __table_args__ = (reference("staff", "lead_id", name="fk_cohort_lead"),)

    title: str = Field(max_length=100)
    lead_id: UUID
    modules: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: CohortStatus = Field(
        default=CohortStatus.planned, sa_type=choice(CohortStatus, "status")
    )


class CohortDay(Versioned, table=True):
    """One day of a cohort's course: one module."""

    __tablename__ = "cohort_day"
    __table_args__ = (
        reference("cohort", "cohort_id"),
        reference("room", "room_id"),
        CheckConstraint("ends_at > starts_at", name="in_order"),
        Index("ix_cohort_day_cohort", "prison_id", "cohort_id", "starts_at"),
    )

    cohort_id: UUID
    module: str = Field(max_length=60)
    starts_at: datetime = Field(sa_type=TIMESTAMP)
    ends_at: datetime = Field(sa_type=TIMESTAMP)
    room_id: UUID | None = None
    called_off: bool = Field(default=False, nullable=False)
    marked_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class CohortMember(Versioned, table=True):
    """A mentor in a cohort."""

    __tablename__ = "cohort_member"
    __table_args__ = (
        reference("cohort", "cohort_id"),
        reference("mentor", "mentor_id"),
        Index(
            "uq_cohort_member_mentor",
            "prison_id",
            "cohort_id",
            "mentor_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_cohort_member_mentor", "prison_id", "mentor_id"),
    )

    cohort_id: UUID
    mentor_id: UUID
    left_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class Attendance(Versioned, table=True):
    """Whether a mentor came to a day of the course."""

    __tablename__ = "attendance"
    __table_args__ = (
        reference("cohort", "cohort_id"),
        reference("cohort_day", "day_id"),
        reference("mentor", "mentor_id"),
        UniqueConstraint("prison_id", "day_id", "mentor_id", name="uq_attendance_day"),
        Index("ix_attendance_mentor", "prison_id", "mentor_id"),
    )

    cohort_id: UUID
    day_id: UUID
    mentor_id: UUID
    status: AttendanceStatus = Field(sa_type=choice(AttendanceStatus, "status"))


def _distinct(modules: list[str]) -> list[str]:
    if len(set(modules)) != len(modules):
        raise ValueError("must name each module once")
    return modules


class CohortCreate(Input):
    """A cohort to plan."""

    title: Name = Field(schema_extra={"examples": ["Spring course"]})
    lead_id: UUID = Field(
        description="A nurse or the mental health lead.",
        schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]},
    )
    modules: Annotated[list[ModuleCode], AfterValidator(_distinct)] = Field(
        min_length=1, max_length=20, schema_extra={"examples": [["managing_concerns"]]}
    )


class CohortUpdate(Input):
    """What changes of a cohort: what it is called, and who leads it."""

    title: Annotated[Name | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["Spring course"]}
    )
    lead_id: Annotated[UUID | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000001"]}
    )


class DayCreate(Input):
    """A day of the course."""

    module: ModuleCode = Field(schema_extra={"examples": ["managing_concerns"]})
    starts_at: Instant = Field(schema_extra={"examples": ["2026-11-24T09:00:00+00:00"]})
    ends_at: Instant = Field(schema_extra={"examples": ["2026-11-24T12:00:00+00:00"]})
    room_id: UUID | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_times(self.starts_at, self.ends_at)
        return self


def check_times(starts_at: datetime, ends_at: datetime) -> None:
    """ValueError, naming the field, unless a day is over within a day."""
    if ends_at <= starts_at:
        raise ValueError("ends_at: must be after starts_at")
    if (ends_at - starts_at).total_seconds() > LONGEST_DAY_HOURS * 3600:
        raise ValueError(f"ends_at: a day of the course lasts at most {LONGEST_DAY_HOURS} hours")


class DayUpdate(Input):
    """What changes of a day on which nobody's attendance was marked yet."""

    starts_at: Annotated[Instant | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["2026-11-24T09:00:00+00:00"]}
    )
    ends_at: Annotated[Instant | None, AfterValidator(given)] = Field(
        default=None, schema_extra={"examples": ["2026-11-24T12:00:00+00:00"]}
    )
    room_id: UUID | None = None
    called_off: Annotated[bool | None, AfterValidator(given)] = Field(
        default=None, description="True: it will not be held; the course is complete without it."
    )


class MemberCreate(Input):
    """A mentor to take into the cohort."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})


class Mark(Input):
    """Whether one mentor came."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    status: AttendanceStatus = Field(schema_extra={"examples": ["present"]})


class AttendancePut(Input):
    """Who came to a day of the course. A mentor left out stays as marked before."""

    marks: list[Mark] = Field(
        min_length=1,
        max_length=MEMBERS_AT_MOST,
        schema_extra={
            "examples": [
                [{"mentor_id": "0198c0de-0000-7000-8000-000000000002", "status": "present"}]
            ]
        },
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({mark.mentor_id for mark in self.marks}) != len(self.marks):
            raise ValueError("marks: must name each mentor once")
        return self


class CohortRow(Identified):
    """A cohort in a list."""

    title: str
    lead_id: UUID
    lead_name: str
    modules: list[str]
    status: CohortStatus


class DayRead(Identified):
    """A day of the course."""

    cohort_id: UUID
    module: str
    starts_at: Instant
    ends_at: Instant
    room_id: UUID | None
    called_off: bool
    marked_at: Instant | None = Field(description="When attendance was last marked.")


class CohortRead(CohortRow):
    """A cohort with the days of its course, and what the caller may do next."""

    days: list[DayRead]
    moves: list[MoveOption] = []


class MemberRead(Identified):
    """A mentor in a cohort."""

    cohort_id: UUID
    mentor_id: UUID
    mentor_name: str
    left_at: Instant | None


class AttendanceRead(Identified):
    """Whether a mentor came to a day of the course."""

    cohort_id: UUID
    day_id: UUID
    mentor_id: UUID
    mentor_name: str
    status: AttendanceStatus


class DayMarked(DayRead):
    """A day of the course with who came."""

    attendance: list[AttendanceRead]
